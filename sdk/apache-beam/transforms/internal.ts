/**
 * Primitives.
 *
 * @module girder/apache-beam/transforms/internal
 */
import type { Coder } from "../../../portability/coders/coder.js";
import { combinePerKey as girderCombinePerKey } from "../../transforms/combine.js";
import { groupByKey as girderGroupByKey } from "../../transforms/group-by-key.js";
import { impulse as girderImpulse } from "../../transforms/impulse.js";
import { type CombineFn, toGirderCombineFn } from "../adapt/combine-fns.js";
import { RowCoder } from "../coders/row-coder.js";
import { PCollection, type Root } from "../pvalue.js";
import type { KV } from "../values.js";
import { type PTransform, withName } from "./transform.js";

/** One empty byte array in the global window at the beginning of time. */
export function impulse(): PTransform<Root, PCollection<Uint8Array>> {
  return withName("impulse", (root: Root) => new PCollection(girderImpulse()(root.girder)));
}

/** The same elements, written with this coder wherever they are written. */
export function withCoderInternal<T>(coder: Coder<T>): PTransform<PCollection<T>, PCollection<T>> {
  return withName(`withCoderInternal(${coder.constructor.name})`, ({ girder }: PCollection<T>) => {
    const step = { kind: "map", fn: (element: T) => element, context: {} } as const;
    return new PCollection(girder.pipeline.parDo<T>(girder, step, coder));
  });
}

/**
 * The same elements, written as rows with the fields of this one: `withRowCoder({ name: "", total: 0 })`. Strings, booleans,
 * whole numbers (as int64), other numbers (as double), Uint8Arrays, arrays, and objects as rows.
 *
 * @throws GirderError `invalid-argument` for a field whose type cannot be told.
 */
export function withRowCoder<T extends object>(exemplar: T): PTransform<PCollection<T>, PCollection<T>> {
  return withName("withRowCoder", withCoderInternal(RowCoder.fromJSON(exemplar) as Coder<object> as Coder<T>));
}

/** All values of each key. */
export function groupByKey<K, V>(): PTransform<PCollection<KV<K, V>>, PCollection<KV<K, Iterable<V>>>> {
  return withName("groupByKey", (input: PCollection<KV<K, V>>) => {
    const groups = input.girder.apply(girderGroupByKey<K, V>());
    return new PCollection(groups.map("ToArrays", ({ key, value }) => ({ key, value: Array.from(value) })));
  });
}

/** One output for each key: its values, combined. */
export function combinePerKey<K, InputT, AccT, OutputT>(
  combineFn: CombineFn<InputT, AccT, OutputT>,
): PTransform<PCollection<KV<K, InputT>>, PCollection<KV<K, OutputT>>> {
  return withName(
    "combinePerKey",
    (input: PCollection<KV<K, InputT>>) =>
      new PCollection(
        girderCombinePerKey<K, InputT, AccT, OutputT>(toGirderCombineFn(combineFn as never))(input.girder),
      ),
  );
}
