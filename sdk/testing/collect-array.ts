import type { KV } from "../../portability/coders/index.js";
import type { PCollection } from "../pipeline/pcollection.js";
import { named } from "../pipeline/pvalue.js";
import { groupByKey } from "../transforms/group-by-key.js";
import { withKvCoder } from "../transforms/key-values.js";
import { afterWatermark } from "../windowing/triggers.js";
import { globalWindows } from "../windowing/window-fns.js";
import { windowInto } from "../windowing/window-into.js";

/**
 * The elements of a PCollection, in an array that is filled when its pipeline has run in this process.
 *
 * They are gathered by a grouping, so that bundles which are tried again leave nothing behind.
 */
export function collect<T>(pcollection: PCollection<T>): T[] {
  const elements: T[] = [];
  pcollection.apply(
    named("Collect", (input) => {
      const keyed = input
        .apply(windowInto(globalWindows(), { trigger: afterWatermark(), allowedLateness: 0 }))
        .map("WithVoidKey", (value): KV<null, T> => ({ key: null, value })) as PCollection<KV<null, T>>;
      return withKvCoder(keyed, { value: input.coder })
        .apply(groupByKey())
        .map("Keep", ({ value }) => {
          elements.splice(0, elements.length, ...value);
        });
    }),
  );
  return elements;
}
