import assert from "node:assert/strict";
import fc from "fast-check";
import type { StateAddress, StatePart } from "../../../portability/execution/user-state.js";
import { WindowTable } from "../../../portability/execution/window-table.js";
import { StateStore } from "../../engine/state-store.js";
import { BundleState } from "./bundle-state.js";

const windows = new WindowTable();
const ADDRESSES: readonly StateAddress[] = [0, 1].flatMap((state) =>
  ["a", "b"].flatMap((key) => [0, 10].map((start) => ({ state, key, window: windows.interval(start, start + 10) }))),
);
const PARTS: readonly StatePart[] = ["", "x", 3, -7];

/** What somebody does to state. */
type Step =
  | { readonly does: "append" | "clear-part"; readonly cell: number; readonly part: StatePart; readonly value: string }
  | { readonly does: "clear"; readonly cell: number }
  /** The bundle commits, or is lost: what it did is done, or never was. */
  | { readonly does: "commit" }
  | { readonly does: "lose" };

const cell = fc.nat({ max: ADDRESSES.length - 1 });
const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    {
      weight: 6,
      arbitrary: fc.record({
        does: fc.constantFrom("append", "append", "append", "clear-part"),
        cell,
        part: fc.constantFrom(...PARTS),
        value: fc.string({ maxLength: 2 }),
      }),
    },
    { weight: 1, arbitrary: fc.record({ does: fc.constant("clear"), cell }) },
    { weight: 1, arbitrary: fc.record({ does: fc.constantFrom("commit", "lose") }) },
  ) as fc.Arbitrary<Step>,
  { maxLength: 60 },
);

/** State as simply as it can be said: values by cell and part. */
type Model = Map<StatePart, string[]>[];

const copyOf = (model: Model): Model =>
  model.map((parts) => new Map([...parts].map(([part, values]) => [part, [...values]])));

describe("the state of a bundle", () => {
  it("is what a simple model has, over any number of bundles that commit or are lost", () => {
    fc.assert(
      fc.property(steps, (all) => {
        let store = new StateStore();
        let committed: Model = ADDRESSES.map(() => new Map());
        let model = copyOf(committed);
        let bundle = new BundleState(store);
        for (const step of all) {
          switch (step.does) {
            case "commit":
              store.apply(bundle.changes);
              // A copy goes on as the store itself would.
              store = store.copy();
              committed = copyOf(model);
              bundle = new BundleState(store);
              break;
            case "lose":
              bundle = new BundleState(store);
              model = copyOf(committed);
              break;
            case "clear":
              bundle.clear(ADDRESSES[step.cell]!);
              model[step.cell]!.clear();
              break;
            case "clear-part":
              bundle.clearPart(ADDRESSES[step.cell]!, step.part);
              model[step.cell]!.delete(step.part);
              break;
            case "append": {
              const values = model[step.cell]!.get(step.part) ?? [];
              bundle.append(ADDRESSES[step.cell]!, step.part, Buffer.from(step.value));
              model[step.cell]!.set(step.part, [...values, step.value]);
            }
          }
          ADDRESSES.forEach((address, i) => {
            for (const part of PARTS) {
              assert.deepEqual(bundle.values(address, part).map(String), model[i]!.get(part) ?? []);
            }
            assert.deepEqual(new Set(bundle.parts(address)), new Set(model[i]!.keys()));
            const stored = store.read(address);
            assert.deepEqual(
              new Map([...(stored ?? [])].map(([part, values]) => [part, values.map(String)])),
              committed[i],
            );
          });
          assert.equal(store.size, committed.filter((parts) => parts.size > 0).length);
        }
      }),
      { numRuns: 150 },
    );
  });

  it("tells a key that is a number from one that is its digits", () => {
    const bundle = new BundleState(new StateStore());
    const window = windows.global;
    bundle.append({ state: 0, key: 1, window }, "", Buffer.from("number"));
    bundle.append({ state: 0, key: "1", window }, "", Buffer.from("text"));
    assert.deepEqual(bundle.values({ state: 0, key: 1, window }, "").map(String), ["number"]);
    assert.equal(bundle.changes.length, 2);
  });
});
