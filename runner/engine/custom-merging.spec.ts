import assert from "node:assert/strict";
import { WindowTable } from "../../portability/execution/window-table.js";
import { CustomMerging } from "./custom-merging.js";

const windows = new WindowTable();
const [one, two, both, far] = [
  windows.interval(0, 10),
  windows.interval(5, 15),
  windows.interval(0, 15),
  windows.interval(50, 60),
];

/** When all elements are, after which the watermark does not come. */
const AT = 30;

function opened(...keys: readonly string[]): CustomMerging {
  const merging = new CustomMerging();
  for (const key of keys) for (const window of [one, two]) merging.added(key, window, AT);
  return merging;
}

describe("what is known of windows that only their function can merge", () => {
  it("is asked for where there are new ones, once", () => {
    const merging = opened("k");
    assert.equal(merging.isKnown("k"), false);
    assert.deepEqual(merging.takeQuestions(["k", "l"], 0), [{ key: "k", windows: [one, two] }]);
    assert.deepEqual(merging.takeQuestions(["k"], 0), []);
    assert.equal(merging.isKnown("k"), false);
    merging.moved("k", one, both);
    merging.moved("k", two, both);
    merging.answered("k");
    assert.equal(merging.isKnown("k"), true);
    merging.added("k", both, AT);
    assert.deepEqual(merging.takeQuestions(["k"], 0), []);
    merging.added("k", far, AT);
    assert.deepEqual(merging.takeQuestions(["k"], 0), [{ key: "k", windows: [both, far] }]);
  });

  it("is asked before the watermark passes an element, though its window end much later", () => {
    const merging = new CustomMerging();
    merging.added("k", far, 3);
    merging.added("l", far, 7);
    assert.deepEqual(merging.takeQuestions([], 3), []);
    assert.equal(merging.cleared, 3);
    assert.deepEqual(merging.takeQuestions([], 5), [{ key: "k", windows: [far] }]);
    assert.equal(merging.cleared, 3);
    // What comes after the question does not hold up what it was asked for.
    merging.added("k", two, 4);
    merging.answered("k");
    assert.equal(merging.cleared, 5);
    assert.deepEqual(merging.takeQuestions([], 6), [{ key: "k", windows: [far, two] }]);
    assert.equal(merging.copy().cleared, 5);
    merging.answered("k");
    assert.equal(merging.cleared, 6);
  });

  it("is asked again for windows that came before the answer", () => {
    const merging = opened("k");
    merging.takeQuestions(["k"], 0);
    merging.added("k", far, AT);
    assert.deepEqual(merging.takeQuestions(["k"], 0), []);
    merging.answered("k");
    assert.equal(merging.isKnown("k"), false);
    assert.equal(merging.takeQuestions(["k"], 0).length, 1);
  });

  it("settles windows that had ended when they were asked about, whatever comes afterwards", () => {
    const merging = opened("k");
    merging.takeQuestions(["k"], 10);
    merging.answered("k");
    merging.added("k", far, AT);
    assert.deepEqual(
      [one, two, far].map((window) => merging.isSettled("k", window)),
      [true, false, false],
    );
  });

  it("tells which windows have waited for it, under the names that they have by then", () => {
    const merging = opened("k", "l");
    merging.waits("k", one);
    // Who waits is asked about unasked.
    assert.deepEqual(merging.takeQuestions([], 0), [{ key: "k", windows: [one, two] }]);
    merging.added("k", far, AT);
    merging.waits("k", far);
    merging.moved("k", one, both);
    merging.moved("k", two, both);
    assert.deepEqual(merging.answered("k"), [both]);
    assert.deepEqual(merging.takeQuestions([], 0), [{ key: "k", windows: [far, both] }]);
    assert.deepEqual(merging.answered("k"), [far]);
    assert.deepEqual(merging.answered("l"), []);
  });

  it("is forgotten with the last window of a key", () => {
    const merging = opened("k");
    merging.waits("k", one);
    merging.closed(one, ["k", "nobody's"]);
    assert.equal(merging.isKnown("k"), false);
    merging.closed(two, ["k"]);
    assert.equal(merging.isKnown("k"), true);
    assert.deepEqual(merging.takeQuestions(["k"], 0), []);
  });

  it("goes on from a copy as from itself", () => {
    const merging = opened("k", "l");
    merging.waits("l", two);
    merging.takeQuestions(["k"], 20);
    const copy = merging.copy();
    merging.answered("k");
    merging.added("k", far, AT);
    assert.equal(copy.isKnown("k"), false);
    assert.deepEqual(copy.takeQuestions([], 20), []);
    assert.deepEqual(copy.answered("l"), [two]);
    copy.answered("k");
    assert.equal(copy.isKnown("k"), true);
    assert.equal(copy.isSettled("k", one), true);
  });
});
