import type { PaneInfo } from "../../portability/execution/pane.js";
import { paneInfoParam, timestampParam, windowParam } from "../pipeline/context.js";
import type { Timestamped } from "../pipeline/do-fn.js";
import type { PCollection } from "../pipeline/pcollection.js";
import { named, type PTransform } from "../pipeline/pvalue.js";

/** An element together with all that the model keeps beside it. */
export interface Reified<T> extends Timestamped<T> {
  readonly pane: PaneInfo;
}

/** Each element together with its timestamp, window and pane; once for each of its windows. */
export function reify<T>(): PTransform<PCollection<T>, PCollection<Reified<T>>> {
  return named("Reify", (input) => {
    const context = { timestamp: timestampParam(), window: windowParam(), pane: paneInfoParam() };
    const beside = (value: T, { timestamp, window, pane }: Omit<Reified<T>, "value">): Reified<T> => ({
      value,
      timestamp,
      window,
      pane,
    });
    return input.pipeline.parDo<Reified<T>>(input, { kind: "map", fn: beside, context }, undefined);
  });
}
