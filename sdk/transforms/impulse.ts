import { BYTES_CODER, type Coder } from "../../portability/coders/index.js";
import { StandardPTransforms } from "../../portability/urns.js";
import type { PCollection } from "../pipeline/pcollection.js";
import { named, type PTransform } from "../pipeline/pvalue.js";
import type { Root } from "../pipeline/root.js";
import { GLOBAL_WINDOWING } from "../pipeline/windowing.js";

/** One element, an empty byte array in the global window at the beginning of time: where every pipeline starts. */
export function impulse(): PTransform<Root, PCollection<Uint8Array>> {
  return named("Impulse", ({ pipeline }) => {
    const { out } = pipeline.primitive({
      urn: StandardPTransforms.Primitives.IMPULSE,
      inputs: {},
      outputs: { out: BYTES_CODER as Coder<unknown> },
      windowing: GLOBAL_WINDOWING,
      bounded: true,
      inEnvironment: false,
    });
    return out as PCollection<Uint8Array>;
  });
}
