import assert from "node:assert/strict";
import fc from "fast-check";
import { Batch } from "../../portability/execution/batch.js";
import type { KeyIdentity } from "../../portability/execution/key-identity.js";
import { NO_FIRING } from "../../portability/execution/pane.js";
import { ValueGroups } from "./value-groups.js";

/** Keys and values made of a seed, so that the values of a key are told apart. */
function batchOf(count: number, keys: number, seed: number): Batch {
  const all = Array.from({ length: count }, (_, i) => ({
    key: `k${(i * 31 + seed) % keys}`,
    value: seed * 10_000 + i,
  }));
  return new Batch(
    all.map(({ value }) => value),
    all.map(({ key }) => key as KeyIdentity),
    { all: 0 },
    { all: [] },
    { all: NO_FIRING },
    0,
  );
}

describe("groups of values", () => {
  it("are the values of each key in the order in which they came, in small batches, in large ones and one by one", () => {
    const step = fc.record({
      count: fc.oneof(fc.integer({ min: 0, max: 20 }), fc.integer({ min: 200, max: 600 })),
      keys: fc.integer({ min: 1, max: 400 }),
      seed: fc.integer({ min: 0, max: 100 }),
      oneByOne: fc.boolean(),
      after: fc.constantFrom("nothing", "read", "copy"),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 8 }), (steps) => {
        let groups = new ValueGroups();
        const model = new Map<unknown, unknown[]>();
        for (const { count, keys, seed, oneByOne, after } of steps) {
          const batch = batchOf(count, keys, seed);
          if (oneByOne) for (let i = 0; i < count; i++) groups.add(batch, i);
          else groups.addAll(batch);
          for (let i = 0; i < count; i++) {
            const key = batch.columns.keys![i];
            model.set(key, [...(model.get(key) ?? []), batch.columns.refs[i]]);
          }
          if (after === "read") assert.deepEqual([...groups.entries()], [...model]);
          if (after === "copy") {
            const original = groups;
            groups = original.copy();
            original.addAll(batchOf(300, 7, 1));
          }
        }
        assert.equal(groups.size, model.size);
        assert.deepEqual([...groups.entries()], [...model]);
      }),
    );
  });
});
