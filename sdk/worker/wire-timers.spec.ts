import assert from "node:assert/strict";
import { type Coder, INTERVAL_WINDOW_CODER, STRING_CODER, TimerCoder } from "../../portability/coders/index.js";
import { NO_FIRING } from "../../portability/execution/pane.js";
import type { Timer } from "../../portability/execution/timer.js";
import type { BoundedWindow, IntervalWindow } from "../../portability/execution/window.js";
import { WindowTable } from "../../portability/execution/window-table.js";
import { encodeTimers, type WireTimerFamily, WireTimers } from "./wire-timers.js";

const windows = new WindowTable();
const window = windows.interval(0, 10);
const windowCoder = INTERVAL_WINDOW_CODER as Coder<unknown> as Coder<BoundedWindow>;
const family: WireTimerFamily = {
  family: 1,
  transform: "Step",
  id: "flush",
  coder: new TimerCoder(STRING_CODER as Coder<unknown>, windowCoder),
  identity: (key) => `identity of ${String(key)}`,
  keyOf: (identity) => String(identity).replace("identity of ", ""),
  intern: (each) => windows.interval((each as IntervalWindow).start, (each as IntervalWindow).end),
};

function timer(key: string, tag: string, fire: number): Timer {
  return { family: 1, key: `identity of ${key}`, tag, window, fire, hold: fire - 1, pane: NO_FIRING };
}

describe("timers on the data stream of a worker", () => {
  const set = [timer("a", "", 5), timer("b", "x", 7)];
  const bytes = encodeTimers(
    family,
    set.map((each) => ({ address: each, timer: each })),
  );

  it("are read as they were set", () => {
    const timers = new WireTimers(family);
    assert.deepEqual(timers.decode(bytes, false), set);
    assert.equal(timers.isOver, false);
    assert.deepEqual(timers.decode(new Uint8Array(), true), []);
    assert.equal(timers.isOver, true);
  });

  it("may be cut by messages anywhere", () => {
    for (let at = 0; at <= bytes.length; at++) {
      const timers = new WireTimers(family);
      const read = [...timers.decode(bytes.subarray(0, at), false), ...timers.decode(bytes.subarray(at), true)];
      assert.deepEqual(read, set);
    }
  });

  it("must be whole at the end", () => {
    assert.throws(() => new WireTimers(family).decode(bytes.subarray(0, bytes.length - 1), true), {
      code: "malformed-data",
    });
  });

  it("that are cleared say no more than which they are; those of other families are left out", () => {
    const [first] = set as [Timer];
    const cleared = encodeTimers(family, [
      { address: first, timer: undefined },
      { address: { ...first, family: 0 }, timer: undefined },
    ]);
    assert.ok(cleared.length > 0 && cleared.length < bytes.length / 2);
    assert.deepEqual(new WireTimers(family).decode(cleared, true), []);
    assert.equal(encodeTimers(family, []).length, 0);
  });
});
