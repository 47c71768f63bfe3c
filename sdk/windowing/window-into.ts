import { create, toBinary } from "@bufbuild/protobuf";
import type { Coder } from "../../portability/coders/index.js";
import type { Duration, Instant } from "../../portability/execution/time.js";
import { windowFnToProto } from "../../portability/execution/window-fn.js";
import { WindowIntoPayloadSchema } from "../../portability/gen/org/apache/beam/model/pipeline/v1/beam_runner_api_pb.js";
import { StandardPTransforms } from "../../portability/urns.js";
import type { Context, Resolved } from "../pipeline/context.js";
import type { ElementFunction } from "../pipeline/do-fn.js";
import type { PCollection } from "../pipeline/pcollection.js";
import { named, type PTransform } from "../pipeline/pvalue.js";
import type { WindowFn } from "./window-fns.js";

/** What may be said about windows beside where they are. */
export interface WindowIntoOptions {
  /** How long after its end (ms) a window still takes elements. Default 0: elements that come later are dropped. */
  readonly allowedLateness?: Duration;
  /** Whether a window's later panes repeat the elements of earlier ones. Default: they do not. */
  readonly accumulationMode?: "DISCARDING" | "ACCUMULATING";
  /** Timestamp of what a grouping emits. Default: the end of the window. */
  readonly outputTime?: "END_OF_WINDOW" | "EARLIEST_IN_PANE" | "LATEST_IN_PANE";
}

/** Puts each element into windows by its timestamp. Takes effect where elements are grouped. */
export function windowInto<T>(
  windowFn: WindowFn,
  options: WindowIntoOptions = {},
): PTransform<PCollection<T>, PCollection<T>> {
  return named(`WindowInto(${windowFn.kind})`, (input) => {
    const payload = create(WindowIntoPayloadSchema, { windowFn: windowFnToProto(windowFn) });
    const { out } = input.pipeline.primitive({
      urn: StandardPTransforms.Primitives.ASSIGN_WINDOWS,
      payload: toBinary(WindowIntoPayloadSchema, payload),
      inputs: { main: input },
      outputs: { out: input.coder as Coder<unknown> | undefined },
      windowing: {
        windowFn,
        allowedLateness: options.allowedLateness ?? input.windowing.allowedLateness,
        accumulationMode: options.accumulationMode ?? input.windowing.accumulationMode,
        outputTime: options.outputTime ?? input.windowing.outputTime,
      },
      bounded: input.bounded,
      inEnvironment: true,
    });
    return out as PCollection<T>;
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
