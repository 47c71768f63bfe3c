import type { Coder } from "../../portability/coders/index.js";
import { GirderError } from "../../portability/errors.js";
import { StandardPTransforms } from "../../portability/urns.js";
import type { PCollection } from "../pipeline/pcollection.js";
import { named, type PTransform } from "../pipeline/pvalue.js";
import { windowingKey } from "../pipeline/windowing.js";

type Element<P> = P extends PCollection<infer T> ? T : never;

/**
 * All elements of several PCollections as one.
 *
 * @throws GirderError `invalid-argument` for an empty list, `incompatible-windows` where they are windowed differently.
 */
export function flatten<P extends PCollection<unknown>>(): PTransform<readonly P[], PCollection<Element<P>>> {
  return named("Flatten", (inputs) => {
    const [first] = inputs;
    if (first === undefined) {
      throw new GirderError("invalid-argument", "Flatten was given no PCollections.", {
        remedy: "Use create([]) for an empty PCollection.",
      });
    }
    const { pipeline, windowing } = first;
    for (const input of inputs) {
      if (windowingKey(input.windowing) === windowingKey(windowing)) continue;
      throw new GirderError(
        "incompatible-windows",
        `"${first.id}" is in ${windowing.windowFn.kind} windows, "${input.id}" in ${input.windowing.windowFn.kind} ones or in others of them.`,
        { where: pipeline.where, remedy: "Apply the same windowInto to all inputs of a Flatten." },
      );
    }
    const coders = new Set(inputs.map(({ coder }) => coder));
    const { out } = pipeline.primitive({
      urn: StandardPTransforms.Primitives.FLATTEN,
      inputs: Object.fromEntries(inputs.map((input, i) => [String(i), input])),
      outputs: { out: coders.size === 1 ? (first.coder as Coder<unknown> | undefined) : undefined },
      windowing,
      bounded: inputs.every(({ bounded }) => bounded),
      // Where inputs are written otherwise than the output, a runner may have the environment rewrite them.
      inEnvironment: true,
    });
    return out as PCollection<Element<P>>;
  });
}
