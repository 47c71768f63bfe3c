/** What a gRPC status says, as an error of ours, and back. */
import { type Metadata, type ServiceError, status } from "@grpc/grpc-js";
import { type ErrorCode, GirderError, messageOf } from "../errors.js";

/** Codes that mean the same on both sides. Whatever else happens at the other end of a connection is `io`. */
const CODES: readonly (readonly [ErrorCode, status])[] = [
  ["cancelled", status.CANCELLED],
  ["invalid-argument", status.INVALID_ARGUMENT],
  ["invalid-pipeline", status.INVALID_ARGUMENT],
  ["not-found", status.NOT_FOUND],
  ["corrupt-file", status.DATA_LOSS],
  ["unsupported", status.UNIMPLEMENTED],
];

/** What to do about the statuses that have a usual cause. */
const REMEDIES: Readonly<Partial<Record<status, string>>> = {
  [status.UNAVAILABLE]: "See that a server listens there and can be reached.",
  [status.UNIMPLEMENTED]: "See that the server is of the right kind and version.",
};

/**
 * The error for a failed call; `where` is the method, or the address. Its `cause` is gRPC's error, of which
 * {@link statusOf} tells the status.
 */
export function errorOfCall(thrown: unknown, where: string): GirderError {
  if (thrown instanceof GirderError) return thrown;
  const code = statusOf(thrown);
  if (code === undefined)
    return new GirderError("io", `The call failed: ${messageOf(thrown)}.`, { where, cause: thrown });
  const { details } = thrown as ServiceError;
  const remedy = REMEDIES[code];
  return new GirderError(CODES.find(([, own]) => own === code)?.[0] ?? "io", `${status[code]}: ${details}`, {
    where,
    cause: thrown,
    ...(remedy === undefined ? {} : { remedy }),
  });
}

/** The gRPC status of a failed call, from the error thrown for it; undefined if it failed for another reason. */
export function statusOf(thrown: unknown): status | undefined {
  const error = thrown instanceof GirderError ? thrown.cause : thrown;
  if (!(error instanceof Error) || !("code" in error && "details" in error)) return undefined;
  return typeof error.code === "number" ? error.code : undefined;
}

/** What a server answers where its handler threw. */
export function answerTo(thrown: unknown): Error & { code: status; details: string; metadata?: Metadata } {
  const code =
    thrown instanceof GirderError
      ? (CODES.find(([own]) => own === thrown.code)?.[1] ?? status.INTERNAL)
      : status.UNKNOWN;
  const details = fitting(messageOf(thrown));
  return Object.assign(new Error(details), { code, details });
}

/**
 * Bytes that a message may have once it is written into HTTP/2 headers. Clients refuse headers of more than 8 KiB, and
 * then see nothing of the message, nor the status.
 */
const MAX_DETAILS = 6 * 1024;

/** As much of a message as fits into headers: whole lines, if there are several. */
function fitting(message: string): string {
  // Half a surrogate pair cannot be encoded.
  const text = Buffer.from(message).toString();
  if (encodedSize(text) <= MAX_DETAILS) return text;
  const lines = text.split("\n");
  const kept: string[] = [];
  let room = MAX_DETAILS - 64;
  for (const line of lines) {
    room -= encodedSize(line) + 3;
    if (room < 0) break;
    kept.push(line);
  }
  const left = lines.length - kept.length;
  if (kept.length > 0) return [...kept, `… and ${left} more ${left === 1 ? "line" : "lines"}`].join("\n");
  // A character takes 12 bytes at most.
  return `${Buffer.from(text.slice(0, MAX_DETAILS / 12 - 8)).toString()}…`;
}

const encodedSize = (text: string): number => encodeURI(text).length;
