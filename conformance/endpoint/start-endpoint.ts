/** Starts the job service of a subject. */
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

/** Where what a job service writes is kept, by what it runs for. */
export function logFile(name: string): string {
  return join(cacheFolder("logs"), `${name}.log`);
}

/** A fresh job service of the subject. @throws GirderError if it cannot be set up or does not come up. */
export function startEndpoint(subject: SubjectName, log: string): Promise<Endpoint> {
  return STARTERS[subject](log);
}

/** A job service that somebody else started, and will stop. */
export function givenEndpoint(address: string): Endpoint {
  return { address, versions: {}, restarts: [], stop: async () => [] };
}
