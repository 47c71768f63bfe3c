import assert from "node:assert/strict";
import { Batch, entry } from "../../portability/execution/batch.js";
import { NO_FIRING, type PaneInfo } from "../../portability/execution/pane.js";
import { MAX_TIMESTAMP } from "../../portability/execution/time.js";
import type { InternedWindow, IntervalWindow } from "../../portability/execution/window.js";
import { WindowTable } from "../../portability/execution/window-table.js";
import type { GroupingStrategy } from "./graph.js";
import { Grouping } from "./grouping.js";

const windows = new WindowTable();
const RETRACTING: GroupingStrategy = {
  merging: "no",
  trigger: { kind: "repeat", part: { kind: "element-count", count: 1 } },
  allowedLateness: 1000,
  accumulating: true,
  retracting: true,
  outputTime: "END_OF_WINDOW",
  onTimePaneAlways: false,
  closingPaneAlways: false,
};
const TAKES_BACK = { ...NO_FIRING, valueKind: "UPDATE_BEFORE" } as const;

function element(value: number, timestamp: number, pane: PaneInfo = NO_FIRING, window?: InternedWindow): Batch {
  const all = window ?? windows.interval(0, 100);
  return new Batch([value], ["k"], { all: timestamp }, { all }, { all: pane }, 1);
}

/** A session that begins with the element. */
const inSession = (value: number, timestamp: number) =>
  element(value, timestamp, NO_FIRING, windows.interval(timestamp, timestamp + 10));

const SIGNS = { UPDATE_BEFORE: "-", DELETE: "x", UPDATE_AFTER: "+", undefined: "" };

/** Panes as texts: `-[1]` takes back, `+[1,2]` takes its place, `x[1]` takes back for good. */
function texts(batches: readonly Batch[]): string[] {
  return batches.flatMap(({ columns }) =>
    columns.refs.map((values, i) => {
      const sign = SIGNS[entry(columns.panes, i).valueKind ?? "undefined"];
      return `${sign}[${[...(values as Iterable<number>)].join()}]`;
    }),
  );
}

describe("panes that are retracted", () => {
  it("are taken back as the next takes their place", () => {
    const grouping = new Grouping(RETRACTING, windows);
    assert.deepEqual(texts(grouping.add(element(1, 5), 0)), ["[1]"]);
    assert.deepEqual(texts(grouping.add(element(2, 6), 0)), ["-[1]", "+[1,2]"]);
    assert.deepEqual(texts(grouping.copy().add(element(3, 7), 0)), ["-[1,2]", "+[1,2,3]"]);
  });

  it("are taken back as they were: in their window, with their index and timestamp", () => {
    const grouping = new Grouping({ ...RETRACTING, outputTime: "LATEST_IN_PANE" }, windows);
    const [first] = grouping.add(element(1, 5), 0);
    const [both] = grouping.add(element(2, 9), 0);
    const at = ({ timestamps, columns: { panes } }: Batch, i: number) => [
      entry(timestamps, i),
      entry(panes, i).index,
      entry(panes, i).timing,
    ];
    assert.deepEqual(at(both!, 0), at(first!, 0));
    assert.deepEqual(at(both!, 1), [9, 1, "EARLY"]);
  });

  it("of windows that merge are all taken back by the pane of the window that they became", () => {
    const sessions = new Grouping({ ...RETRACTING, merging: "overlapping" }, windows);
    assert.deepEqual(texts(sessions.add(inSession(5, 0), 0)), ["[5]"]);
    assert.deepEqual(texts(sessions.add(inSession(7, 18), 0)), ["[7]"]);
    const merging = sessions.add(inSession(3, 9), 0);
    assert.deepEqual(texts(merging).slice(0, 2).toSorted(), ["-[5]", "-[7]"]);
    assert.deepEqual(
      merging.flatMap(({ windows: of }) =>
        [0, 1, 2].map((i) => {
          const { start, end } = (entry(of, i) as InternedWindow).value as IntervalWindow;
          return `${start}-${end}`;
        }),
      ),
      ["0-10", "18-28", "0-28"],
    );
    assert.match(texts(merging)[2]!, /^\+/);
  });

  it("of a window that is over are taken back no more", () => {
    const grouping = new Grouping(RETRACTING, windows);
    grouping.add(element(1, 5), 0);
    assert.deepEqual(texts(grouping.advance(MAX_TIMESTAMP, 0)), []);
  });
});

describe("a grouping of what may be retracted", () => {
  const grouping = (): Grouping => new Grouping(RETRACTING, windows, (ref) => ref);

  it("removes one equal value, and says what is left", () => {
    const groups = grouping();
    for (const value of [1, 1, 2]) groups.add(element(value, 5), 0);
    assert.deepEqual(texts(groups.add(element(1, 5, TAKES_BACK), 0)), ["-[1,1,2]", "+[1,2]"]);
  });

  it("says for good that nothing is left", () => {
    const groups = grouping();
    groups.add(element(1, 5), 0);
    assert.deepEqual(texts(groups.add(element(1, 5, TAKES_BACK), 0)), ["x[1]"]);
    assert.deepEqual(texts(groups.add(element(2, 5), 0)), ["[2]"]);
  });

  it("has a retraction that comes first wait for its value", () => {
    const groups = grouping();
    groups.add(element(1, 5), 0);
    assert.deepEqual(texts(groups.add(element(7, 5, TAKES_BACK), 0)), ["-[1]", "+[1]"]);
    assert.deepEqual(texts(groups.copy().add(element(7, 5), 0)), ["-[1]", "+[1]"]);
  });

  it("counts what it holds", () => {
    const groups = grouping();
    for (const [value, pane] of [[1], [2], [1, TAKES_BACK], [9, TAKES_BACK], [9], [2, TAKES_BACK]] as const) {
      groups.add(element(value, 5, pane), 0);
    }
    assert.equal(groups.pendingBytes, 0);
    assert.deepEqual(groups.heldValues(), []);
  });
});
