import assert from "node:assert/strict";
import { JS_VALUE_CODER } from "../../../portability/coders/index.js";
import { Batch } from "../../../portability/execution/batch.js";
import { NO_FIRING } from "../../../portability/execution/pane.js";
import type { StateAddress, StateContents } from "../../../portability/execution/user-state.js";
import { WindowTable } from "../../../portability/execution/window-table.js";
import { Bundle, type BundleScope } from "../bundle.js";
import { Cursor } from "../cursor.js";
import type { Operator } from "../operator.js";
import type { CommittedState } from "./committed-state.js";
import { KeyedOperator } from "./keyed-operator.js";
import { cellsOf } from "./state-kinds.js";
import type { ValueCell } from "./value-cell.js";

const windows = new WindowTable();
const NEVER = Number.POSITIVE_INFINITY;

/** Counts what is loaded, and gives each key its own name. */
class Counted implements CommittedState {
  readonly loaded: string[] = [];

  constructor(readonly isRemote: boolean) {}

  load({ key, window }: StateAddress): StateContents | Promise<StateContents> {
    this.loaded.push(`${String(key)} ${String(window.value)}`);
    const contents = new Map([["", [`state of ${String(key)}`]]]);
    return this.isRemote ? Promise.resolve(contents) : contents;
  }
}

function operator(committed: CommittedState): { operator: KeyedOperator; cursor: Cursor; seen: unknown[] } {
  const seen: unknown[] = [];
  const cursor = new Cursor(windows.global);
  const inner: Operator = {
    process: (_, at) => void seen.push((at.keyed!.cells[0] as ValueCell).read()),
  };
  const made = new KeyedOperator(inner, {
    transform: "Step",
    states: [{ index: 0, newCell: cellsOf({ kind: "value", coder: JS_VALUE_CODER }, "Step") }],
    identity: (key) => key as string,
    keyOf: (identity) => identity,
    callbacks: new Map(),
    expiration: undefined,
  });
  const scope = {
    slice: NEVER,
    deadline: NEVER,
    maxElements: NEVER,
    committedState: committed,
  } as Partial<BundleScope>;
  void made.start(new Bundle(scope as BundleScope, { bytes: 0 }));
  return { operator: made, cursor, seen };
}

function batch(keys: readonly string[]): Batch {
  const refs = keys.map((key) => ({ key, value: 1 }));
  return new Batch(refs, undefined, { all: 0 }, { all: windows.interval(0, 10) }, { all: NO_FIRING }, 8);
}

describe("a function with state", () => {
  it("is called at once where what is committed is at hand", () => {
    const committed = new Counted(false);
    const { operator: keyed, cursor, seen } = operator(committed);
    assert.equal(
      keyed.prefetch(batch(["a"]), ({ refs }, i) => refs[i]),
      undefined,
    );
    for (const key of ["a", "b", "a"]) assert.equal(keyed.process({ key, value: 1 }, cursor, []), undefined);
    assert.deepEqual(seen, ["state of a", "state of b", "state of a"]);
    assert.deepEqual(committed.loaded, ["a GlobalWindow", "b GlobalWindow"]);
  });

  it("is called at once where what is committed elsewhere was fetched ahead, each key once", async () => {
    const committed = new Counted(true);
    const { operator: keyed, cursor, seen } = operator(committed);
    await keyed.prefetch(batch(["a", "b", "a"]), ({ refs }, i) => refs[i]);
    assert.equal(
      keyed.prefetch(batch(["b"]), ({ refs }, i) => refs[i]),
      undefined,
    );
    cursor.windows = windows.interval(0, 10);
    for (const key of ["a", "b", "a"]) assert.equal(keyed.process({ key, value: 1 }, cursor, []), undefined);
    assert.deepEqual(seen, ["state of a", "state of b", "state of a"]);
    assert.deepEqual(committed.loaded, ["a [0, 10)", "b [0, 10)"]);
  });

  it("has to be awaited where what is committed elsewhere was not fetched ahead", async () => {
    const { operator: keyed, cursor, seen } = operator(new Counted(true));
    assert.ok(keyed.process({ key: "a", value: 1 }, cursor, []) instanceof Promise);
    assert.deepEqual(seen, []);
    const awaiting = cursor.copy();
    awaiting.awaits = true;
    await keyed.process({ key: "a", value: 1 }, awaiting, []);
    assert.deepEqual(seen, ["state of a"]);
  });
});
