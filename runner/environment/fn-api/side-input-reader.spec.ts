import assert from "node:assert/strict";
import { GirderError } from "../../../portability/errors.js";
import { Batch } from "../../../portability/execution/batch.js";
import { ON_TIME_AND_ONLY } from "../../../portability/execution/pane.js";
import type { SideInputContents } from "../../../portability/execution/side-input.js";
import { WindowTable } from "../../../portability/execution/window-table.js";
import { SideInputStore } from "../../engine/side-input-store.js";
import { StageCoders } from "./bundle-descriptor.js";
import { SideInputReader } from "./side-input-reader.js";
import { IN, keyBytes, pairs, stageWith, windowBytes } from "./testing/stage.js";

const { components } = stageWith();
const coders = new StageCoders(components, new WindowTable());
const codec = coders.elements(IN, true);

function contentsOf(store: SideInputStore): SideInputContents {
  return { get: () => undefined, values: () => [], entries: () => [], at: (key) => store.at(key) };
}

const texts = (chunks: readonly Uint8Array[]): string[] => chunks.map((chunk) => Buffer.from(chunk).toString("latin1"));

describe("a side input's reader", () => {
  it("answers anew when there is more, and not before", () => {
    const store = new SideInputStore();
    const reader = new SideInputReader(codec);
    const window = windowBytes(0);
    store.add(codec.decode(pairs(["a", "1", 3])));
    const first = reader.iterable(contentsOf(store), window);
    assert.equal(reader.iterable(contentsOf(store), window), first);
    store.add(codec.decode(pairs(["b", "2", 4])));
    assert.deepEqual(texts(reader.iterable(contentsOf(store), window)), ["\x01a\x011", "\x01b\x012"]);
    assert.deepEqual(texts(reader.multimap(contentsOf(store), window, keyBytes("b"))), ["\x012"]);
  });

  it("reads batches that the runner has made, groups among them", () => {
    const store = new SideInputStore();
    const { refs } = codec.decode(pairs(["a", "1", 3], ["a", "2", 3])).columns;
    const window = { all: coders.table.interval(0, 10) };
    store.add(new Batch(refs, ["\x01a", "\x01b"], { all: 3 }, window, { all: ON_TIME_AND_ONLY }, 8));
    const reader = new SideInputReader(codec);
    assert.deepEqual(texts(reader.keys(contentsOf(store), windowBytes(0))), ["\x01a", "\x01b"]);
  });

  it("says so where elements without keys are read by key", () => {
    const bytes = { ...components.pcollections[IN]!, coderId: "bytes" };
    const flat = new StageCoders({ ...components, pcollections: { [IN]: bytes } }, coders.table).elements(IN, true);
    const store = new SideInputStore();
    store.add(flat.decode(pairs(["", "1", 3]).subarray(0, -2)));
    const reader = new SideInputReader(flat);
    assert.deepEqual(texts(reader.iterable(contentsOf(store), windowBytes(0))), ["\x00"]);
    const read = (): unknown => reader.multimap(contentsOf(store), windowBytes(0), keyBytes("a"));
    assert.throws(read, (thrown) => thrown instanceof GirderError && thrown.code === "unsupported");
  });
});
