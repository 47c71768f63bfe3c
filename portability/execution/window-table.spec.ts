import assert from "node:assert/strict";
import { setTimeout } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { GLOBAL_WINDOW, type InternedWindow, IntervalWindow } from "./window.js";
import { WindowTable } from "./window-table.js";

/** Collects garbage, once what ran has let go of it. */
async function collectGarbage(): Promise<void> {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  await setTimeout(1);
  collect();
  await setTimeout(1);
}

/** Interns intervals of a second each, one after the other, and keeps every `each`th. */
function meet(table: WindowTable, from: number, to: number, each = Number.POSITIVE_INFINITY): InternedWindow[] {
  const kept: InternedWindow[] = [];
  for (let i = from; i < to; i++) {
    const window = table.interval(i * 1000, (i + 1) * 1000);
    if (i % each === 0) kept.push(window);
  }
  return kept;
}

describe("a window table", () => {
  it("has one object for each window, whichever way it is met", () => {
    const table = new WindowTable();
    const window = table.interval(0, 10);
    assert.deepEqual(window.value, new IntervalWindow(0, 10));
    assert.equal(table.interval(5, 10).id, window.id + 1);
    assert.equal(table.interval(0, 10), window);
    assert.equal(
      table.intern(window.key, () => assert.fail()),
      window,
    );
    assert.equal(
      table.intern("", () => GLOBAL_WINDOW),
      table.global,
    );
  });

  it("tells windows of different coders apart that have the same bytes", () => {
    const table = new WindowTable();
    const { key } = table.interval(0, 10);
    const other = table.intern(key, () => ({ maxTimestamp: 3 }), "another coder");
    assert.notEqual(other, table.interval(0, 10));
    assert.equal(
      table.intern(key, () => assert.fail(), "another coder"),
      other,
    );
  });

  it("keeps windows that somebody knows, and forgets the others", async () => {
    const table = new WindowTable(1000);
    const kept: InternedWindow[] = [];
    for (let round = 0; round < 10; round++) {
      kept.push(...meet(table, round * 5000, (round + 1) * 5000, 100));
      await collectGarbage();
    }
    assert.ok(table.size < 20_000, `${table.size} windows`);
    for (const window of kept) {
      const { start, end } = window.value as IntervalWindow;
      assert.equal(table.interval(start, end), window);
    }
    assert.equal(table.interval(1000, 2000).value.maxTimestamp, 1999, "a window that is met again");
  });
});
