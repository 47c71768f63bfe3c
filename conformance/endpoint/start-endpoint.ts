/** Starts the job service of a subject. */
import { readdirSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { cacheFolder } from "../driver/cache.js";
import { startFlink } from "../flink/flink.js";
import type { Endpoint, SubjectName } from "./endpoint.js";
import { startGirder } from "./girder.js";
import { startPrism } from "./prism.js";
import { startPythonJobService } from "./python-job-service.js";

const STARTERS: Readonly<Record<SubjectName, (log: string) => Promise<Endpoint>>> = {
  girder: startGirder,
  prism: (log) => startPrism(log),
  python: startPythonJobService,
  flink: startFlink,
};

/** How long (ms) logs are kept. */
const KEEP_LOGS = 7 * 24 * 3_600_000;

/** The file for what a program writes, by what it runs for: one of this process, in the cache folder for a week. */
export function logFile(name: string): string {
  const folder = cacheFolder("logs");
  for (const file of readdirSync(folder)) {
    const path = join(folder, file);
    if (Date.now() - (statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0) > KEEP_LOGS)
      rmSync(path, { force: true });
  }
  return join(folder, `${name}-${process.pid}.log`);
}

/** A fresh job service of the subject. @throws GirderError if it cannot be set up or does not come up. */
export function startEndpoint(subject: SubjectName, log: string): Promise<Endpoint> {
  return STARTERS[subject](log);
}

/** A job service that somebody else started, and will stop. */
export function givenEndpoint(address: string): Endpoint {
  return { address, versions: {}, restarts: [], stop: async () => [] };
}
