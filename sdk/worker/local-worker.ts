/** Workers in this process, for the functions of a pipeline that was built in it. */
import type { StartWorkerRequest } from "../../portability/gen/org/apache/beam/model/fn_execution/v1/beam_fn_api_pb.js";
import type { FunctionTable } from "../pipeline/functions.js";
import { FnApiWorker } from "./fn-api-worker.js";
import { provisionOf } from "./provision.js";

/**
 * Starts a worker that a runner has asked a pool for.
 *
 * @param onFailure Is told of each error that makes a bundle fail.
 * @throws GirderError where the runner does not tell the worker what it has to know.
 */
export async function startLocalWorker(
  { workerId: id, controlEndpoint, loggingEndpoint, provisionEndpoint }: StartWorkerRequest,
  functions: FunctionTable,
  onFailure: (error: unknown) => void,
): Promise<FnApiWorker> {
  const provisioned = provisionEndpoint?.url ? await provisionOf(provisionEndpoint.url, id) : undefined;
  return FnApiWorker.start({
    id,
    control: provisioned?.controlEndpoint?.url || (controlEndpoint?.url ?? ""),
    logging: provisioned?.loggingEndpoint?.url || loggingEndpoint?.url,
    status: provisioned?.statusEndpoint?.url,
    runnerCapabilities: provisioned?.runnerCapabilities ?? [],
    functions,
    onFailure,
  });
}
