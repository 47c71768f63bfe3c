import assert from "node:assert/strict";
import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { TriggerSchema } from "../../portability/gen/org/apache/beam/model/pipeline/v1/beam_runner_api_pb.js";
import { triggerFromProto } from "./trigger-from-proto.js";

type Init = MessageInitShape<typeof TriggerSchema>;

const read = (trigger: Init["trigger"]) => triggerFromProto(create(TriggerSchema, { trigger } as Init));
const COUNT = { trigger: { case: "elementCount", value: { elementCount: 3 } } } as const;
const NEVER = { trigger: { case: "never", value: {} } } as const;
const [count, never] = [{ kind: "element-count", count: 3 }, { kind: "never" }];

describe("a trigger of the protocol", () => {
  it("is the default one where none is named", () => {
    assert.deepEqual(triggerFromProto(undefined), { kind: "default" });
    assert.deepEqual(read(undefined), { kind: "default" });
    assert.deepEqual(read({ case: "default", value: {} }), { kind: "default" });
  });

  it("may be a simple one", () => {
    assert.deepEqual(read(NEVER.trigger), never);
    assert.deepEqual(read({ case: "always", value: {} }), { kind: "always" });
    assert.deepEqual(read(COUNT.trigger), count);
  });

  it("may wait for processing time, changed by delays and grids in their order", () => {
    const timestampTransforms = [
      { timestampTransform: { case: "delay", value: { delayMillis: 10n } } },
      { timestampTransform: { case: "alignTo", value: { period: 60_000n, offset: 5n } } },
      {},
    ] as const;
    assert.deepEqual(
      read({
        case: "afterProcessingTime",
        value: { timestampTransforms: [...timestampTransforms] },
      } as Init["trigger"]),
      {
        kind: "processing-time",
        transforms: [
          { kind: "delay", delay: 10 },
          { kind: "align", period: 60_000, offset: 5 },
        ],
      },
    );
    // By the one clock that there is, everybody has come as far as now when it next moves.
    const next = { kind: "processing-time", transforms: [{ kind: "delay", delay: 1 }] };
    assert.deepEqual(read({ case: "afterSynchronizedProcessingTime", value: {} }), next);
  });

  it("may wait for the end of the window, with early and late ones or without", () => {
    assert.deepEqual(read({ case: "afterEndOfWindow", value: {} }), { kind: "end-of-window" });
    assert.deepEqual(read({ case: "afterEndOfWindow", value: { earlyFirings: COUNT, lateFirings: NEVER } }), {
      kind: "end-of-window",
      early: count,
      late: never,
    });
  });

  it("may be made of others", () => {
    const subtriggers = [COUNT, NEVER];
    for (const [name, kind] of [
      ["afterAll", "all"],
      ["afterAny", "any"],
      ["afterEach", "each"],
    ] as const) {
      assert.deepEqual(read({ case: name, value: { subtriggers } }), { kind, parts: [count, never] });
    }
    assert.deepEqual(read({ case: "repeat", value: { subtrigger: COUNT } }), { kind: "repeat", part: count });
    assert.deepEqual(read({ case: "orFinally", value: { main: COUNT, finally: NEVER } }), {
      kind: "or-finally",
      main: count,
      until: never,
    });
  });
});
