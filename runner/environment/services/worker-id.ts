/** Who calls. */
import { GirderError } from "../../../portability/errors.js";
import type { IncomingCall } from "../../../portability/fn-api/call-types.js";

/**
 * The worker that makes a call of the Fn API, by its `worker_id` metadata.
 *
 * @throws GirderError `invalid-argument` if it does not say.
 */
export function workerIdOf({ metadata }: Pick<IncomingCall, "metadata">): string {
  const id = metadata.get("worker_id")[0];
  if (typeof id === "string" && id !== "") return id;
  throw new GirderError("invalid-argument", "A call of the Fn API does not say which worker it is from.", {
    where: "worker_id",
    remedy: "Workers send the id that they were started with as worker_id metadata.",
  });
}

/** The answer to a worker that was not launched here, or is to be gone by now. */
export function unknownWorker(id: string): GirderError {
  return new GirderError("not-found", "There is no worker of this id.", {
    where: id,
    remedy: "A worker serves the job that it was launched for; it cannot be started by hand or outlive the job.",
  });
}
