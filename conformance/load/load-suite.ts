/** Much at once: many jobs of many clients, elements that fill messages, state of many keys. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { type ProgramTest, runProgramTests } from "../driver/program-tests.js";
import { runTool } from "../driver/run-tool.js";
import type { Suite } from "../driver/suite.js";
import { pythonOfSuite } from "../python/interpreter.js";
import { ROOT } from "../root.js";

const PROGRAM = join(ROOT, "conformance", "load", "jobs.py");

const CLIENTS = 8;
const JOBS = 100;
/** Seconds that all of them may take together. */
const JOBS_LIMIT = 180;

export const loadSuite: Suite = {
  name: "load",
  parts: [],
  environments: ["LOOPBACK"],
  timeout: 600,
  tunable: false,
  async setUp(options) {
    const python = await pythonOfSuite();
    const jobs = async (endpoint: string, timeout: number, ...args: string[]): Promise<void> => {
      await runTool(python.path, ["-W", "ignore", PROGRAM, endpoint, ...args], { timeout });
    };
    const tests: ProgramTest[] = [
      {
        name: `${JOBS} jobs from ${CLIENTS} clients within ${JOBS_LIMIT} seconds`,
        async run(endpoint, timeout) {
          const begun = performance.now();
          const share = (client: number): number => Math.floor(JOBS / CLIENTS) + (client < JOBS % CLIENTS ? 1 : 0);
          const clients = Array.from({ length: CLIENTS }, (_, client) =>
            jobs(endpoint, timeout, "many", String(share(client))),
          );
          // None is left behind where another fails.
          await Promise.allSettled(clients);
          await Promise.all(clients);
          const seconds = (performance.now() - begun) / 1000;
          assert.ok(seconds <= JOBS_LIMIT, `All were right, but took ${seconds.toFixed(0)} s.`);
        },
      },
      { name: "an element of 50 MB", run: (endpoint, timeout) => jobs(endpoint, timeout, "large-element") },
      {
        name: "20,000 keys with 1 kB of state each",
        run: (endpoint, timeout) => jobs(endpoint, timeout, "state"),
      },
    ];
    return { versions: python.versions, run: (endpoint, run) => runProgramTests(tests, endpoint, options, run) };
  },
};
