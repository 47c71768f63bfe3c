import { PORTABLE_CAPABILITIES } from "../graph/capabilities.js";
import { plan } from "../graph/plan.js";
import { jobExecutor } from "./execute-job.js";
import { JobServer } from "./job-server.js";
import { WorkerServices } from "./worker-services.js";

export interface ExecutingServer {
  /** Where its job service listens. */
  readonly address: string;
  close(): Promise<void>;
}

/** For specs: a job server that runs what it is given, as `girder serve` does. */
export async function startExecutingServer(): Promise<ExecutingServer> {
  const workers = await WorkerServices.start("127.0.0.1");
  const server = await JobServer.start({
    host: "127.0.0.1",
    port: 0,
    check: (pipeline) => void plan(pipeline, PORTABLE_CAPABILITIES),
    execute: jobExecutor(workers, { memoryBudget: 1e9, bundleAttempts: 4 }),
  });
  return {
    address: server.address,
    async close() {
      await server.close();
      await workers.close();
    },
  };
}
