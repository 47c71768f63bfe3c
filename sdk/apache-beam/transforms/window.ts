/**
 * Putting elements into windows, and giving them timestamps.
 *
 * @module girder/apache-beam/transforms/window
 */
import { GirderError } from "../../../portability/errors.js";
import { timestampParam } from "../../pipeline/context.js";
import type { WindowFn as GirderWindowFn } from "../../windowing/window-fns.js";
import {
  assignTimestamps as girderAssignTimestamps,
  windowInto as girderWindowInto,
  type WindowIntoOptions,
} from "../../windowing/window-into.js";
import { type Integer64, toInstant, toLong } from "../adapt/instants.js";
import { readableName, stepName } from "../adapt/names.js";
import { standIn } from "../adapt/stand-in.js";
import { unsupported } from "../adapt/unsupported.js";
import { PCollection } from "../pvalue.js";
import type { Instant, Window } from "../values.js";
import { type PTransform, withName } from "./transform.js";

/** Where elements are grouped. Made by the functions of `windowings`. */
export interface WindowFn<W extends Window> {
  /** The window function that it stands for. */
  readonly girder: GirderWindowFn;
  readonly beamName?: string;
  assignWindows(timestamp: Integer64): W[];
  isMerging(): boolean;
  assignsToOneWindow(): boolean;
}

/**
 * Puts each element into windows by its timestamp.
 *
 * @param options Triggers, lateness and accumulation, as Girder's `windowInto` takes them. The official API takes a
 * WindowingStrategy proto here, which is refused.
 * @throws GirderError `unsupported` for a window function that is not one of `windowings`, and for a proto.
 */
export function windowInto<T, W extends Window>(
  windowFn: WindowFn<W>,
  options: WindowIntoOptions = {},
): PTransform<PCollection<T>, PCollection<T>> {
  if (typeof windowFn?.girder !== "object") {
    throw unsupported(
      `${readableName(windowFn)} is not one of the standard window functions.`,
      "Use one of girder/apache-beam/transforms/windowings, or windowInto of girder with a CustomWindowFn.",
    );
  }
  if (typeof options !== "object" || "windowFn" in options || "mergeStatus" in options) {
    throw unsupported(
      "windowInto was given a WindowingStrategy proto.",
      "Say what it says as { trigger, allowedLateness, accumulationMode, … }, with the triggers of girder.",
    );
  }
  return withName(
    `WindowInto(${readableName(windowFn)})`,
    (input: PCollection<T>) => new PCollection<T>(girderWindowInto<T>(windowFn.girder, options)(input.girder)),
  );
}

type Params = { readonly now: ReturnType<typeof timestampParam> };

/**
 * Gives each element the timestamp that `timestampFn` returns, in ms since 1970: a `Long`, or a number or bigint.
 *
 * @param timestampFn is handed the element and the timestamp that it has.
 */
export function assignTimestamps<T>(
  timestampFn: (element: T, timestamp: Instant) => Integer64,
): PTransform<PCollection<T>, PCollection<T>> {
  const assign = standIn((element: T, { now }: { readonly now: number }) => {
    const timestamp = timestampFn(element, toLong(now));
    if (timestamp !== undefined && timestamp !== null) return toInstant(timestamp);
    throw new GirderError("invalid-argument", `${String(timestamp)} is not a timestamp.`, {
      remedy: "Return a Long or a number of milliseconds.",
    });
  }, timestampFn);
  return withName(
    stepName("assignTimestamp", timestampFn),
    (input: PCollection<T>) =>
      new PCollection<T>(girderAssignTimestamps<T, Params>(assign, { now: timestampParam() })(input.girder)),
  );
}
