import assert from "node:assert/strict";
import { fromBinary, toJson } from "@bufbuild/protobuf";
import { STRING_CODER, VARINT_CODER } from "../../portability/coders/index.js";
import {
  ParDoPayloadSchema,
  type Pipeline as PipelineProto,
} from "../../portability/gen/org/apache/beam/model/pipeline/v1/beam_runner_api_pb.js";
import { sum } from "../combiners/sum.js";
import { Pipeline } from "../pipeline/pipeline.js";
import { create } from "../transforms/create.js";
import { fixedWindows } from "../windowing/window-fns.js";
import { windowInto } from "../windowing/window-into.js";
import { bundleFinalizer } from "./bundle-finalizer.js";
import {
  bagState,
  combiningState,
  mapState,
  multimapState,
  orderedListState,
  setState,
  valueState,
} from "./state-param.js";
import { eventTimer, processingTimer } from "./timers.js";

/** The payload of the step called Step, as JSON, and all of the pipeline. */
function stepOf(build: (pipeline: Pipeline) => unknown): { payload: Record<string, unknown>; proto: PipelineProto } {
  const pipeline = new Pipeline();
  build(pipeline);
  const proto = pipeline.toProto();
  const payload = fromBinary(ParDoPayloadSchema, proto.components!.transforms["Step"]!.spec!.payload);
  return { payload: toJson(ParDoPayloadSchema, payload) as Record<string, unknown>, proto };
}

const source = (pipeline: Pipeline) => pipeline.apply(create([{ key: "a", value: 1 }]));
const process = (): void => {};

describe("the payload of a ParDo", () => {
  it("has the states of its function, with their coders and protocols", () => {
    const { payload, proto } = stepOf((pipeline) =>
      source(pipeline).parDo(
        "Step",
        { process },
        {
          a: valueState("value", STRING_CODER),
          b: bagState("bag", STRING_CODER),
          c: setState("set", STRING_CODER),
          d: combiningState("combining", sum),
          e: mapState("map", { key: STRING_CODER, value: VARINT_CODER }),
          f: multimapState("multimap", { key: STRING_CODER, value: VARINT_CODER }),
          g: orderedListState("list", STRING_CODER),
        },
      ),
    );
    const protocol = (kind: string) => ({ urn: `beam:user_state:${kind}:v1` });
    const combineFn = (payload["stateSpecs"] as Record<string, { combiningSpec?: { combineFn: unknown } }>)["combining"]
      ?.combiningSpec?.combineFn;
    assert.deepEqual(payload["stateSpecs"], {
      value: { readModifyWriteSpec: { coderId: "c_string_utf8" }, protocol: protocol("bag") },
      bag: { bagSpec: { elementCoderId: "c_string_utf8" }, protocol: protocol("bag") },
      set: { setSpec: { elementCoderId: "c_string_utf8" }, protocol: protocol("bag") },
      combining: { combiningSpec: { accumulatorCoderId: "c_js", combineFn }, protocol: protocol("bag") },
      map: {
        mapSpec: { keyCoderId: "c_string_utf8", valueCoderId: "c_varint" },
        protocol: protocol("multimap"),
      },
      multimap: {
        multimapSpec: { keyCoderId: "c_string_utf8", valueCoderId: "c_varint" },
        protocol: protocol("multimap"),
      },
      list: { orderedListSpec: { elementCoderId: "c_string_utf8" }, protocol: protocol("ordered_list") },
    });
    assert.deepEqual(proto.requirements, ["beam:requirement:pardo:stateful:v1"]);
  });

  it("has the timers of its function, with a coder for their keys and windows", () => {
    const { payload, proto } = stepOf((pipeline) =>
      source(pipeline)
        .apply(windowInto(fixedWindows(10)))
        .parDo(
          "Step",
          { process, onTimer: { a: () => {}, b: () => {} } },
          { a: eventTimer("event"), b: processingTimer("processing") },
        ),
    );
    const timerFamilyCoderId = "c_timer_js_interval_window";
    assert.deepEqual(payload["timerFamilySpecs"], {
      event: { timeDomain: "EVENT_TIME", timerFamilyCoderId },
      processing: { timeDomain: "PROCESSING_TIME", timerFamilyCoderId },
    });
    assert.equal(proto.components!.coders[timerFamilyCoderId]?.spec?.urn, "beam:coder:timer:v1");
    assert.deepEqual(proto.requirements, ["beam:requirement:pardo:stateful:v1"]);
  });

  it("says what its function asks of its input and its bundles", () => {
    const { payload, proto } = stepOf((pipeline) =>
      source(pipeline).parDo(
        "Step",
        { process, requiresStableInput: true, requiresTimeSortedInput: true, onWindowExpiration: () => {} },
        { done: bundleFinalizer() },
      ),
    );
    assert.equal(payload["requiresStableInput"], true);
    assert.equal(payload["requiresTimeSortedInput"], true);
    assert.equal(payload["requestsFinalization"], true);
    const family = payload["onWindowExpirationTimerFamilySpec"] as string;
    assert.ok(family in (payload["timerFamilySpecs"] as object));
    assert.deepEqual(
      proto.requirements,
      ["finalization", "on_window_expiration", "stable_input", "stateful", "time_sorted_input"].map(
        (what) => `beam:requirement:pardo:${what}:v1`,
      ),
    );
  });

  it("has none of that for a function that needs none", () => {
    const { payload, proto } = stepOf((pipeline) => source(pipeline).parDo("Step", { process }));
    assert.deepEqual(Object.keys(payload), ["doFn"]);
    assert.deepEqual(proto.requirements, []);
  });

  it("has a digest of the callbacks, too", () => {
    const digestOf = (flush: () => string[]): unknown =>
      stepOf((pipeline) => source(pipeline).parDo("Step", { process, onTimer: { flush } }, { flush: eventTimer("f") }))
        .payload["doFn"];
    assert.deepEqual(
      digestOf(() => ["a"]),
      digestOf(() => ["a"]),
    );
    assert.notDeepEqual(
      digestOf(() => ["a"]),
      digestOf(() => ["b"]),
    );
  });
});
