/** Brings the elements of a PCollection into the test. */
import { GirderError } from "../../portability/errors.js";
import type { PCollection } from "../pipeline/pcollection.js";
import { named } from "../pipeline/pvalue.js";
import { impulse } from "../transforms/impulse.js";
import { asIterable } from "../transforms/side-inputs.js";
import { defaultTrigger } from "../windowing/triggers.js";
import { globalWindows } from "../windowing/window-fns.js";
import { windowInto } from "../windowing/window-into.js";

/** The elements of a PCollection, once the pipeline has run in this process. */
export class Collected<T> {
  #elements: readonly T[] | undefined;

  /** @throws GirderError `assertion` before the pipeline has run. */
  get elements(): readonly T[] {
    if (this.#elements !== undefined) return this.#elements;
    throw new GirderError("assertion", "The elements of a PCollection were asked for before the pipeline had run.", {
      remedy: "Await testPipeline first. Elements are collected by runners in the same process only.",
    });
  }

  /** Replaces what is there: a bundle that is run again collects the same elements again. */
  put(elements: readonly T[]): void {
    this.#elements = elements;
  }
}

/**
 * Hands over all elements of a PCollection, in no order, when there will be no more. Those of a bundle that is run again are handed over
 * again.
 */
export function gather<T>(pcollection: PCollection<T>, put: (elements: readonly T[]) => void): void {
  const collecting = named("Collect", (input: PCollection<T>) => {
    const global = input.apply(windowInto(globalWindows(), { trigger: defaultTrigger() }));
    return input.pipeline.root.apply(impulse()).map(
      "Keep",
      (_, { elements }) => {
        put([...elements]);
        return null;
      },
      { elements: asIterable(global) },
    );
  });
  pcollection.apply(collecting);
}

/** Collects all elements of a PCollection, in no order. For small ones, on the embedded runner; {@link passert} is for any. */
export function collect<T>(pcollection: PCollection<T>): Collected<T> {
  const collected = new Collected<T>();
  gather(pcollection, (elements) => collected.put(elements));
  return collected;
}
