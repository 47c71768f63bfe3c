import assert from "node:assert/strict";
import { create } from "@bufbuild/protobuf";
import { WindowingStrategySchema } from "../../portability/gen/org/apache/beam/model/pipeline/v1/beam_runner_api_pb.js";
import { GLOBAL_WINDOWING, type WindowingStrategy, windowingKey, windowingToProto } from "../pipeline/windowing.js";
import {
  afterAll,
  afterAny,
  afterCount,
  afterEach,
  afterProcessingTime,
  afterSynchronizedProcessingTime,
  afterWatermark,
  always,
  never,
  orFinally,
  repeatedly,
} from "./triggers.js";
import { windowingFromProto } from "./windowing-from-proto.js";

const STRATEGIES: readonly Partial<WindowingStrategy>[] = [
  {},
  { windowFn: { kind: "fixed", size: 5000, offset: 1000 }, allowedLateness: 60_000, accumulationMode: "ACCUMULATING" },
  { windowFn: { kind: "sliding", size: 5000, period: 1000, offset: 0 }, outputTime: "EARLIEST_IN_PANE" },
  { windowFn: { kind: "sessions", gap: 5000 }, onTimeBehavior: "FIRE_IF_NONEMPTY", closingBehavior: "EMIT_ALWAYS" },
  {
    trigger: afterWatermark({ early: afterCount(2), late: afterProcessingTime({ delay: 1000 }) }),
    accumulationMode: "RETRACTING",
  },
  { trigger: repeatedly(afterAny(afterCount(1), afterSynchronizedProcessingTime())), outputTime: "LATEST_IN_PANE" },
  { trigger: orFinally(afterAll(afterCount(3), always()), afterEach(afterCount(1), never())) },
];

describe("windowing of other SDKs", () => {
  it("is read as this SDK writes it", () => {
    for (const strategy of STRATEGIES) {
      const whole = { ...GLOBAL_WINDOWING, ...strategy };
      const read = windowingFromProto(windowingToProto(whole, "coder", "environment"), "test");
      assert.equal(windowingKey(read), windowingKey(whole));
    }
  });

  it("is refused where its windows are not known here", () => {
    const proto = create(WindowingStrategySchema, { windowFn: { urn: "test:windows:v1" } });
    assert.throws(() => windowingFromProto(proto, "there"), {
      code: "unsupported",
      where: "there",
      what: /test:windows:v1/,
    });
  });
});
