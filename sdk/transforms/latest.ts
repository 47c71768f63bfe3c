/** What came last, by event time. */
import type { KV } from "../../portability/coders/index.js";
import { latest, type TimestampedValue } from "../combiners/latest.js";
import { timestampParam } from "../pipeline/context.js";
import type { PCollection } from "../pipeline/pcollection.js";
import { named, type PTransform } from "../pipeline/pvalue.js";
import { combineGlobally, combinePerKey } from "./combine.js";
import { partCoders, withCoderIfKnown, withKvCoder } from "./key-values.js";

/** The value with the latest timestamp of each key. Of several at that instant it is any one. */
export function latestPerKey<K, V>(): PTransform<PCollection<KV<K, V>>, PCollection<KV<K, V>>> {
  return named("LatestPerKey", (input) => {
    const reified = input.map(
      "WithTimestamps",
      ({ key, value }, { timestamp }): KV<K, TimestampedValue<V>> => ({ key, value: { value, timestamp } }),
      { timestamp: timestampParam() },
    ) as PCollection<KV<K, TimestampedValue<V>>>;
    const { key, value } = partCoders(input);
    const combined = withKvCoder(reified, { key }).apply(
      combinePerKey(latest<V>(), value === undefined ? {} : { outputCoder: value as never }),
    );
    return combined as PCollection<KV<K, V>>;
  });
}

/** The element with the latest timestamp of each window; nothing for a window without elements. */
export function latestGlobally<T>(): PTransform<PCollection<T>, PCollection<T>> {
  return named("LatestGlobally", (input) => {
    const reified = input.map("WithTimestamps", (value, { timestamp }) => ({ value, timestamp }), {
      timestamp: timestampParam(),
    });
    const combined = reified.apply(combineGlobally(latest<T>(), { defaultForEmpty: false })) as PCollection<T>;
    return withCoderIfKnown(combined, input.coder);
  });
}
