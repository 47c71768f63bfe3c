import assert from "node:assert/strict";
import { MAX_TIMESTAMP } from "../../portability/execution/time.js";
import {
  copyTriggerState,
  elementAdded,
  fired,
  mergedTriggerState,
  newTriggerState,
  nextProcessingTime,
  shouldFire,
  type Trigger,
  type TriggerState,
} from "./trigger.js";

/** What happens to a window: an element, its end, or processing time. */
type Event = "e" | "end" | number;

/** A window of one key, as its trigger sees it. */
class WindowUnderTest {
  state: TriggerState;
  now = 0;
  windowEnded = false;
  /** Elements since the last pane. */
  #pending = 0;

  constructor(
    readonly trigger: Trigger,
    readonly merging = false,
  ) {
    this.state = newTriggerState(trigger);
  }

  get time() {
    return { now: this.now, windowEnded: this.windowEnded };
  }

  /** @returns how many elements the pane has that is emitted thereupon; undefined if none is. */
  happens(event: Event): number | undefined {
    if (this.state.finished) return undefined;
    if (event === "e") {
      this.#pending++;
      elementAdded(this.trigger, this.state, this.time, this.merging);
    } else if (event === "end") this.windowEnded = true;
    else this.now = event;
    if (!shouldFire(this.trigger, this.state, this.time)) return undefined;
    fired(this.trigger, this.state, this.time);
    const pane = this.#pending;
    this.#pending = 0;
    return pane;
  }
}

/** The panes of events as text, such as `e e:2 end:0 |`: numbers of elements, and where the trigger finished. */
function play(trigger: Trigger, ...events: readonly Event[]): string {
  const window = new WindowUnderTest(trigger);
  return events
    .flatMap((event) => {
      const wasFinished = window.state.finished;
      const pane = window.happens(event);
      const text = pane === undefined ? `${event}` : `${event}:${pane}`;
      return !wasFinished && window.state.finished ? [text, "|"] : [text];
    })
    .join(" ");
}

const count = (n: number): Trigger => ({ kind: "element-count", count: n });
const repeat = (part: Trigger): Trigger => ({ kind: "repeat", part });
const delay = (ms: number): Trigger => ({ kind: "processing-time", transforms: [{ kind: "delay", delay: ms }] });
const endOfWindow = (early?: Trigger, late?: Trigger): Trigger => ({
  kind: "end-of-window",
  ...(early === undefined ? {} : { early }),
  ...(late === undefined ? {} : { late }),
});

describe("the default trigger", () => {
  it("fires at the end of the window, then for every late element", () => {
    assert.equal(play({ kind: "default" }, "e", "e", "end", "e", "e"), "e e end:2 e:1 e:1");
  });
});

describe("a trigger that never fires", () => {
  it("does not, and does not finish either", () => {
    assert.equal(play({ kind: "never" }, "e", "end", "e", 1000), "e end e 1000");
  });
});

describe("a trigger that always fires", () => {
  it("does so for each element and at the end of the window", () => {
    assert.equal(play({ kind: "always" }, "e", "end", "e"), "e:1 end:0 e:1");
  });
});

describe("a trigger of element count", () => {
  it("fires once, and finishes", () => {
    assert.equal(play(count(2), "e", "end", "e", "e"), "e end e:2 | e");
  });
});

describe("a trigger of processing time", () => {
  it("fires some time after the first element, once", () => {
    assert.equal(play(delay(10), "e", 5, "e", 9, 10, "e"), "e 5 e 9 10:2 | e");
    assert.equal(play(delay(10), 100, "e", 109, 110), "100 e 109 110:1 |");
  });

  it("fires with the element where there is no delay", () => {
    assert.equal(play({ kind: "processing-time", transforms: [] }, "e"), "e:1 |");
  });

  it("waits for the next instant of a grid", () => {
    const at = (now: number, period: number, offset: number, ms = 0): number => {
      const trigger: Trigger = {
        kind: "processing-time",
        transforms: [
          { kind: "align", period, offset },
          { kind: "delay", delay: ms },
        ],
      };
      const state = newTriggerState(trigger);
      elementAdded(trigger, state, { now, windowEnded: false }, false);
      return state.at!;
    };
    assert.equal(at(21, 10, 0), 30);
    assert.equal(at(30, 10, 0), 30);
    assert.equal(at(21, 10, 3), 23);
    assert.equal(at(21, 10, 0, 5), 35);
    // A grid may begin later than now.
    assert.equal(at(21, 10, 1003), 23);
    assert.equal(at(21, 0, 0), 21);
  });

  it("says when it is to be asked next, and no more when that has come", () => {
    const both: Trigger = { kind: "all", parts: [delay(10), count(2)] };
    const window = new WindowUnderTest(both);
    assert.equal(nextProcessingTime(both, window.state, 0), MAX_TIMESTAMP);
    window.happens("e");
    assert.equal(nextProcessingTime(both, window.state, 0), 10);
    assert.equal(window.happens(10), undefined);
    // Now it waits for an element.
    assert.equal(nextProcessingTime(both, window.state, 10), MAX_TIMESTAMP);
    assert.equal(window.happens("e"), 2);
  });
});

describe("a trigger of the end of the window", () => {
  it("fires there, and finishes", () => {
    assert.equal(play(endOfWindow(), "e", "end", "e"), "e end:1 | e");
  });

  it("fires early, again and again, until then", () => {
    assert.equal(play(endOfWindow(count(2)), "e", "e", "e", "e", "e", "end"), "e e:2 e e:2 e end:1 |");
  });

  it("fires late, again and again, from then on", () => {
    assert.equal(play(endOfWindow(undefined, count(2)), "e", "end", "e", "e", "e", "e"), "e end:1 e e:2 e e:2");
  });

  it("fires early, on time and late", () => {
    const trigger = endOfWindow(count(1), count(1));
    assert.equal(play(trigger, "e", "end", "e"), "e:1 end:0 e:1");
  });

  it("does not count what came before the end for what is late", () => {
    assert.equal(play(endOfWindow(count(3), count(2)), "e", "e", "end", "e", "e"), "e e end:2 e e:2");
  });
});

describe("triggers of triggers", () => {
  it("repeat one", () => {
    assert.equal(play(repeat(count(2)), "e", "e", "e", "end", "e", "e"), "e e:2 e end e:2 e");
    assert.equal(play(repeat(delay(10)), "e", 10, 15, "e", 24, 25), "e 10:1 15 e 24 25:1");
  });

  it("wait for all", () => {
    const both: Trigger = { kind: "all", parts: [count(2), endOfWindow()] };
    assert.equal(play(both, "e", "e", "end", "e"), "e e end:2 | e");
    assert.equal(play(both, "end", "e", "e"), "end e e:2 |");
  });

  it("fire with any, which is the end of all", () => {
    const either: Trigger = { kind: "any", parts: [count(2), delay(10)] };
    assert.equal(play(either, "e", "e", 10), "e e:2 | 10");
    assert.equal(play(either, "e", 10, "e"), "e 10:1 | e");
    assert.equal(play(repeat(either), "e", 10, "e", "e", "e", 20), "e 10:1 e e:2 e 20:1");
  });

  it("fire one after another", () => {
    const sequence: Trigger = { kind: "each", parts: [count(1), count(2), endOfWindow()] };
    assert.equal(play(sequence, "e", "e", "e", "e", "end", "e"), "e:1 e e:2 e end:1 | e");
  });

  it("count only what came since the one before, be it that windows merge", () => {
    const sequence: Trigger = { kind: "each", parts: [count(2), count(3)] };
    for (const merging of [false, true]) {
      const window = new WindowUnderTest(sequence, merging);
      const panes = Array.from({ length: 5 }, () => window.happens("e"));
      assert.deepEqual(panes, [undefined, 2, undefined, undefined, 3]);
      assert.equal(window.state.finished, true);
    }
  });

  it("fire as one does until another does", () => {
    const limited: Trigger = { kind: "or-finally", main: repeat(count(2)), until: endOfWindow() };
    assert.equal(play(limited, "e", "e", "e", "end", "e"), "e e:2 e end:1 | e");
    const counted: Trigger = { kind: "or-finally", main: count(3), until: delay(5) };
    assert.equal(play(counted, "e", "e", "e"), "e e e:3 |");
    assert.equal(play(counted, "e", 5), "e 5:1 |");
  });
});

describe("the trigger of windows that merge", () => {
  const merged = (trigger: Trigger, windowEnded: boolean, ...all: readonly (readonly Event[])[]): WindowUnderTest => {
    const windows = all.map((events) => {
      const window = new WindowUnderTest(trigger, true);
      for (const event of events) window.happens(event);
      return window;
    });
    const result = new WindowUnderTest(trigger, true);
    result.windowEnded = windowEnded;
    result.state = mergedTriggerState(
      trigger,
      windows.map(({ state }) => state),
      result.time,
    );
    return result;
  };

  it("counts the elements of all", () => {
    const window = merged(repeat(count(4)), false, ["e"], ["e", "e"]);
    assert.notEqual(window.happens("e"), undefined);
  });

  it("waits for the earliest of their times", () => {
    const { trigger, state } = merged(delay(10), false, [50, "e"], [20, "e"], []);
    assert.equal(nextProcessingTime(trigger, state, 0), 30);
  });

  it("goes on where one of them was, for what has fired once", () => {
    const sequence: Trigger = { kind: "each", parts: [count(2), count(3)] };
    const window = merged(sequence, false, ["e", "e", "e"], ["e"]);
    // One element came after the first pane, and one in the other window; the third is this one.
    assert.notEqual(window.happens("e"), undefined);
    const timed: Trigger = { kind: "each", parts: [delay(10), count(2)] };
    assert.equal(nextProcessingTime(timed, merged(timed, false, ["e", 10], [5, "e"]).state, 0), MAX_TIMESTAMP);
  });

  it("is on time again, if the window that they have become has not ended", () => {
    const window = merged(endOfWindow(undefined, repeat(count(1))), false, ["e", "end"], ["e"]);
    assert.equal(window.happens("e"), undefined);
    assert.notEqual(window.happens("end"), undefined);
  });

  it("is late, if it has ended and one of them was on time", () => {
    const window = merged(endOfWindow(undefined, count(3)), true, ["e", "end"], ["e"]);
    assert.equal(window.happens("e"), undefined);
    assert.notEqual(window.happens("e"), undefined);
  });

  it("has finished where parts of it have that are enough for it", () => {
    const finished = (trigger: Trigger, ...all: readonly (readonly Event[])[]): boolean =>
      merged(trigger, false, ...all).state.finished;
    assert.equal(finished({ kind: "any", parts: [count(1), count(2)] }, ["e"], []), true);
    assert.equal(finished({ kind: "all", parts: [count(1), count(2)] }, ["e"], ["e"]), false);
    assert.equal(finished({ kind: "or-finally", main: count(3), until: count(1) }, ["e"], []), true);
    assert.equal(finished(repeat(count(1)), ["e"], ["e"]), false);
    assert.equal(finished({ kind: "default" }, ["e"], ["e"]), false);
  });
});

describe("a copy of a trigger's state", () => {
  it("goes on by itself", () => {
    const trigger = repeat({ kind: "each", parts: [count(2), endOfWindow()] });
    const window = new WindowUnderTest(trigger);
    window.happens("e");
    const before = copyTriggerState(window.state);
    assert.notEqual(window.happens("e"), undefined);
    window.state = before;
    assert.notEqual(window.happens("e"), undefined);
  });
});
