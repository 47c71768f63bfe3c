/** What workers log: the service `BeamFnLogging`. */
import type { Handlers } from "../../../portability/fn-api/call-types.js";
import type {
  BeamFnLogging,
  LogEntry,
} from "../../../portability/gen/org/apache/beam/model/fn_execution/v1/beam_fn_api_pb.js";
import { workerIdOf } from "./worker-id.js";

/**
 * Takes a worker's log entries, in the order in which it sent them. A promise is waited for before the next entry, and the
 * worker's further entries wait in its stream meanwhile.
 *
 * What it throws ends the worker's stream with that status. The SDKs then come again, every half second.
 */
export type LogSink = (workerId: string, entry: LogEntry) => void | Promise<void>;

/** Handlers of the logging service. The stream ends when the worker ends it; Girder has nothing to say on it. */
export function loggingHandlers(sink: LogSink): Handlers<(typeof BeamFnLogging)["method"]> {
  return {
    // biome-ignore lint/correctness/useYield: the protocol has a stream here, and no message for it yet.
    async *logging(lists, call) {
      const workerId = workerIdOf(call);
      for await (const { logEntries } of lists) {
        for (const entry of logEntries) {
          const taken = sink(workerId, entry);
          if (taken !== undefined) await taken;
        }
      }
    },
  };
}
