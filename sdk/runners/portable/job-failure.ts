/** What a job service says of a job that failed, as an error of ours. */
import { status } from "@grpc/grpc-js";
import { type ErrorCode, GirderError, messageOf } from "../../../portability/errors.js";
import { statusOf } from "../../../portability/fn-api/status.js";

const CODES = [
  "invalid-argument",
  "invalid-pipeline",
  "duplicate-name",
  "unsupported",
  "invalid-option",
  "cannot-encode",
  "malformed-data",
  "nondeterministic-key",
  "incompatible-windows",
  "not-found",
  "corrupt-file",
  "io",
  "user-exception",
  "assertion",
  "worker-lost",
  "cancelled",
  "internal",
] as const satisfies readonly ErrorCode[];

/** How errors of Girder begin, wherever in a runner's text they are quoted; one that quotes another means that. */
const QUOTED = new RegExp(`(?:\\[(?:${CODES.join("|")})\\] )*\\[(${CODES.join("|")})\\] `);

/**
 * The error for a job that failed.
 *
 * @param text What the runner says: its own words, and those of the worker in them.
 * @param seen Errors that workers in this process have met: one that the runner quotes is what it means.
 */
export function jobFailure(text: string, seen: readonly unknown[]): unknown {
  const own = seen.find((error) => error instanceof GirderError && text.includes(error.message));
  if (own !== undefined) return own;
  const quoted = QUOTED.exec(text);
  if (quoted === null) {
    const words = text === "" ? "The job failed, and the runner does not say why." : `The job failed: ${text}`;
    return new GirderError("worker-lost", words, { remedy: "See the runner's log." });
  }
  const [message = "", stack] = text.slice(quoted.index + quoted[0].length).split(/\nCaused by: (.*)/s);
  // Names of transforms may have parentheses in them.
  const [, what = message, where, rest = ""] = /^(.*?) \(at (.+?)\)(?=\s|$)(.*)$/s.exec(message) ?? [];
  return new GirderError(quoted[1] as ErrorCode, what, {
    ...(where === undefined ? {} : { where }),
    ...(rest.trim() === "" ? {} : { remedy: rest.trim() }),
    ...(stack === undefined ? {} : { cause: errorOf(stack) }),
  });
}

/** What was thrown in another process: its text is all that is left of it. */
function errorOf(stack: string): Error {
  const [first = ""] = stack.split("\n");
  return Object.assign(new Error(first), { stack });
}

/** Statuses by which job services say that they do not take a pipeline, those that do not say why among them. */
const REFUSALS: ReadonlySet<status | undefined> = new Set([
  status.UNKNOWN,
  status.FAILED_PRECONDITION,
  status.INTERNAL,
]);

/** The error for a job service that did not take a pipeline. */
export function refusal(thrown: unknown, address: string): GirderError {
  const known = thrown instanceof GirderError ? thrown : new GirderError("io", messageOf(thrown), { cause: thrown });
  const answer = statusOf(known);
  if (answer === status.UNIMPLEMENTED) {
    return new GirderError(
      "unsupported",
      `What listens there is no job service of Beam, or of another version: ${known.what}`,
      {
        where: address,
        cause: thrown,
        remedy:
          "Name a job service: that of girder serve, Prism, or a Flink job server. Expansion services and worker pools have others.",
      },
    );
  }
  if (answer === status.DEADLINE_EXCEEDED) {
    return new GirderError("io", "The job service does not answer.", {
      where: address,
      cause: thrown,
      remedy: "See its log, and whether it is busy; then submit again.",
    });
  }
  const quoted = QUOTED.exec(known.what);
  const code = REFUSALS.has(answer) ? "unsupported" : known.code;
  return new GirderError(
    (quoted?.[1] as ErrorCode | undefined) ?? code,
    quoted === null ? known.what : known.what.slice(quoted.index + quoted[0].length),
    { where: address, cause: thrown, ...(known.remedy === undefined ? {} : { remedy: known.remedy }) },
  );
}
