import assert from "node:assert/strict";
import { WindowTable } from "../../../portability/execution/window-table.js";
import { BundleSideInput, SideInputStore } from "../../engine/side-input-store.js";
import { StageCoders } from "./bundle-descriptor.js";
import { CacheTokens } from "./cache-tokens.js";
import { DO, IN, pairs, stageWith } from "./testing/stage.js";

const stage = stageWith({
  states: { sum: { case: "bagSpec", value: { elementCoderId: "bytes" } } },
  sideInputs: ["side"],
});
const windows = new WindowTable();
const codec = new StageCoders(stage.components, windows).elements(IN, true);
const [first, second] = [windows.interval(0, 10), windows.interval(10, 20)];

/** The side input's contents for a bundle with elements of these windows. */
function contents(store: SideInputStore, ...mains: ReturnType<WindowTable["interval"]>[]): BundleSideInput {
  return new BundleSideInput(store, mains, (main) => main);
}

/** The tokens of a bundle, as texts: of the side input, of user state. */
function tokensOf(tokens: CacheTokens, sideInput: BundleSideInput): [sideInput: string, userState: string] {
  const [side, user, ...others] = tokens.forBundle({ sideInputs: [sideInput] });
  assert.deepEqual(side!.type, { case: "sideInput", value: { transformId: DO, sideInputId: "side" } });
  assert.deepEqual([user!.type!.case, others], ["userState", []]);
  return [String(side!.token), String(user!.token)];
}

describe("cache tokens", () => {
  it("stay while bundles are committed and side inputs are what they were", () => {
    const store = new SideInputStore();
    store.add(codec.decode(pairs(["a", "1", 3])));
    const tokens = new CacheTokens(stage);
    const before = tokensOf(tokens, contents(store, first));
    assert.deepEqual(tokensOf(tokens, contents(store, first)), before);
    // Another window's elements are no change of those that have been read.
    store.add(codec.decode(pairs(["b", "2", 13])));
    assert.deepEqual(tokensOf(tokens, contents(store, first, second)), before);
  });

  it("of a side input are new when a window has changed that a bundle was given", () => {
    const store = new SideInputStore();
    const tokens = new CacheTokens(stage);
    const empty = tokensOf(tokens, contents(store, first));
    store.add(codec.decode(pairs(["a", "1", 3])));
    const one = tokensOf(tokens, contents(store, first));
    store.add(codec.decode(pairs(["a", "2", 4])));
    const two = tokensOf(tokens, contents(store, first));
    assert.equal(new Set([empty[0], one[0], two[0]]).size, 3);
    assert.deepEqual([one[1], two[1]], [empty[1], empty[1]]);
  });

  it("of user state are new when a bundle was not committed", () => {
    const store = new SideInputStore();
    const tokens = new CacheTokens(stage);
    const before = tokensOf(tokens, contents(store, first));
    tokens.discarded();
    const after = tokensOf(tokens, contents(store, first));
    assert.equal(after[0], before[0]);
    assert.notEqual(after[1], before[1]);
  });

  it("are no two workers' and no two stages'", () => {
    const store = new SideInputStore();
    const all = [new CacheTokens(stage), new CacheTokens(stage)].flatMap((it) => tokensOf(it, contents(store, first)));
    assert.equal(new Set(all).size, 4);
  });

  it("are not given for what a stage does not have", () => {
    assert.deepEqual(new CacheTokens(stageWith()).forBundle({ sideInputs: [] }), []);
  });
});
