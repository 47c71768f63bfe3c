/** Window functions as authors write them: windows of their own kind, assigned, merged and looked up in their own way. */
import {
  type Coder,
  CustomWindowCoder,
  GLOBAL_WINDOW_CODER,
  INTERVAL_WINDOW_CODER,
  JS_VALUE_CODER,
} from "../../portability/coders/index.js";
import { GirderError } from "../../portability/errors.js";
import type { Instant } from "../../portability/execution/time.js";
import type { BoundedWindow } from "../../portability/execution/window.js";
import type { StandardWindowFn } from "../../portability/execution/window-fn.js";
import type { FunctionSpec } from "../../portability/gen/org/apache/beam/model/pipeline/v1/beam_runner_api_pb.js";

/** URN of a window function written in TypeScript. */
export const WINDOW_FN_URN = "girder:windowfn:v1";

/** Windows that become one: what was grouped in any of `from` is in `into` from now on. */
export interface MergedWindows<W extends BoundedWindow> {
  readonly from: readonly W[];
  /** A new window, or one of `from`. */
  readonly into: W;
}

/**
 * Where elements are grouped, in a way that none of the standard window functions has.
 *
 * A window is plain data that says when it ends; two windows are one if they are written as the same bytes.
 *
 * ```ts
 * const byTenant: CustomWindowFn<Visit, { tenant: string; maxTimestamp: number }> = {
 *   name: "tenant days",
 *   assign: ({ tenant }, timestamp) => ({ tenant, maxTimestamp: endOfDay(tenant, timestamp) }),
 * };
 * visits.apply(windowInto(byTenant));
 * ```
 *
 * All functions are called again where a bundle is tried again: they depend on nothing but what they are given.
 *
 * @typeParam T The elements that windows are assigned to.
 * @typeParam W The windows. `maxTimestamp` is the last instant of a window, in ms.
 */
export interface CustomWindowFn<T, W extends BoundedWindow = BoundedWindow> {
  /** How its `WindowInto` appears in graphs. */
  readonly name?: string;
  /** How windows are written. Default: as JavaScript values, which takes plain objects and no instances of classes. */
  readonly coder?: Coder<W>;
  /** The windows of an element, one or several. None of them may have ended before the element's timestamp (ms). */
  assign(element: T, timestamp: Instant): W | readonly W[];
  /**
   * Which of a key's windows become one. Is asked before anything of them is emitted, and again when there are others. Windows
   * that stay as they are need not be mentioned. Default: windows do not merge.
   *
   * @param windows All windows of a key that are open, in no order.
   */
  merge?(windows: readonly W[]): Iterable<MergedWindows<W>>;
  /**
   * In which window a side input is looked up, for a window of the main input. Without it, and where windows merge, a PCollection in
   * these windows cannot be a side input.
   */
  sideInputWindow?(window: BoundedWindow): W;
}

/** A {@link CustomWindowFn} in a pipeline: under the name by which whoever executes the pipeline finds it again. */
export class PlacedWindowFn {
  readonly kind = "custom";

  constructor(
    readonly fn: CustomWindowFn<never>,
    readonly spec: FunctionSpec,
  ) {}

  /** How its windows are written: standard windows as all runners know them, others with their last instant in front. */
  get windowCoder(): Coder<BoundedWindow> {
    const coder = (this.fn.coder ?? JS_VALUE_CODER) as Coder<unknown>;
    const isStandard = coder === INTERVAL_WINDOW_CODER || coder === GLOBAL_WINDOW_CODER;
    return (isStandard ? coder : new CustomWindowCoder(coder)) as Coder<BoundedWindow>;
  }

  /** What tells it apart from others: where it was applied first. */
  toJSON(): string {
    return Buffer.from(this.spec.payload).toString();
  }
}

/** What a windowing strategy has for a window function. */
export type StrategyWindowFn = StandardWindowFn | PlacedWindowFn;

/** Whether windows of a key may become one, so that nothing can be kept for each of them. */
export function merges(fn: StrategyWindowFn): boolean {
  return fn.kind === "sessions" || (fn.kind === "custom" && fn.fn.merge !== undefined);
}

/** What is wrong with an author's window function, if it has no such functions. @throws GirderError `invalid-argument` */
export function checkWindowFn(fn: CustomWindowFn<never>): void {
  const wrong = (what: string): never => {
    throw new GirderError("invalid-argument", what, {
      remedy: "Give fixedWindows(minutes(5)) or its like, or an object with an assign function; see CustomWindowFn.",
    });
  };
  if (typeof fn !== "object" || fn === null || typeof fn.assign !== "function") {
    wrong("windowInto was given something that assigns no windows.");
  }
  for (const name of ["merge", "sideInputWindow"] as const) {
    if (fn[name] !== undefined && typeof fn[name] !== "function") wrong(`${name} of a window function is no function.`);
  }
  const { coder } = fn;
  if (coder !== undefined && typeof (coder as Partial<Coder<never>>).encode !== "function") {
    wrong("The coder of a window function cannot encode.");
  }
  if (coder?.nondeterminism !== undefined) {
    throw new GirderError(
      "nondeterministic-key",
      `The windows of a window function cannot be told apart: ${coder.nondeterminism}.`,
      { remedy: "Give it a coder that writes equal windows as equal bytes." },
    );
  }
}

/** The source of its functions, for a digest. */
export function windowFnSource({ assign, merge, sideInputWindow }: CustomWindowFn<never>): string {
  return [assign, merge, sideInputWindow].map(String).join(" ");
}
