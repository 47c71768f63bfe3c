import { GirderError } from "../../portability/errors.js";
import type { PCollection } from "../pipeline/pcollection.js";
import { named, type PTransform } from "../pipeline/pvalue.js";
import { defaultTrigger } from "../windowing/triggers.js";
import { configureWindows } from "../windowing/window-into.js";
import { withCoderIfKnown } from "./key-values.js";
import { asIterable } from "./side-inputs.js";

/**
 * The same elements, held back until all signals are complete in the window that belongs to the element's.
 *
 * For order between effects outside of the pipeline: write, then announce. What the signals hold does not matter.
 *
 * @throws GirderError `invalid-argument` for no signals, `incompatible-windows` for a signal in session windows.
 */
export function waitOn<T>(...signals: readonly PCollection<unknown>[]): PTransform<PCollection<T>, PCollection<T>> {
  if (signals.length === 0) {
    throw new GirderError("invalid-argument", "waitOn was given nothing to wait on.", {
      remedy: "Give it the PCollections that must be complete first.",
    });
  }
  return named("WaitOn", (input) => {
    const context: Record<string, ReturnType<typeof asIterable>> = {};
    for (const [i, signal] of signals.entries()) {
      context[`signal ${i}`] = asIterable(complete(signal.filter(() => false)));
    }
    const waited = input.map("Wait", (element) => element, context) as PCollection<T>;
    return withCoderIfKnown(waited, input.coder);
  });
}

/** A signal that is looked up when its window is complete, not when it has had a pane. */
function complete(signal: PCollection<unknown>): PCollection<unknown> {
  return signal.windowing.trigger.kind === "default"
    ? signal
    : signal.apply(configureWindows({ trigger: defaultTrigger() }));
}
