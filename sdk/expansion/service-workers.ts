/**
 * Workers of a service that this program has started: processes of the service's own language, one for each that a runner asks for.
 *
 * _Why not_ the service's process, which the Java SDK can make a worker, too: it can do so once. The executor that its first worker has
 * used is shut down with that, and the next one of the process never connects. And what is lost with the service cannot be
 * started again.
 */
import { setTimeout as wait } from "node:timers/promises";
import { GirderError } from "../../portability/errors.js";
import { describeEnding, leash } from "../../portability/process/leash.js";
import { provisionOf } from "../worker/provision.js";
import { type PoolWorker, type StartPoolWorker, WorkerPool } from "../worker/worker-pool.js";
import { type ServiceCommand, toLog } from "./started-service.js";

/** What starts a worker. */
export interface WorkerProgram {
  readonly program: string;
  readonly args: readonly string[];
  /** The variable in which it finds its own id. */
  readonly idVariable: string;
}

/** How long (ms) a worker that is stopped may take to end by itself. */
const GRACE = 3_000;
/**
 * How long (ms) it is seen whether a worker ends at once: a runner would wait for it much longer. It costs nothing, for no worker of
 * Python or Java has connected before.
 */
const STARTING = 1_500;

/** Opens the pool of a service. @param command is there when the first worker is asked for. */
export function serviceWorkers(command: () => ServiceCommand): Promise<WorkerPool> {
  return WorkerPool.open(starter(command), "127.0.0.1");
}

function starter(command: () => ServiceCommand): StartPoolWorker {
  return async (request): Promise<PoolWorker> => {
    const { worker, what } = command();
    const { workerId, provisionEndpoint, controlEndpoint, loggingEndpoint } = request;
    const info = provisionEndpoint === undefined ? undefined : await provisionOf(provisionEndpoint.url, workerId);
    const descriptor = (url: string | undefined): string => `url: ${JSON.stringify(url ?? "")}`;
    const status = info?.statusEndpoint?.url;
    const env = {
      ...process.env,
      [worker!.idVariable]: workerId,
      PIPELINE_OPTIONS: JSON.stringify(info?.pipelineOptions ?? {}),
      CONTROL_API_SERVICE_DESCRIPTOR: descriptor(controlEndpoint?.url ?? info?.controlEndpoint?.url),
      LOGGING_API_SERVICE_DESCRIPTOR: descriptor(loggingEndpoint?.url ?? info?.loggingEndpoint?.url),
      RUNNER_CAPABILITIES: (info?.runnerCapabilities ?? []).join(" "),
      ...(status ? { STATUS_API_SERVICE_DESCRIPTOR: descriptor(status) } : {}),
    };
    const started = await leash(worker!.program, worker!.args, { grace: GRACE, env, ...toLog(`a worker of ${what}`) });
    const begun = wait(STARTING, undefined, { ref: false });
    const ending = await Promise.race([started.ended, begun]);
    if (ending !== undefined) {
      await started.end();
      throw new GirderError("io", `A worker of ${what} ${describeEnding(ending)}`, {
        where: worker!.program,
        remedy: "See that all is there that its functions need; GIRDER_EXPANSION_LOG=FILE keeps what it writes.",
      });
    }
    return { ended: started.ended.then(() => undefined), stop: () => started.end() };
  };
}
