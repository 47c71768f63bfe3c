import { type Coder, IterableCoder, type KV, KVCoder } from "../../portability/coders/index.js";
import { requireInteger } from "../combiners/arguments.js";
import type { PCollection } from "../pipeline/pcollection.js";
import { named, type PTransform } from "../pipeline/pvalue.js";
import { groupByKey, kvCoderOf } from "./group-by-key.js";

/**
 * The values of each key and window in arrays of `size`, the last one maybe shorter.
 *
 * @throws GirderError `invalid-argument` if `size` is not a whole number of at least 1.
 */
export function groupIntoBatches<K, V>(
  size: number,
): PTransform<PCollection<KV<K, V>>, PCollection<KV<K, readonly V[]>>> {
  requireInteger("GroupIntoBatches", size, 1);
  return named("GroupIntoBatches", (input) => {
    const { key: keyCoder, value: valueCoder } = kvCoderOf(input);
    const batches = input.apply(groupByKey()).flatMap("Batches", function* ({ key, value }): Generator<
      KV<K, readonly V[]>
    > {
      let batch: V[] = [];
      for (const each of value) {
        batch.push(each);
        if (batch.length < size) continue;
        yield { key, value: batch };
        batch = [];
      }
      if (batch.length > 0) yield { key, value: batch };
    });
    return batches.withCoder(
      new KVCoder(keyCoder, new IterableCoder(valueCoder) as Coder<unknown> as Coder<readonly V[]>),
    );
  });
}
