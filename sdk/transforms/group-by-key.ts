import { type Coder, IterableCoder, JS_VALUE_CODER, type KV, KVCoder } from "../../portability/coders/index.js";
import { GirderError } from "../../portability/errors.js";
import { StandardPTransforms } from "../../portability/urns.js";
import type { PCollection } from "../pipeline/pcollection.js";
import { named, type PTransform } from "../pipeline/pvalue.js";
import { windowingOfGroups } from "../pipeline/windowing.js";

/**
 * The coder of a PCollection of KVs. One that nobody has set becomes KV of any values.
 *
 * @throws GirderError `invalid-argument` for a PCollection of something else, `nondeterministic-key` for keys that cannot
 * be compared by their bytes.
 */
export function kvCoderOf<K, V>(input: PCollection<KV<K, V>>): KVCoder<K, V> {
  if (input.coder === undefined)
    input.withCoder(new KVCoder(JS_VALUE_CODER, JS_VALUE_CODER) as KVCoder<unknown, unknown> as KVCoder<K, V>);
  const { coder } = input;
  if (!(coder instanceof KVCoder)) {
    throw new GirderError(
      "invalid-argument",
      `Grouping by key takes KVs; these elements are written with ${coder?.spec.urn}.`,
      {
        where: input.id,
        remedy: "Give each element a key first: withKeys, or map to { key, value }.",
      },
    );
  }
  if (coder.key.nondeterminism !== undefined) {
    throw new GirderError(
      "nondeterministic-key",
      `Elements cannot be grouped by this key: ${coder.key.nondeterminism}.`,
      {
        where: input.id,
        remedy:
          "Equal keys must be written as equal bytes. Map the key to a string, an integer or another value that is.",
      },
    );
  }
  return coder as KVCoder<K, V>;
}

/**
 * All values of each key, window by window, pane by pane. The values may be iterated any number of times.
 *
 * @throws GirderError `invalid-pipeline` for a PCollection without end in the global window with the default trigger: its one
 * window would never be complete, and for elements that are no pairs; `nondeterministic-key` for keys whose bytes may differ though
 * they are equal.
 */
export function groupByKey<K, V>(): PTransform<PCollection<KV<K, V>>, PCollection<KV<K, Iterable<V>>>> {
  return named("GroupByKey", (input) => {
    const { key, value } = kvCoderOf(input);
    checkEnds(input);
    const { out } = input.pipeline.primitive({
      urn: StandardPTransforms.Primitives.GROUP_BY_KEY,
      inputs: { main: input },
      outputs: { out: new KVCoder(key, new IterableCoder(value)) as Coder<unknown> },
      windowing: windowingOfGroups(input.windowing),
      bounded: input.bounded,
      inEnvironment: false,
    });
    return out as PCollection<KV<K, Iterable<V>>>;
  });
}

function checkEnds({ pipeline, bounded, windowing }: PCollection<unknown>): void {
  if (bounded || windowing.windowFn.kind !== "global" || windowing.trigger.kind !== "default") return;
  throw new GirderError(
    "invalid-pipeline",
    "What has no end is grouped in the global window, which is never complete.",
    {
      where: pipeline.where,
      remedy:
        "Apply windowInto(fixedWindows(minutes(1))), say, or give the window a trigger: windowInto(globalWindows(), { trigger: repeatedly(afterProcessingTime({ delay: seconds(10) })) }).",
    },
  );
}
