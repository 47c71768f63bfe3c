import assert from "node:assert/strict";
import fc from "fast-check";
import { NO_FIRING } from "../../portability/execution/pane.js";
import { MAX_TIMESTAMP, MIN_TIMESTAMP } from "../../portability/execution/time.js";
import type { TimeDomain, Timer, TimerAddress, TimerChange } from "../../portability/execution/timer.js";
import { WindowTable } from "../../portability/execution/window-table.js";
import { type Clocks, TimerStore } from "./timer-store.js";

const windows = new WindowTable();
const [FIRST, SECOND] = [windows.interval(0, 10), windows.interval(10, 20)];
const DOMAINS: readonly TimeDomain[] = ["event-time", "processing-time", "event-time"];

function timer(fire: number, address: Partial<TimerAddress> = {}, hold = fire): Timer {
  return { family: 0, key: "k", tag: "", window: FIRST, ...address, fire, hold, pane: NO_FIRING };
}

const set = (it: Timer): TimerChange => ({ address: it, timer: it });
const clear = (address: TimerAddress): TimerChange => ({ address, timer: undefined });

function storeOf(...timers: readonly Timer[]): TimerStore {
  const store = new TimerStore(DOMAINS);
  store.apply(timers.map(set));
  return store;
}

const at = (event: number, processing = MIN_TIMESTAMP): Clocks => ({
  "event-time": event,
  "processing-time": processing,
});
const fires = (timers: readonly Timer[]): number[] => timers.map(({ fire }) => fire);

describe("a timer store", () => {
  it("fires event-time timers when the watermark has passed them, processing-time timers when the clock has come there", () => {
    const store = storeOf(timer(5), timer(7, { family: 1 }));
    assert.deepEqual(fires(store.takeDue(at(5, 6))), []);
    assert.deepEqual(fires(store.takeDue(at(6, 6))), [5]);
    assert.deepEqual(fires(store.takeDue(at(6, 7))), [7]);
    assert.equal(store.size, 0);
  });

  it("fires what is set for the end of time when the watermark is there", () => {
    const store = storeOf(timer(MAX_TIMESTAMP));
    assert.equal(store.isDue(at(MAX_TIMESTAMP - 1)), false);
    assert.deepEqual(fires(store.takeDue(at(MAX_TIMESTAMP))), [MAX_TIMESTAMP]);
  });

  it("does not take timers of processing time for due when the watermark is at the end of time", () => {
    assert.equal(storeOf(timer(5, { family: 1 })).isDue(at(MAX_TIMESTAMP, 4)), false);
  });

  it("fires timers of one instant in the order in which they were set last, also as a copy", () => {
    const [a, b] = [timer(5, { tag: "a" }), timer(5, { tag: "b" })];
    const store = storeOf(a, b);
    store.apply([set(a)]);
    const tags = (timers: readonly Timer[]): string[] => timers.map(({ tag }) => tag);
    assert.deepEqual(tags(store.copy().takeDue(at(6))), ["b", "a"]);
    assert.deepEqual(tags(store.takeDue(at(6))), ["b", "a"]);
  });

  it("does with a timer that is set again and again, earlier each time", () => {
    const store = new TimerStore(DOMAINS);
    for (let fire = 200_000; fire > 0; fire--) store.apply([set(timer(fire))]);
    assert.deepEqual(fires(store.takeDue(at(MAX_TIMESTAMP))), [1]);
  });

  it("replaces a timer that is set again, and forgets one that is cleared", () => {
    const store = storeOf(timer(5));
    store.apply([set(timer(8))]);
    assert.deepEqual(fires(store.takeDue(at(7))), []);
    assert.equal(store.next("event-time"), 8);
    store.apply([clear(timer(0))]);
    assert.deepEqual([store.size, store.next("event-time"), store.isDue(at(MAX_TIMESTAMP))], [0, Infinity, false]);
  });

  it("tells timers apart by family, key, tag and window", () => {
    const all = [
      timer(1),
      timer(2, { family: 2 }),
      timer(3, { key: "l" }),
      timer(4, { tag: "t" }),
      timer(5, { window: SECOND }),
      timer(6, { key: 1 }),
      timer(7, { key: "1" }),
      // Were they merely joined, key and tag of these would be the same.
      timer(8, { tag: "a b", key: "c" }),
      timer(9, { tag: "a", key: "b c" }),
    ];
    const store = storeOf(...all);
    assert.equal(store.size, all.length);
    store.apply([clear(timer(0, { tag: "t" }))]);
    assert.equal(store.size, all.length - 1);
  });

  it("fires one instant at a time for a key and window, for the first may set one that comes before the second", () => {
    const other = timer(6, { key: "other" });
    const store = storeOf(timer(5), timer(7, { tag: "later" }), timer(5, { tag: "same" }), other);
    assert.deepEqual(store.takeDue(at(100)), [timer(5), timer(5, { tag: "same" }), other]);
    assert.deepEqual(fires(store.takeDue(at(100))), [7]);
  });

  it("holds the watermark at the earliest output timestamp, whatever the domain", () => {
    assert.equal(storeOf().hold(MIN_TIMESTAMP), MAX_TIMESTAMP);
    assert.equal(storeOf(timer(5, {}, 4), timer(3, {}, 3), timer(1000, { family: 1 }, 2)).hold(MIN_TIMESTAMP), 2);
  });

  it("holds the watermark where a timer that is due fires, even if it holds nothing back by itself", () => {
    const silent = storeOf(timer(5, {}, MAX_TIMESTAMP));
    assert.equal(silent.hold(5), MAX_TIMESTAMP);
    assert.equal(silent.hold(6), 5);
    assert.equal(storeOf(timer(5, { family: 1 }, MAX_TIMESTAMP)).hold(6), MAX_TIMESTAMP);
  });

  it("forgets timers of windows that are over", () => {
    const store = storeOf(timer(5), timer(15, { window: SECOND }));
    store.expire((window) => window === FIRST);
    assert.deepEqual([store.size, store.next("event-time")], [1, 15]);
  });

  it("does what a list of timers does", () => {
    const address = fc.record({
      family: fc.nat({ max: 2 }),
      key: fc.constantFrom("a", "b"),
      tag: fc.constantFrom("", "t"),
      window: fc.constantFrom(FIRST, SECOND),
    });
    const instant = fc.nat({ max: 20 });
    const step = fc.oneof(
      fc.record({ does: fc.constant("set"), address, fire: instant, hold: instant }),
      fc.record({ does: fc.constant("clear"), address, fire: instant, hold: instant }),
      fc.record({ does: fc.constantFrom("take", "expire", "copy"), address, fire: instant, hold: instant }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        let store = new TimerStore(DOMAINS);
        let model: Timer[] = [];
        const same = (a: TimerAddress, b: TimerAddress): boolean =>
          a.family === b.family && a.key === b.key && a.tag === b.tag && a.window === b.window;
        for (const { does, address: where, fire, hold } of steps) {
          const clocks = at(fire, hold);
          if (does === "set" || does === "clear") {
            model = model.filter((it) => !same(it, where));
            if (does === "set") model.push(timer(fire, where, hold));
            store.apply([does === "set" ? set(timer(fire, where, hold)) : clear(where)]);
          } else if (does === "take") {
            const due = model.filter((it) => (DOMAINS[it.family] === "event-time" ? it.fire < fire : it.fire <= hold));
            const first = due.filter((it) =>
              due.every(
                (other) =>
                  DOMAINS[other.family] !== DOMAINS[it.family] ||
                  other.key !== it.key ||
                  other.window !== it.window ||
                  other.fire >= it.fire,
              ),
            );
            assert.equal(store.isDue(clocks), first.length > 0);
            const taken = store.takeDue(clocks);
            assert.deepEqual(new Set(taken), new Set(first));
            assert.deepEqual(
              fires(taken),
              fires(taken).toSorted((a, b) => a - b),
            );
            model = model.filter((it) => !first.includes(it));
            model = model.filter((it) => !taken.some((gone) => same(gone, it)));
          } else if (does === "expire") {
            store.expire((window) => window === where.window && fire > 15);
            if (fire > 15) model = model.filter(({ window }) => window !== where.window);
          } else store = store.copy();
          assert.equal(store.size, model.length);
          assert.equal(store.hold(MIN_TIMESTAMP), Math.min(MAX_TIMESTAMP, ...model.map((it) => it.hold)));
          for (const domain of ["event-time", "processing-time"] as const) {
            const all = model.filter(({ family }) => DOMAINS[family] === domain);
            assert.equal(store.next(domain), Math.min(Infinity, ...fires(all)));
          }
        }
      }),
      { numRuns: 300 },
    );
  });
});
