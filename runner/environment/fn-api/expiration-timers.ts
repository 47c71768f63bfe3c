/** Timers that the runner sets for DoFns with a callback on window expiration: one for each key and window they see. */
import { type Batch, entry, forEachWindow } from "../../../portability/execution/batch.js";
import { NO_FIRING } from "../../../portability/execution/pane.js";
import type { BundleTask, StageDescriptor } from "../../../portability/execution/stage.js";
import { type Duration, plus } from "../../../portability/execution/time.js";
import type { TimerChange } from "../../../portability/execution/timer.js";
import { EncodedBatch } from "./encoded-batch.js";

/** The timers for the keys and windows of a bundle's elements. Setting one again changes nothing. */
export function expirationTimers(stage: StageDescriptor, task: BundleTask): TimerChange[] {
  return stage.timers.flatMap(({ transform, onWindowExpiration }, family) => {
    if (!onWindowExpiration) return [];
    const input = stage.inputs.findIndex(({ consumers }) => consumers.some((it) => it.transform === transform));
    const lateness = latenessOf(stage, input);
    const changes = new Map<string, TimerChange>();
    for (const work of task.inputs) {
      if (work.input !== input) continue;
      const keyOf = keysOf(work.batch);
      for (let i = 0; i < work.batch.count; i++) {
        const key = keyOf(i);
        forEachWindow(entry(work.batch.windows, i), (window) => {
          const id = `${window.id} ${key}`;
          if (changes.has(id)) return;
          const address = { family, key, tag: "", window };
          const fire = plus(window.maxTimestamp, lateness);
          changes.set(id, { address, timer: { ...address, fire, hold: window.maxTimestamp, pane: NO_FIRING } });
        });
      }
    }
    return [...changes.values()];
  });
}

function latenessOf({ components, inputs }: StageDescriptor, input: number): Duration {
  const { windowingStrategyId } = components.pcollections[inputs[input]!.pcollection]!;
  return Number(components.windowingStrategies[windowingStrategyId]!.allowedLateness);
}

/** The encoded keys of a batch of pairs, as Latin-1. */
function keysOf(batch: Batch): (i: number) => string {
  if (batch instanceof EncodedBatch) {
    const { values, keyEnds } = batch.extents;
    return (i) => batch.chunk.toString("latin1", values[i], keyEnds![i]);
  }
  const { keys } = batch.columns;
  return (i) => keys![i] as string;
}
