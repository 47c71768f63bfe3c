import { create, toBinary } from "@bufbuild/protobuf";
import type { Coder } from "../../portability/coders/index.js";
import { GirderError } from "../../portability/errors.js";
import type { Duration, Instant } from "../../portability/execution/time.js";
import type { BoundedWindow } from "../../portability/execution/window.js";
import { WindowIntoPayloadSchema } from "../../portability/gen/org/apache/beam/model/pipeline/v1/beam_runner_api_pb.js";
import { StandardPTransforms } from "../../portability/urns.js";
import type { Context, Resolved } from "../pipeline/context.js";
import type { ElementFunction } from "../pipeline/do-fn.js";
import type { PCollection } from "../pipeline/pcollection.js";
import { named, type PTransform } from "../pipeline/pvalue.js";
import { type AccumulationMode, specOfWindowFn, type WindowingStrategy } from "../pipeline/windowing.js";
import { type CustomWindowFn, checkWindowFn, type StrategyWindowFn } from "./custom-window-fn.js";
import { everFires, mayLoseData } from "./trigger-rules.js";
import type { Trigger } from "./triggers.js";
import type { WindowFn } from "./window-fns.js";

/**
 * What may be said about windows beside where they are. What is not said stays as it was for the input; at first it is as each
 * default says.
 */
export interface WindowIntoOptions {
  /** When panes are emitted. Default: when the watermark passes the window's end, then for each late element. */
  readonly trigger?: Trigger;
  /** How long after its end (ms) a window still takes elements. Default 0: elements that come later are dropped. */
  readonly allowedLateness?: Duration;
  /** How a window's later panes relate to earlier ones. Default: `DISCARDING`, each holds what is new. */
  readonly accumulationMode?: AccumulationMode;
  /** Timestamp of what a grouping emits. Default: the end of the window. */
  readonly outputTime?: "END_OF_WINDOW" | "EARLIEST_IN_PANE" | "LATEST_IN_PANE";
  /** Whether a window that has had elements emits a pane on time even if nothing came since the one before. Default: it does. */
  readonly onTimeBehavior?: "FIRE_ALWAYS" | "FIRE_IF_NONEMPTY";
  /** Whether a window that expires emits a last pane even if nothing came since the one before. Default: it does not. */
  readonly closingBehavior?: "EMIT_ALWAYS" | "EMIT_IF_NONEMPTY";
  /**
   * Whether a trigger is taken that can finish while its window still takes elements, which are then lost, or that never
   * fires. Default: it is refused.
   */
  readonly allowUnsafeTriggers?: boolean;
}

/**
 * Puts each element into windows by its timestamp. Takes effect where elements are grouped.
 *
 * @param windowFn A standard one, or an author's own.
 * @throws GirderError `invalid-argument` for a lateness that is none, a window function that assigns no windows, and when it is
 * applied for a trigger that can lose data or never fires.
 */
export function windowInto<T>(
  windowFn: WindowFn,
  options?: WindowIntoOptions,
): PTransform<PCollection<T>, PCollection<T>>;
export function windowInto<T, W extends BoundedWindow>(
  windowFn: CustomWindowFn<NoInfer<T>, W>,
  options?: WindowIntoOptions,
): PTransform<PCollection<T>, PCollection<T>>;
export function windowInto<T>(
  given: WindowFn | CustomWindowFn<never>,
  options: WindowIntoOptions = {},
): PTransform<PCollection<T>, PCollection<T>> {
  checkLateness(options);
  const isStandard = isStandardWindowFn(given);
  if (!isStandard) checkWindowFn(given);
  const name = isStandard ? given.kind : (given.name ?? "custom");
  return named(`WindowInto(${name})`, (input) => {
    const windowFn = isStandard ? given : input.pipeline.placedWindowFn(given);
    const payload = create(WindowIntoPayloadSchema, { windowFn: specOfWindowFn(windowFn) });
    const { out } = input.pipeline.primitive({
      urn: StandardPTransforms.Primitives.ASSIGN_WINDOWS,
      payload: toBinary(WindowIntoPayloadSchema, payload),
      inputs: { main: input },
      outputs: { out: input.coder as Coder<unknown> | undefined },
      windowing: { ...configured(input, windowFn, options), alreadyMerged: false },
      bounded: input.bounded,
      inEnvironment: true,
    });
    return out as PCollection<T>;
  });
}

/**
 * Leaves each element in the windows where it is, and says something else about them: when panes are emitted, say, before
 * what was grouped is grouped again.
 *
 * @throws GirderError as {@link windowInto}.
 */
export function configureWindows<T>(options: WindowIntoOptions): PTransform<PCollection<T>, PCollection<T>> {
  checkLateness(options);
  return named("ConfigureWindows", (input) =>
    inSameWindows(input, configured(input, input.windowing.windowFn, options)),
  );
}

/**
 * Has windows that merge, such as sessions, do so once more in the next grouping.
 *
 * What a grouping emits is in windows that have merged, of one key each: without this, another grouping leaves them as they are, so
 * that sessions of different users stay apart when they are counted together. With it, those that overlap become one.
 */
export function remergeWindows<T>(): PTransform<PCollection<T>, PCollection<T>> {
  return named("RemergeWindows", (input) => inSameWindows(input, { ...input.windowing, alreadyMerged: false }));
}

function inSameWindows<T>(input: PCollection<T>, windowing: WindowingStrategy): PCollection<T> {
  const { out } = input.pipeline.primitive({
    urn: StandardPTransforms.Primitives.FLATTEN,
    inputs: { main: input },
    outputs: { out: input.coder as Coder<unknown> | undefined },
    windowing,
    bounded: input.bounded,
    inEnvironment: false,
  });
  return out as PCollection<T>;
}

function isStandardWindowFn(fn: WindowFn | CustomWindowFn<never>): fn is WindowFn {
  return typeof fn === "object" && fn !== null && !("assign" in fn) && "kind" in fn;
}

function configured(
  { pipeline, windowing }: PCollection<unknown>,
  windowFn: StrategyWindowFn,
  options: WindowIntoOptions,
): WindowingStrategy {
  const said = Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
  const made: WindowingStrategy = { ...windowing, ...said, windowFn };
  const { trigger, allowedLateness, allowUnsafeTriggers } = made;
  if (allowUnsafeTriggers) return made;
  if (!everFires(trigger)) {
    throw new GirderError("invalid-argument", "The trigger never fires.", {
      where: pipeline.where,
      remedy:
        "Leave it out for one pane when the window ends. To have nothing before the window expires, say allowUnsafeTriggers: true.",
    });
  }
  if (mayLoseData(trigger, allowedLateness)) {
    const remedy =
      trigger.kind === "watermark"
        ? "Say what happens then: afterWatermark({ late: afterCount(1) }), or take no late elements."
        : "Let it begin anew: repeatedly(…), or say how it goes on: afterEach(…, repeatedly(…)).";
    throw new GirderError(
      "invalid-argument",
      "The trigger may finish; what its window gets afterwards would be lost.",
      {
        where: pipeline.where,
        remedy: `${remedy} If losing data is meant, say allowUnsafeTriggers: true.`,
      },
    );
  }
  return made;
}

function checkLateness({ allowedLateness = 0 }: WindowIntoOptions): void {
  if (Number.isSafeInteger(allowedLateness) && allowedLateness >= 0) return;
  throw new GirderError("invalid-argument", `The allowed lateness is ${allowedLateness}.`, {
    remedy: "Give a whole number of milliseconds, such as hours(1).",
  });
}

/**
 * Gives each element the timestamp (ms) that `fn` returns for it.
 *
 * Windows are not assigned anew: apply {@link windowInto} afterwards.
 */
export function assignTimestamps<T>(fn: (element: T) => Instant): PTransform<PCollection<T>, PCollection<T>>;
export function assignTimestamps<T, C extends Context>(
  fn: (element: T, context: Resolved<C>) => Instant,
  context: C,
): PTransform<PCollection<T>, PCollection<T>>;
export function assignTimestamps<T>(
  fn: (element: T, context: never) => Instant,
  context: Context = {},
): PTransform<PCollection<T>, PCollection<T>> {
  return named("AssignTimestamps", (input) => {
    const step: ElementFunction = {
      kind: "assignTimestamps",
      fn: fn as (element: never, context: never) => Instant,
      context,
    };
    return input.pipeline.parDo<T>(input, step, input.coder);
  });
}
