import type { PaneInfo, ValueKind } from "../../portability/execution/pane.js";
import { HANDLES_RETRACTIONS } from "../../portability/execution/retractions.js";
import type { PCollection } from "../pipeline/pcollection.js";
import { named, type PTransform } from "../pipeline/pvalue.js";

/** What happens to a PCollection that retracts. */
export interface Change<T> {
  /** Whether the value is there from now on, takes the place of one, is taken back for another, or for good. */
  readonly kind: "INSERT" | ValueKind;
  readonly value: T;
}

/**
 * What a PCollection that retracts adds and takes back, as elements like others: for what cannot take anything back itself, a sink,
 * a stateful function or a side input.
 *
 * ```ts
 * clicks.apply(windowInto(sessions(minutes(1)), { trigger, accumulationMode: "RETRACTING" }))
 *   .apply(combinePerKey(sum))     // 7, then -7 and 25
 *   .apply(changelog())            // { kind: "INSERT", value: 7 }, { kind: "UPDATE_BEFORE", value: 7 }, { kind: "UPDATE_AFTER", value: 25 }
 * ```
 *
 * Of a PCollection that does not retract all are `INSERT`s.
 */
export function changelog<T>(): PTransform<PCollection<T>, PCollection<Change<T>>> {
  return named("Changelog", (input) => {
    const { pipeline } = input;
    pipeline.current.annotations[HANDLES_RETRACTIONS] = new Uint8Array();
    const change = (value: T, { valueKind }: PaneInfo): Change<T> => {
      return { kind: valueKind ?? "INSERT", value };
    };
    const windowing = { ...input.windowing, accumulationMode: "DISCARDING" } as const;
    return pipeline.parDo<Change<T>>(input, { kind: "changelog", fn: change, context: {} }, undefined, windowing);
  });
}
