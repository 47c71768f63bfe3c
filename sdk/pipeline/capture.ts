/** Values that are made where a program is submitted, and are the same wherever it is executed. */
import { isDeepStrictEqual } from "node:util";
import { deserialize, serialize } from "node:v8";
import { GirderError, messageOf } from "../../portability/errors.js";
import { ambient, programState } from "../runners/ambient.js";
import { callSite } from "./call-site.js";

/**
 * Makes a value once, where the program is submitted.
 *
 * A worker elsewhere runs the same program again to find its functions. What depends on when or where that happens (the
 * clock, a random number, a file) would then be another value:
 *
 * ```ts
 * const started = capture(() => Date.now());
 * const words = new Set(capture(() => readFileSync("words.txt", "utf8").split("\n")));
 * await run((root) => root.apply(create(lines)).filter((line) => words.has(line)) …
 * ```
 *
 * Captures are told apart by their order: the program must capture the same number of values each time it runs. They travel
 * with the program's options, so that they should be small.
 *
 * @throws GirderError `cannot-encode` for a value that does not come out of structured cloning as it went in: a function, an
 *   instance of an author's class. `invalid-pipeline` in a worker, for a value that the submitted program did not capture.
 */
export function capture<T>(make: () => T): T {
  const state = programState();
  const { workerMode } = ambient();
  if (workerMode === undefined) {
    const value = make();
    state.captured.push(Buffer.from(serialized(value, state.captured.length)).toString("base64"));
    return value;
  }
  const text = workerMode.captures[state.captured.length];
  if (text === undefined) {
    throw new GirderError(
      "invalid-pipeline",
      `The program captures more values in a worker than where it was submitted: ${workerMode.captures.length}.`,
      { remedy: "Call capture under no condition that may be another one there." },
    );
  }
  state.captured.push(text);
  return deserialize(Buffer.from(text, "base64")) as T;
}

function serialized(value: unknown, index: number): Uint8Array {
  let bytes: Uint8Array;
  try {
    bytes = serialize(value);
  } catch (cause) {
    throw cannotTravel(index, messageOf(cause), cause);
  }
  if (!isDeepStrictEqual(deserialize(bytes), value)) {
    throw cannotTravel(index, "it would be another value there, as instances of classes are plain objects.");
  }
  return bytes;
}

function cannotTravel(index: number, why: string, cause?: unknown): GirderError {
  const error = new GirderError("cannot-encode", `Captured value ${index + 1} cannot be taken to a worker: ${why}`, {
    remedy: "Capture what it is made of (numbers, strings, arrays, Maps, plain objects), and make it of that.",
    ...(cause === undefined ? {} : { cause }),
  });
  const site = callSite(error);
  return site === undefined ? error : error.appliedAt(site);
}
