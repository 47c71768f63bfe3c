import assert from "node:assert/strict";
import { continuationOf, everFires, mayLoseData } from "./trigger-rules.js";
import {
  afterAll,
  afterAny,
  afterCount,
  afterEach,
  afterProcessingTime,
  afterSynchronizedProcessingTime,
  afterWatermark,
  always,
  defaultTrigger,
  never,
  orFinally,
  repeatedly,
  type Trigger,
} from "./triggers.js";

const processingTime = afterProcessingTime({ delay: 10 });
const synchronized = afterSynchronizedProcessingTime();

describe("the trigger after a grouping", () => {
  const cases: readonly [string, Trigger, Trigger][] = [
    ["of the default one is the same", defaultTrigger(), defaultTrigger()],
    ["of never is the same", never(), never()],
    ["of always is the same", always(), always()],
    ["of a count lets each pane through", afterCount(100), afterCount(1)],
    ["of processing time does not wait a second time", processingTime, synchronized],
    ["of synchronized processing time is the same", synchronized, synchronized],
    [
      "of the watermark has early and late ones that let panes through",
      afterWatermark({ early: processingTime, late: afterCount(20) }),
      afterWatermark({ early: synchronized, late: afterCount(1) }),
    ],
    ["of the watermark alone is the same", afterWatermark(), afterWatermark()],
    ["of all is all of theirs", afterAll(afterCount(2), processingTime), afterAll(afterCount(1), synchronized)],
    ["of any is any of theirs", afterAny(afterCount(2), processingTime), afterAny(afterCount(1), synchronized)],
    [
      "of one after another is any of theirs, again and again",
      afterEach(afterCount(2), processingTime),
      repeatedly(afterAny(afterCount(1), synchronized)),
    ],
    ["of a repeated one is repeated", repeatedly(afterCount(10)), repeatedly(afterCount(1))],
    [
      "of one that ends is repeated, for panes may come in any order",
      orFinally(repeatedly(afterCount(2)), afterCount(9)),
      repeatedly(orFinally(repeatedly(afterCount(1)), afterCount(1))),
    ],
  ];
  for (const [what, trigger, expected] of cases) {
    it(what, () => assert.deepEqual(continuationOf(trigger), expected));
  }
});

describe("a trigger may lose data", () => {
  const cases: readonly [string, Trigger, boolean][] = [
    ["if it counts", afterCount(2), true],
    ["if it waits", processingTime, true],
    ["if it waits with others", synchronized, true],
    ["not if it counts again and again", repeatedly(afterCount(2)), false],
    ["not if it is the default one", defaultTrigger(), false],
    ["not if it always fires", always(), false],
    ["not if it never fires: what is left comes when the window expires", never(), false],
    ["if it says nothing of what is late", afterWatermark({ early: afterCount(1) }), true],
    ["not if it says so", afterWatermark({ late: afterCount(1) }), false],
    ["if all its parts may", afterAll(afterCount(1), processingTime), true],
    ["not if one of all does not", afterAll(afterCount(1), repeatedly(afterCount(1))), false],
    ["if any of any may", afterAny(repeatedly(afterCount(5)), afterCount(9)), true],
    ["not if the last of several goes on", afterEach(afterCount(1), repeatedly(afterCount(5))), false],
    ["if it has an end", orFinally(repeatedly(afterCount(1)), afterCount(9)), true],
  ];
  for (const [what, trigger, expected] of cases) {
    it(what, () => assert.equal(mayLoseData(trigger, 10), expected));
  }

  it("not with the watermark where nothing late is taken", () => {
    assert.equal(mayLoseData(afterWatermark(), 0), false);
  });
});

describe("a trigger fires some time", () => {
  const cases: readonly [Trigger, boolean][] = [
    [never(), false],
    [afterAll(afterCount(1), never()), false],
    [afterAny(afterCount(1), never()), true],
    [afterEach(afterCount(1), never()), true],
    [afterEach(never(), afterCount(1)), false],
    [repeatedly(never()), false],
    [orFinally(never(), never()), false],
    [orFinally(never(), afterCount(1)), true],
    [afterWatermark({ early: never() }), true],
    [always(), true],
  ];
  for (const [trigger, expected] of cases) {
    it(`${expected ? "as does" : "unlike"} ${JSON.stringify(trigger)}`, () =>
      assert.equal(everFires(trigger), expected));
  }
});
