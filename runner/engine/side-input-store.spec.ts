import assert from "node:assert/strict";
import { Batch } from "../../portability/execution/batch.js";
import { NO_FIRING, type PaneInfo } from "../../portability/execution/pane.js";
import type { InternedWindow } from "../../portability/execution/window.js";
import { WindowTable } from "../../portability/execution/window-table.js";
import { BundleSideInput, SideInputStore } from "./side-input-store.js";

const windows = new WindowTable();
const [first, second] = [windows.interval(0, 10), windows.interval(10, 20)];

function batch(values: readonly string[], sets: readonly (InternedWindow | readonly InternedWindow[])[]): Batch {
  return new Batch(values, undefined, { all: 0 }, sets, { all: NO_FIRING }, values.length);
}

const texts = (batches: readonly Batch[]): unknown[] => batches.flatMap(({ columns }) => columns.refs);

describe("a side input's store", () => {
  it("gives the elements of a window by the window's bytes", () => {
    const store = new SideInputStore();
    store.add(batch(["a", "b", "c"], [first, second, first]));
    store.add(new Batch(["d"], undefined, { all: 0 }, { all: second }, { all: NO_FIRING }, 1));
    assert.deepEqual(texts(store.at(first.key)), ["a", "c"]);
    assert.deepEqual(texts(store.at(second.key)), ["b", "d"]);
    assert.deepEqual(store.at("another"), []);
  });

  it("has elements of several windows in each", () => {
    const store = new SideInputStore();
    store.add(batch(["a", "b"], [[first, second], []]));
    store.add(new Batch(["c"], undefined, { all: 0 }, { all: [first, second] }, { all: NO_FIRING }, 1));
    assert.deepEqual(texts(store.at(first.key)), ["a", "c"]);
    assert.deepEqual(texts(store.at(second.key)), ["a", "c"]);
  });

  it("gives the same array for as long as it holds the same, and leaves what it has given as it was", () => {
    const store = new SideInputStore();
    store.add(batch(["a"], [first]));
    const before = store.at(first.key);
    assert.equal(store.at(first.key), before);
    const copy = store.copy();
    store.add(batch(["b"], [first]));
    assert.deepEqual(texts(before), ["a"]);
    assert.deepEqual(texts(store.at(first.key)), ["a", "b"]);
    assert.equal(copy.at(first.key), before);
    copy.add(batch(["c"], [first]));
    assert.deepEqual(texts(copy.at(first.key)), ["a", "c"]);
    assert.deepEqual(texts(store.at(first.key)), ["a", "b"]);
  });
});

describe("a side input's store of several panes", () => {
  const pane = (index: number, timing: PaneInfo["timing"] = "EARLY"): PaneInfo => ({
    timing,
    isFirst: index === 0,
    isLast: false,
    index,
    nonSpeculativeIndex: timing === "EARLY" ? -1 : 0,
  });
  const of = (value: string, info: PaneInfo): Batch =>
    new Batch([value], undefined, { all: 0 }, { all: first }, { all: info }, 1);

  it("holds the latest, be an earlier one late to come, where each repeats what was before", () => {
    const store = new SideInputStore("replaced");
    store.add(of("a", pane(0)));
    store.add(of("b", pane(1)));
    store.add(of("old", pane(0)));
    assert.deepEqual(texts(store.at(first.key)), ["b"]);
    store.add(of("c", pane(1)));
    assert.deepEqual(texts(store.copy().at(first.key)), ["b", "c"]);
  });

  it("holds all, where each has only what is new", () => {
    const store = new SideInputStore("added");
    store.add(of("a", pane(0)));
    store.add(of("b", pane(1)));
    assert.deepEqual(texts(store.at(first.key)), ["a", "b"]);
  });

  it("knows whether there has been a pane, and one that was not early", () => {
    const store = new SideInputStore("added");
    const has = (): boolean[] => [store.has(first.key, "first-pane"), store.has(first.key, "on-time-pane")];
    assert.deepEqual(has(), [false, false]);
    store.add(of("a", pane(0)));
    assert.deepEqual(has(), [true, false]);
    store.add(of("b", pane(1, "ON_TIME")));
    assert.deepEqual(has(), [true, true]);
    store.add(of("c", pane(2)));
    assert.deepEqual(has(), [true, true]);
  });
});

describe("a side input as a bundle finds it", () => {
  it("has what there was when the bundle began, for each window of the main input", () => {
    const store = new SideInputStore();
    store.add(batch(["a", "b"], [first, second]));
    const main = windows.interval(3, 4);
    const bundle = new BundleSideInput(store, [main, windows.global], (it) => (it === main ? first : undefined));
    store.add(batch(["c"], [first]));
    assert.deepEqual(texts(bundle.get(main)!), ["a"]);
    assert.equal(bundle.get(windows.global), undefined);
    assert.deepEqual([...bundle.values()].map(texts), [["a"]]);
    assert.deepEqual(texts(bundle.at(first.key)), ["a"]);
    // No window of the bundle is looked up there.
    assert.deepEqual(bundle.at(second.key), []);
  });
});
