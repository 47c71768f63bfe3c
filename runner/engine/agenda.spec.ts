import assert from "node:assert/strict";
import fc from "fast-check";
import { MAX_TIMESTAMP } from "../../portability/execution/time.js";
import { Agenda } from "./agenda.js";

/** What happens to an agenda of ten items: one waits for another instant, or for none, or time goes on. */
const happenings = fc.array(
  fc.oneof(
    fc.record({ item: fc.nat(9), at: fc.oneof(fc.nat(100), fc.constant(MAX_TIMESTAMP)) }),
    fc.record({ take: fc.nat(100) }),
  ),
  { maxLength: 300 },
);

describe("an agenda", () => {
  it("knows the items by the instants that they wait for, however these change", () => {
    fc.assert(
      fc.property(happenings, (all) => {
        const instants = new Map<number, number>();
        const agenda = new Agenda<number>((item) => instants.get(item) ?? MAX_TIMESTAMP);
        const until = (at: number): number[] => [...instants.keys()].filter((item) => instants.get(item)! <= at);
        for (const happening of all) {
          if ("item" in happening) {
            instants.set(happening.item, happening.at);
            agenda.update(happening.item);
          } else {
            const expected = until(happening.take);
            assert.deepEqual(agenda.takeUntil(happening.take).toSorted(), expected.toSorted());
            for (const item of expected) instants.delete(item);
          }
          assert.equal(agenda.next, Math.min(MAX_TIMESTAMP, ...instants.values()));
        }
      }),
    );
  });

  it("keeps none of the items that wait for nothing any more, but for a few", () => {
    let waiting = -1;
    const asked = new Set<number>();
    const agenda = new Agenda<number>((item) => {
      asked.add(item);
      return item === waiting || item === 0 ? 1000 - (item % 7) : MAX_TIMESTAMP;
    });
    for (waiting = 0; waiting < 10_000; waiting++) agenda.update(waiting);
    asked.clear();
    agenda.takeUntil(MAX_TIMESTAMP - 1);
    assert.ok(asked.size < 200, `${asked.size} items`);
  });
});
