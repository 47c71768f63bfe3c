import assert from "node:assert/strict";
import { toJson } from "@bufbuild/protobuf";
import { TriggerSchema } from "../../portability/gen/org/apache/beam/model/pipeline/v1/beam_runner_api_pb.js";
import { Pipeline } from "../pipeline/pipeline.js";
import { GLOBAL_WINDOWING, windowingKey, windowingToProto } from "../pipeline/windowing.js";
import { create } from "../transforms/create.js";
import { groupByKey } from "../transforms/group-by-key.js";
import { triggerToProto } from "./trigger-to-proto.js";
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
import { fixedWindows, globalWindows } from "./window-fns.js";
import { configureWindows, type WindowIntoOptions, windowInto } from "./window-into.js";

const count = (n: number) => ({ elementCount: { elementCount: n } });

describe("triggers", () => {
  const written: readonly [Trigger, unknown][] = [
    [defaultTrigger(), { default: {} }],
    [never(), { never: {} }],
    [always(), { always: {} }],
    [afterCount(3), count(3)],
    [afterSynchronizedProcessingTime(), { afterSynchronizedProcessingTime: {} }],
    [
      afterProcessingTime({ delay: 5, alignTo: { period: 60, offset: 7 } }),
      {
        afterProcessingTime: {
          timestampTransforms: [{ delay: { delayMillis: "5" } }, { alignTo: { period: "60", offset: "7" } }],
        },
      },
    ],
    [afterProcessingTime(), { afterProcessingTime: { timestampTransforms: [{ delay: {} }] } }],
    [
      afterProcessingTime({ alignTo: { period: 60 } }),
      { afterProcessingTime: { timestampTransforms: [{ alignTo: { period: "60" } }] } },
    ],
    [afterWatermark(), { afterEndOfWindow: {} }],
    [
      afterWatermark({ early: repeatedly(afterCount(2)), late: afterCount(1) }),
      { afterEndOfWindow: { earlyFirings: count(2), lateFirings: count(1) } },
    ],
    [afterEach(afterCount(1), always()), { afterEach: { subtriggers: [count(1), { always: {} }] } }],
    [afterAll(afterCount(1), never()), { afterAll: { subtriggers: [count(1), { never: {} }] } }],
    [afterAny(afterCount(1), never()), { afterAny: { subtriggers: [count(1), { never: {} }] } }],
    [repeatedly(afterCount(4)), { repeat: { subtrigger: count(4) } }],
    [orFinally(always(), afterCount(4)), { orFinally: { main: { always: {} }, finally: count(4) } }],
  ];
  for (const [trigger, expected] of written) {
    it(`of the kind ${trigger.kind} are written as the protocol has them: ${JSON.stringify(expected)}`, () => {
      assert.deepEqual(toJson(TriggerSchema, triggerToProto(trigger)), expected);
    });
  }

  it("are refused with numbers that are none", () => {
    const wrong = [
      () => afterCount(0),
      () => afterCount(1.5),
      () => afterCount(2 ** 31),
      () => afterProcessingTime({ delay: -1 }),
      () => afterProcessingTime({ delay: 0.5 }),
      () => afterProcessingTime({ alignTo: { period: 0 } }),
      () => afterAll(),
      () => afterAny(),
      () => afterEach(),
      () => windowInto(fixedWindows(10), { allowedLateness: -1 }),
      () => configureWindows({ allowedLateness: 1.5 }),
    ];
    for (const make of wrong) assert.throws(make, { code: "invalid-argument" });
  });
});

describe("a windowing strategy", () => {
  it("says all that windowInto was told", () => {
    const options: WindowIntoOptions = {
      trigger: afterWatermark({ late: afterCount(1) }),
      allowedLateness: 5,
      accumulationMode: "ACCUMULATING",
      outputTime: "LATEST_IN_PANE",
      onTimeBehavior: "FIRE_IF_NONEMPTY",
      closingBehavior: "EMIT_ALWAYS",
    };
    const { windowing } = new Pipeline().apply(create([1])).apply(windowInto(fixedWindows(10), options));
    const proto = windowingToProto(windowing, "coder", "environment");
    assert.deepEqual(
      [
        proto.trigger?.trigger.case,
        proto.allowedLateness,
        proto.accumulationMode,
        proto.outputTime,
        proto.onTimeBehavior,
        proto.closingBehavior,
      ],
      ["afterEndOfWindow", 5n, 2, 2, 2, 1],
    );
  });

  it("is another one with another trigger, but not for what its author takes upon themself", () => {
    const key = windowingKey(GLOBAL_WINDOWING);
    assert.notEqual(windowingKey({ ...GLOBAL_WINDOWING, trigger: always() }), key);
    assert.notEqual(windowingKey({ ...GLOBAL_WINDOWING, closingBehavior: "EMIT_ALWAYS" }), key);
    assert.equal(windowingKey({ ...GLOBAL_WINDOWING, allowUnsafeTriggers: true }), key);
  });

  it("goes on after a grouping with the continuation of its trigger", () => {
    const { windowing } = new Pipeline()
      .apply(create([{ key: 1, value: 1 }]))
      .apply(windowInto(fixedWindows(10), { trigger: repeatedly(afterCount(7)) }))
      .apply(groupByKey());
    assert.deepEqual(windowing.trigger, repeatedly(afterCount(1)));
  });

  it("may be changed without new windows", () => {
    const windowed = new Pipeline().apply(create([1])).apply(windowInto(fixedWindows(10)));
    const { windowing } = windowed.apply(configureWindows({ trigger: repeatedly(afterCount(2)) }));
    assert.deepEqual(windowing, { ...windowed.windowing, trigger: repeatedly(afterCount(2)) });
  });

  const windowed = (options: WindowIntoOptions) => () =>
    new Pipeline().apply(create([1])).apply("Hourly", windowInto(fixedWindows(10), options));

  it("is refused with a trigger that may lose data, unless that is meant", () => {
    assert.throws(windowed({ trigger: afterCount(2) }), {
      code: "invalid-argument",
      where: "Hourly",
      remedy: /repeatedly.*allowUnsafeTriggers: true/,
    });
    assert.throws(windowed({ trigger: afterWatermark(), allowedLateness: 1 }), { remedy: /late: afterCount/ });
    windowed({ trigger: afterWatermark() })();
    windowed({ trigger: afterCount(2), allowUnsafeTriggers: true })();
  });

  it("is refused with a trigger that never fires, unless that is meant", () => {
    assert.throws(windowed({ trigger: never() }), { where: "Hourly", message: /never fires/ });
    windowed({ trigger: never(), allowUnsafeTriggers: true })();
  });

  it("remembers later what was meant", () => {
    windowed({ trigger: afterCount(2), allowUnsafeTriggers: true })().apply(windowInto(globalWindows()));
  });
});
