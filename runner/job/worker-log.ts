/** What SDK workers log, as messages of their job. */
import {
  type LogEntry,
  LogEntry_Severity_Enum as Severity,
} from "../../portability/gen/org/apache/beam/model/fn_execution/v1/beam_fn_api_pb.js";
import type { ExecutionMessage, Importance } from "./execution.js";

/**
 * The message for an entry of a worker's log.
 *
 * It is undefined for an entry that quotes such a message: a worker inside the client's process (LOOPBACK) may log what the
 * client prints, which are the messages of its job. Told again, it would be printed again, and so on for ever.
 */
export function messageOfLog(jobId: string, worker: string, entry: LogEntry): ExecutionMessage | undefined {
  if (entry.message.includes(`${jobId}/`)) return undefined;
  return { importance: importanceOf(entry), text: textOf(worker, entry), time: timeOf(entry) };
}

/** Clients take an error for the job's failure: what a worker logs is a warning at most. */
function importanceOf({ severity }: LogEntry): Importance {
  if (severity >= Severity.WARN) return "warning";
  if (severity >= Severity.INFO) return "basic";
  return severity >= Severity.DEBUG ? "detailed" : "debug";
}

function textOf(worker: string, { message, trace, transformId, logLocation }: LogEntry): string {
  const where = [worker, transformId, logLocation].filter((part) => part !== "").join(" ");
  return `${where}: ${message}${trace === "" ? "" : `\n${trace}`}`;
}

function timeOf({ timestamp }: LogEntry): Date {
  return timestamp === undefined ? new Date() : new Date(Number(timestamp.seconds) * 1000 + timestamp.nanos / 1e6);
}
