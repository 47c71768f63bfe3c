import assert from "node:assert/strict";
import fc from "fast-check";
import type { CombineFn } from "./combine-fn.js";
import { combineAll } from "./combine-fn.js";

/**
 * Checks that however inputs are dealt out to accumulators, copied, compacted and merged, the output is that of one
 * accumulator over all of them, as `agree` compares the two.
 */
export function assertSplitsAgree<I, A, O>(
  fn: CombineFn<I, A, O>,
  input: fc.Arbitrary<I>,
  agree: (split: O, whole: O, inputs: readonly I[]) => void = (split, whole) => assert.deepEqual(split, whole),
  maxLength = 40,
): void {
  const dealt = fc.array(fc.tuple(input, fc.nat(5)), { maxLength, size: "max" });
  const order = fc.shuffledSubarray([0, 1, 2, 3, 4], { minLength: 5 });
  fc.assert(
    fc.property(dealt, order, fc.nat(5), fc.boolean(), (deal, hands, first, compacts) => {
      const hand = (which: number): A => {
        let accumulator = fn.createAccumulator();
        for (const [value, to] of deal) if (to === which) accumulator = fn.addInput(accumulator, value);
        // A structured clone is what sending does to plain data.
        const sent: A = structuredClone(accumulator);
        return compacts && fn.compact !== undefined ? fn.compact(sent) : sent;
      };
      const early = fn.mergeAccumulators(hands.slice(0, first).map(hand));
      fn.extractOutput(early);
      const late = hands.slice(first).map(hand);
      let merged = fn.mergeAccumulators([fn.mergeAccumulators([]), ...late, early]);
      for (const [value, to] of deal) if (to === 5) merged = fn.addInput(merged, value);
      const inputs = deal.map(([value]) => value);
      agree(fn.extractOutput(merged), combineAll(fn, inputs), inputs);
    }),
  );
}
