import { StandardPTransforms } from "../../portability/urns.js";
import type { PCollection } from "../pipeline/pcollection.js";
import { named, type PTransform } from "../pipeline/pvalue.js";

/**
 * The same elements, redistributed: what follows is executed apart from what came before, and divided into bundles anew.
 * Timestamps, windows and panes stay.
 */
export function redistribute<T>(): PTransform<PCollection<T>, PCollection<T>> {
  return redistributing("Redistribute", StandardPTransforms.Composites.REDISTRIBUTE_ARBITRARILY);
}

/** {@link redistribute} by the older name, under which every runner knows it. */
export function reshuffle<T>(): PTransform<PCollection<T>, PCollection<T>> {
  return redistributing("Reshuffle", StandardPTransforms.Composites.RESHUFFLE);
}

function redistributing<T>(name: string, urn: string): PTransform<PCollection<T>, PCollection<T>> {
  return named(name, (input) => {
    const { out } = input.pipeline.primitive({
      urn,
      inputs: { main: input },
      outputs: { out: undefined },
      windowing: input.windowing,
      bounded: input.bounded,
      inEnvironment: false,
    });
    return (out as PCollection<T>).writtenAs(input);
  });
}
