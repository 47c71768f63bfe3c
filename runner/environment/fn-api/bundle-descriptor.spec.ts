import assert from "node:assert/strict";
import { fromBinary } from "@bufbuild/protobuf";
import { WindowTable } from "../../../portability/execution/window-table.js";
import { RemoteGrpcPortSchema } from "../../../portability/gen/org/apache/beam/model/fn_execution/v1/beam_fn_api_pb.js";
import { ParDoPayloadSchema } from "../../../portability/gen/org/apache/beam/model/pipeline/v1/beam_runner_api_pb.js";
import { StandardCoders } from "../../../portability/urns.js";
import { describeStage, SINK_URN, SOURCE_URN } from "./bundle-descriptor.js";
import { DO, IN, OUT, SIDE, type StageInit, stageWith } from "./testing/stage.js";

const { Enum: URN } = StandardCoders;

function describedStage(init: StageInit) {
  const stage = stageWith(init);
  const { descriptor, sources, sinks } = describeStage("descriptor", stage, new WindowTable(), "host:1");
  /** A coder with its components: `kv(string_utf8, length_prefix(own:coder))`. */
  const coder = (id: string): string => {
    const { spec, componentCoderIds } = descriptor.coders[id]!;
    const name = /^beam:coder:(.*):v1$/.exec(spec!.urn)?.[1] ?? spec!.urn;
    return componentCoderIds.length === 0 ? name : `${name}(${componentCoderIds.map(coder).join(", ")})`;
  };
  return { stage, descriptor, coder, source: sources[0]!.transform, sink: sinks[0]!.transform };
}

describe("a bundle descriptor", () => {
  it("has a source for each input and a sink for each output, at the runner's address", () => {
    const { descriptor, coder, source, sink } = describedStage({ coder: "own-pair" });
    const ports = [
      [source, SOURCE_URN],
      [sink, SINK_URN],
    ].map(([id, urn]) => {
      const { spec, inputs, outputs } = descriptor.transforms[id!]!;
      assert.equal(spec!.urn, urn);
      const { apiServiceDescriptor, coderId } = fromBinary(RemoteGrpcPortSchema, spec!.payload);
      assert.equal(apiServiceDescriptor!.url, "host:1");
      assert.equal(coder(coderId), "windowed_value(kv(string_utf8, length_prefix(own:coder)), interval_window)");
      return { inputs, outputs };
    });
    assert.deepEqual(Object.values(ports[0]!.outputs), [IN]);
    assert.deepEqual(Object.values(ports[1]!.inputs), [OUT]);
    assert.equal(descriptor.transforms[DO]!.uniqueName, DO);
  });

  it("reads what comes from outside by the wire's coders, and leaves those between its transforms alone", () => {
    const { descriptor, coder } = describedStage({ coder: "own-pair", sideInputs: ["s"] });
    const onWire = "kv(string_utf8, length_prefix(own:coder))";
    assert.equal(coder(descriptor.pcollections[IN]!.coderId), onWire);
    assert.equal(coder(descriptor.pcollections[SIDE]!.coderId), onWire);
    assert.equal(descriptor.pcollections[OUT]!.coderId, "own-pair");
    assert.equal(coder(descriptor.windowingStrategies["fixed"]!.windowCoderId), "interval_window");
  });

  it("lets tokens stand for the values of groups, for workers that announce it", () => {
    const portOf = (init: StageInit): string => {
      const { descriptor, coder, source } = describedStage(init);
      return coder(fromBinary(RemoteGrpcPortSchema, descriptor.transforms[source]!.spec!.payload).coderId);
    };
    const capabilities = [URN.STATE_BACKED_ITERABLE];
    const ports = [portOf({ coder: "group" }), portOf({ coder: "group", capabilities }), portOf({ capabilities })];
    assert.deepEqual(
      ports.map((port) => port.replace(/^windowed_value\((.*), interval_window\)$/, "$1")),
      ["kv(string_utf8, iterable(bytes))", "kv(string_utf8, state_backed_iterable(bytes))", "kv(string_utf8, bytes)"],
    );
  });

  it("has the wire's coders in the specs of state and timers, and leaves the pipeline's as they are", () => {
    const { stage, descriptor, coder } = describedStage({
      states: { bag: { case: "bagSpec", value: { elementCoderId: "own" } } },
      timers: { timers: "event-time" },
    });
    const payload = fromBinary(ParDoPayloadSchema, descriptor.transforms[DO]!.spec!.payload);
    const spec = payload.stateSpecs["bag"]!.spec.value as { elementCoderId: string };
    assert.equal(coder(spec.elementCoderId), "length_prefix(own:coder)");
    assert.equal(coder(payload.timerFamilySpecs["timers"]!.timerFamilyCoderId), "timer(string_utf8, interval_window)");
    const submitted = fromBinary(ParDoPayloadSchema, stage.components.transforms[DO]!.spec!.payload);
    assert.equal((submitted.stateSpecs["bag"]!.spec.value as { elementCoderId: string }).elementCoderId, "own");
  });

  it("names the endpoints for state and timers, and every coder that it mentions", () => {
    const { descriptor } = describedStage({ coder: "own-pair" });
    assert.equal(descriptor.stateApiServiceDescriptor!.url, "host:1");
    assert.equal(descriptor.timerApiServiceDescriptor!.url, "host:1");
    for (const { componentCoderIds } of Object.values(descriptor.coders)) {
      for (const id of componentCoderIds) assert.ok(descriptor.coders[id] !== undefined, id);
    }
    assert.equal(descriptor.coders["own"]!.spec!.urn, "own:coder");
    assert.equal(descriptor.coders["window"]!.spec!.urn, URN.INTERVAL_WINDOW);
  });
});
