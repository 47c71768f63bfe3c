/** The integration tests of the Go SDK: its package of primitives. */
import type { DriverOptions } from "../driver/driver-options.js";
import { runTool } from "../driver/run-tool.js";
import type { Suite, SuiteRun } from "../driver/suite.js";
import type { TestResult } from "../report/report.js";
import { categoryOf } from "./categories.js";
import { beamVersion, goProgram } from "./go-program.js";
import { runGoTest } from "./run-go-test.js";

const PACKAGE = "github.com/apache/beam/sdks/v2/go/test/integration/primitives";

/** Tests that no local runner can pass, with the reason. */
const NOT_OF_A_RUNNER: Readonly<Record<string, string>> = {
  TestOomParDo: "exhausts the memory of its worker, to see a dump of it on Dataflow",
};

export const goSuite: Suite = {
  name: "go",
  parts: [],
  environments: ["LOOPBACK"],
  timeout: 60,
  tunable: false,
  async setUp(options) {
    const program = await goProgram("primitives.test", ["test", "-c"], PACKAGE);
    const listed = await runTool(program, ["-test.list", "."]);
    const names = listed.split("\n").filter((line) => /^Test\w+$/.test(line));
    return {
      versions: { "beam-go": beamVersion(), go: (await runTool("go", ["env", "GOVERSION"])).trim().replace(/^go/, "") },
      run: (endpoint, run) => runTests(program, names, endpoint, options, run),
    };
  },
};

/** A process for each test: one that hangs or panics takes no other with it. */
async function runTests(
  program: string,
  names: readonly string[],
  endpoint: string,
  options: DriverOptions,
  { log, onResult, names: chosen }: SuiteRun,
): Promise<TestResult[]> {
  const waiting = names.filter((name) => (options.only?.test(name) ?? true) && (chosen?.includes(name) ?? true));
  const order = new Map(waiting.map((name, i) => [name, i]));
  const results: TestResult[] = [];
  const work = async (): Promise<void> => {
    for (let name = waiting.shift(); name !== undefined; name = waiting.shift()) {
      const categories = [categoryOf(name)];
      const skipped = NOT_OF_A_RUNNER[name];
      const result =
        skipped === undefined
          ? { ...(await runGoTest(program, name, { endpoint, timeout: options.timeout, log })), categories }
          : { name, outcome: "skipped" as const, seconds: 0, reason: skipped, categories };
      results.push(result);
      onResult(result);
    }
  };
  const shards = chosen === undefined ? (options.shards ?? 1) : 1;
  await Promise.all(Array.from({ length: shards }, work));
  return results.sort((a, b) => order.get(a.name)! - order.get(b.name)!);
}
