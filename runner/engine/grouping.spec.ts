import assert from "node:assert/strict";
import { Batch, entry } from "../../portability/execution/batch.js";
import type { KeyIdentity } from "../../portability/execution/key-identity.js";
import { NO_FIRING } from "../../portability/execution/pane.js";
import { GLOBAL_WINDOW_MAX_TIMESTAMP, MAX_TIMESTAMP } from "../../portability/execution/time.js";
import type { InternedWindow } from "../../portability/execution/window.js";
import { WindowTable } from "../../portability/execution/window-table.js";
import type { GroupingStrategy } from "./graph.js";
import { Grouping } from "./grouping.js";

const STRATEGY: GroupingStrategy = {
  merging: "no",
  trigger: { kind: "default" },
  onTimePaneAlways: false,
  allowedLateness: 0,
  accumulating: false,
  outputTime: "END_OF_WINDOW",
  closingPaneAlways: false,
};

type Row = readonly [key: KeyIdentity, value: unknown, timestamp: number];

/** Sessions with a gap of ten. */
function sessions(rows: readonly Row[], windows: WindowTable): Batch {
  return batch(rows, ([, , timestamp]) => windows.interval(timestamp, timestamp + 10));
}

function batch(rows: readonly Row[], window: (row: Row) => InternedWindow): Batch {
  return new Batch(
    rows.map(([, value]) => value),
    rows.map(([key]) => key),
    rows.map(([, , timestamp]) => timestamp),
    rows.map(window),
    { all: NO_FIRING },
    rows.length * 10,
  );
}

function panes(batches: readonly Batch[]): string[] {
  return batches.flatMap(({ count, columns }) =>
    Array.from({ length: count }, (_, i) => {
      const { timing, index, isLast } = entry(columns.panes, i);
      const { value } = entry(columns.windows, i) as InternedWindow;
      const values = [...(columns.refs[i] as Iterable<unknown>)].join(",");
      return `${String(columns.keys![i])}: ${values} in ${String(value)} ${timing}#${index}${isLast ? " last" : ""}`;
    }),
  );
}

describe("Grouping", () => {
  it("emits a window's groups when the watermark passes its end, not before", () => {
    const windows = new WindowTable();
    const grouping = new Grouping(STRATEGY, windows);
    const ten = windows.interval(0, 10);
    assert.deepEqual(
      panes(
        grouping.add(
          batch(
            [
              ["a", 1, 3],
              ["b", 2, 4],
              ["a", 3, 5],
            ],
            () => ten,
          ),
          0,
        ),
      ),
      [],
    );
    assert.deepEqual(panes(grouping.advance(9, 0)), []);
    assert.deepEqual(panes(grouping.advance(10, 0)), [
      "a: 1,3 in [0, 10) ON_TIME#0 last",
      "b: 2 in [0, 10) ON_TIME#0 last",
    ]);
    assert.ok(grouping.empty);
  });

  it("groups the global window at the end of time", () => {
    const windows = new WindowTable();
    const grouping = new Grouping(STRATEGY, windows);
    grouping.add(
      batch([["a", 1, 0]], () => windows.global),
      0,
    );
    assert.deepEqual(grouping.advance(GLOBAL_WINDOW_MAX_TIMESTAMP, 0), []);
    assert.deepEqual(panes(grouping.advance(MAX_TIMESTAMP, 0)), ["a: 1 in GlobalWindow ON_TIME#0 last"]);
  });

  it("drops and counts what comes after its window has expired", () => {
    const windows = new WindowTable();
    const grouping = new Grouping(STRATEGY, windows);
    grouping.advance(10, 0);
    assert.deepEqual(
      grouping.add(
        batch(
          [
            ["a", 1, 3],
            ["b", 1, 4],
          ],
          () => windows.interval(0, 10),
        ),
        0,
      ),
      [],
    );
    assert.equal(grouping.droppedLate, 2);
  });

  it("emits a late pane for each late element within the allowed lateness, discarding what it has emitted", () => {
    const windows = new WindowTable();
    const grouping = new Grouping({ ...STRATEGY, allowedLateness: 20 }, windows);
    const ten = windows.interval(0, 10);
    grouping.add(
      batch([["a", 1, 3]], () => ten),
      0,
    );
    assert.deepEqual(panes(grouping.advance(15, 0)), ["a: 1 in [0, 10) ON_TIME#0"]);
    grouping.outputAdvanced(15);
    assert.deepEqual(
      panes(
        grouping.add(
          batch(
            [
              ["a", 2, 3],
              ["a", 3, 3],
            ],
            () => ten,
          ),
          0,
        ),
      ),
      ["a: 2 in [0, 10) LATE#1", "a: 3 in [0, 10) LATE#2"],
    );
    grouping.advance(30, 0);
    assert.deepEqual(
      grouping.add(
        batch([["a", 4, 3]], () => ten),
        0,
      ),
      [],
    );
    assert.equal(grouping.droppedLate, 1);
  });

  it("merges the sessions of a key that overlap, and no others", () => {
    const windows = new WindowTable();
    const grouping = new Grouping({ ...STRATEGY, merging: "overlapping" }, windows);
    grouping.add(
      sessions(
        [
          ["a", 1, 0],
          ["b", 2, 5],
          ["a", 3, 30],
          ["a", 4, 8],
          ["a", 5, 18],
        ],
        windows,
      ),
      0,
    );
    assert.deepEqual(panes(grouping.advance(MAX_TIMESTAMP, 0)).sort(), [
      "a: 1,4 in [0, 18) ON_TIME#0 last",
      "a: 3 in [30, 40) ON_TIME#0 last",
      "a: 5 in [18, 28) ON_TIME#0 last",
      "b: 2 in [5, 15) ON_TIME#0 last",
    ]);
  });

  it("joins two sessions by an element between them", () => {
    const windows = new WindowTable();
    const grouping = new Grouping({ ...STRATEGY, merging: "overlapping" }, windows);
    grouping.add(
      sessions(
        [
          ["a", 1, 0],
          ["a", 2, 15],
        ],
        windows,
      ),
      0,
    );
    grouping.add(sessions([["a", 3, 8]], windows), 0);
    assert.deepEqual(panes(grouping.advance(MAX_TIMESTAMP, 0)), ["a: 1,2,3 in [0, 25) ON_TIME#0 last"]);
  });

  it("goes on from a copy as from itself", () => {
    const windows = new WindowTable();
    const grouping = new Grouping({ ...STRATEGY, merging: "overlapping", allowedLateness: 100 }, windows);
    grouping.add(
      sessions(
        [
          ["a", 1, 0],
          ["a", 2, 15],
          ["b", 2, 40],
        ],
        windows,
      ),
      0,
    );
    grouping.advance(12, 0);
    const copy = grouping.copy();
    for (const each of [grouping, copy]) {
      each.add(sessions([["a", 3, 13]], windows), 0);
    }
    assert.deepEqual(panes(copy.advance(MAX_TIMESTAMP, 0)), panes(grouping.advance(MAX_TIMESTAMP, 0)));
  });

  it("holds back its output to the earliest pane to come where panes have the earliest timestamp", () => {
    const windows = new WindowTable();
    const grouping = new Grouping({ ...STRATEGY, outputTime: "EARLIEST_IN_PANE" }, windows);
    grouping.add(
      batch(
        [
          ["a", 1, 4],
          ["b", 1, 2],
        ],
        () => windows.interval(0, 10),
      ),
      0,
    );
    assert.equal(grouping.hold, 2);
    grouping.advance(20, 0);
    assert.equal(grouping.hold, MAX_TIMESTAMP);
  });

  it("iterates values that were moved out of memory before those that were not", () => {
    const windows = new WindowTable();
    const grouping = new Grouping(STRATEGY, windows);
    const ten = windows.interval(0, 10);
    grouping.add(
      batch(
        [
          ["a", 1, 3],
          ["b", 2, 3],
        ],
        () => ten,
      ),
      0,
    );
    const moved = grouping.heldValues().map((values) => values.slice());
    grouping.store(moved);
    assert.equal(grouping.pendingBytes, 0);
    grouping.add(
      batch([["a", 3, 3]], () => ten),
      0,
    );
    assert.deepEqual(panes(grouping.advance(10, 0)), [
      "a: 1,3 in [0, 10) ON_TIME#0 last",
      "b: 2 in [0, 10) ON_TIME#0 last",
    ]);
  });

  it("gives a merged session the earliest of its times, those behind the watermark among them", () => {
    const windows = new WindowTable();
    const strategy = { ...STRATEGY, merging: "overlapping", outputTime: "EARLIEST_IN_PANE" } as const;
    const grouping = new Grouping(strategy, windows);
    grouping.add(
      sessions(
        [
          ["a", 1, 20],
          ["a", 2, 4],
        ],
        windows,
      ),
      0,
    );
    grouping.advance(8, 0);
    grouping.add(sessions([["a", 3, 12]], windows), 0);
    assert.equal(grouping.hold, 4);
    const [pane] = grouping.advance(MAX_TIMESTAMP, 0);
    assert.deepEqual(pane!.columns.timestamps, { all: 4 });
  });

  it("asks triggers whose time comes while others wait for more than time", () => {
    const windows = new WindowTable();
    const soon = { kind: "processing-time", transforms: [{ kind: "delay", delay: 10 }] } as const;
    const trigger = { kind: "all", parts: [soon, { kind: "element-count", count: 2 }] } as const;
    const grouping = new Grouping({ ...STRATEGY, trigger }, windows);
    const one = (key: string, value: number): Batch => batch([[key, value, 3]], () => windows.interval(0, 10));
    grouping.add(one("a", 1), 0);
    assert.equal(grouping.nextProcessingTime, 10);
    assert.deepEqual(grouping.tick(10), []);
    // The time of "a" has come, and it waits for an element.
    grouping.add(one("b", 2), 15);
    grouping.add(one("b", 3), 16);
    assert.equal(grouping.nextProcessingTime, 25);
    assert.deepEqual(panes(grouping.tick(25)), ["b: 2,3 in [0, 10) EARLY#0 last"]);
    assert.deepEqual(panes(grouping.add(one("a", 4), 26)), ["a: 1,4 in [0, 10) EARLY#0 last"]);
  });

  it("knows that what it has emitted takes no memory any more", () => {
    const windows = new WindowTable();
    const trigger = { kind: "repeat", part: { kind: "element-count", count: 2 } } as const;
    const grouping = new Grouping({ ...STRATEGY, trigger }, windows);
    for (let i = 0; i < 101; i++) {
      grouping.add(
        batch([["a", i, 3]], () => windows.global),
        0,
      );
    }
    assert.equal(grouping.pendingBytes, 10);
  });

  describe("of accumulators", () => {
    /** Many bundles, each with an accumulator of each of a hundred keys. */
    function filled(strategy = STRATEGY): { grouping: Grouping; windows: WindowTable } {
      const windows = new WindowTable();
      const grouping = new Grouping(strategy, windows);
      const rows = Array.from({ length: 100 }, (_, key): Row => [`k${key}`, 1, 3]);
      for (let bundle = 0; bundle < 2000; bundle++) {
        grouping.add(
          batch(rows, () => windows.interval(0, 10)),
          0,
        );
      }
      return { grouping, windows };
    }
    const sum = (values: readonly unknown[]): number => (values as number[]).reduce((a, b) => a + b, 0);

    it("has them merged when many have come, and takes less memory then", () => {
      const { grouping, windows } = filled();
      assert.ok(grouping.isWorthMerging);
      grouping.merge(grouping.mergeable().map(sum));
      assert.ok(!grouping.isWorthMerging);
      assert.equal(grouping.pendingBytes, 1000);
      grouping.add(
        batch([["k7", 5, 3]], () => windows.interval(0, 10)),
        0,
      );
      assert.ok(panes(grouping.copy().advance(MAX_TIMESTAMP, 0)).includes("k7: 2000,5 in [0, 10) ON_TIME#0 last"));
      assert.ok(panes(grouping.advance(MAX_TIMESTAMP, 0)).includes("k8: 2000 in [0, 10) ON_TIME#0 last"));
    });

    it("leaves those alone that panes have in common", () => {
      assert.ok(!filled({ ...STRATEGY, accumulating: true }).grouping.isWorthMerging);
    });
  });
});
