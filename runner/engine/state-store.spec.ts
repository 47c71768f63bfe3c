import assert from "node:assert/strict";
import type { StateAddress, StateChange } from "../../portability/execution/user-state.js";
import { WindowTable } from "../../portability/execution/window-table.js";
import { StateStore } from "./state-store.js";

const windows = new WindowTable();
const [FIRST, SECOND] = [windows.interval(0, 10), windows.interval(10, 20)];

function address(key: string | number = "k", window = FIRST, state = 0): StateAddress {
  return { state, key, window };
}

function change(where: StateAddress, part: string, appended: readonly unknown[], cleared = false): StateChange {
  return { address: where, cleared: false, parts: new Map([[part, { cleared, appended }]]) };
}

// What it does with many changes is compared with a model beside the bundles' own state (bundle-state.spec.ts).
describe("a state store", () => {
  it("keeps what bundles have appended, part by part, until they clear it", () => {
    const store = new StateStore();
    store.apply([change(address(), "a", [1]), change(address(), "b", [2])]);
    store.apply([change(address(), "a", [3])]);
    assert.deepEqual(
      [...store.read(address())!],
      [
        ["a", [1, 3]],
        ["b", [2]],
      ],
    );
    store.apply([change(address(), "a", [4], true)]);
    assert.deepEqual(store.read(address())!.get("a"), [4]);
    store.apply([{ address: address(), cleared: true, parts: new Map() }]);
    assert.equal(store.read(address()), undefined);
    assert.equal(store.size, 0);
  });

  it("leaves to whoever has read a cell what was in it then", () => {
    const store = new StateStore();
    store.apply([change(address(), "a", [1])]);
    const before = store.read(address())!;
    const copy = store.copy();
    store.apply([change(address(), "a", [2])]);
    assert.deepEqual(before.get("a"), [1]);
    assert.deepEqual(copy.read(address())!.get("a"), [1]);
    assert.deepEqual(store.read(address())!.get("a"), [1, 2]);
  });

  it("tells cells apart by state, key and window", () => {
    const store = new StateStore();
    const all = [address(), address("l"), address("k", SECOND), address("k", FIRST, 1), address(1), address("1")];
    store.apply(all.map((it, i) => change(it, "", [i])));
    assert.deepEqual(
      all.map((it) => store.read(it)!.get("")),
      all.map((_, i) => [i]),
    );
    assert.equal(store.size, all.length);
  });

  it("forgets windows that are over", () => {
    const store = new StateStore();
    store.apply([change(address(), "", [1]), change(address("k", SECOND), "", [2])]);
    store.expire((window) => window === FIRST);
    assert.equal(store.read(address()), undefined);
    assert.deepEqual(store.read(address("k", SECOND))!.get(""), [2]);
  });
});
