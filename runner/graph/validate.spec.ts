import assert from "node:assert/strict";
import { create, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import { GirderError } from "../../portability/errors.js";
import {
  type AccumulationMode_Enum,
  CoderSchema,
  type TestStreamPayload_EventSchema,
  TestStreamPayloadSchema,
} from "../../portability/gen/org/apache/beam/model/pipeline/v1/beam_runner_api_pb.js";
import {
  GlobalWindowsPayload,
  StandardCoders,
  StandardPTransforms,
  StandardRequirements,
} from "../../portability/urns.js";
import { type Capabilities, DEFAULT_CAPABILITIES } from "./capabilities.js";
import { plan } from "./plan.js";
import { PipelineBuilder } from "./testing.js";

const GLOBAL = { urn: GlobalWindowsPayload.Enum.PROPERTIES };

/** What a runner does that knows neither state nor test streams, and asks nobody about windows. */
const FEW: Capabilities = {
  ...DEFAULT_CAPABILITIES,
  transforms: new Set(
    [...DEFAULT_CAPABILITIES.transforms].filter((urn) => urn !== StandardPTransforms.Primitives.TEST_STREAM),
  ),
  requirements: new Set([StandardRequirements.Enum.REQUIRES_SPLITTABLE_DOFN]),
  customWindowFns: false,
};

/** The code of the refusal, and its lines without the remedies. */
function refusal(pipeline: PipelineBuilder, requirements: readonly string[] = []): [string, ...string[]] {
  try {
    plan(pipeline.build(requirements), FEW);
  } catch (error) {
    assert.ok(error instanceof GirderError);
    const [, ...lines] = error.what.split("\n");
    return [error.code, ...lines.map((line) => line.slice(2, line.indexOf(". ")))];
  }
  return assert.fail("the pipeline was accepted");
}

function testStreamSpec(payload: MessageInitShape<typeof TestStreamPayloadSchema>) {
  return {
    urn: StandardPTransforms.Primitives.TEST_STREAM,
    payload: toBinary(TestStreamPayloadSchema, create(TestStreamPayloadSchema, payload)),
  };
}

describe("validate", () => {
  it("lists every reason in one error, with a way out", () => {
    const pipeline = new PipelineBuilder();
    const input = pipeline.impulse("impulse");
    pipeline.parDo("stateful", input, {
      payload: { stateSpecs: { bag: { spec: { case: "bagSpec", value: { elementCoderId: "bytes" } } } } },
    });
    pipeline.transform("odd", { spec: { urn: "test:odd" }, inputs: { in: input } });
    assert.throws(() => plan(pipeline.build(), FEW), {
      code: "unsupported",
      what: `The pipeline cannot run, for 2 reasons:
- stateful: it uses state or timers, which is not supported. Do without it, or run the pipeline on another runner.
- odd: transforms of the kind test:odd are not supported. Use a transform that its SDK expands into standard ones, or run it on another runner.`,
    });
  });

  it("names contradictions first and mixes them with what is not supported", () => {
    const pipeline = new PipelineBuilder();
    pipeline.parDo("a", pipeline.impulse("impulse"), { environment: "nowhere" });
    pipeline.transform("source", { spec: testStreamSpec({ coderId: "bytes" }) });
    assert.deepEqual(refusal(pipeline), [
      "invalid-pipeline",
      "a: its environment nowhere does not exist",
      "source: transforms of the kind beam:transform:teststream:v1 are not supported",
    ]);
  });

  it("reads what test streams say", () => {
    const pipeline = new PipelineBuilder();
    const broken = { urn: StandardPTransforms.Primitives.TEST_STREAM, payload: Uint8Array.of(0x0a, 7) };
    pipeline.transform("broken", { spec: broken });
    const watermark = (tag: string): MessageInitShape<typeof TestStreamPayload_EventSchema> => {
      return { event: { case: "watermarkEvent", value: { newWatermark: 1n, tag } } };
    };
    const events = [watermark("lost"), watermark("lost")];
    pipeline.transform("stream", { spec: testStreamSpec({ coderId: "odd", events }), outputs: { a: "a", b: "b" } });
    assert.deepEqual(refusal(pipeline).slice(0, 4), [
      "invalid-pipeline",
      "broken: its payload cannot be read: premature EOF",
      "stream: the coder odd does not exist",
      'stream: an event is of an output "lost", which it does not have',
    ]);
  });

  it("finds references that lead nowhere", () => {
    const pipeline = new PipelineBuilder();
    pipeline.parDo("a", pipeline.impulse("impulse"), { outputs: ["x", "y", "z"] });
    pipeline.composite("outer", ["a"]);
    pipeline.tamper((components) => {
      components.pcollections["a.x"]!.coderId = "lost coder";
      components.pcollections["a.y"]!.windowingStrategyId = "lost windows";
      delete components.pcollections["a.z"];
      components.transforms["outer"]!.subtransforms.push("lost transform");
    });
    assert.deepEqual(refusal(pipeline), [
      "invalid-pipeline",
      "outer: its subtransform lost transform does not exist",
      "a: the coder lost coder does not exist",
      "a: the windowing strategy lost windows of the PCollection a.y does not exist",
      "a: the PCollection a.z does not exist",
    ]);
  });

  it("finds PCollections with two producers and with none", () => {
    const pipeline = new PipelineBuilder();
    const a = pipeline.parDo("a", pipeline.impulse("impulse"));
    pipeline.parDo("b", a);
    pipeline.parDo("c", a);
    pipeline.tamper((components) => {
      components.transforms["b"]!.outputs["out"] = "a.out";
      components.transforms["c"]!.inputs["in"] = "b.out";
    });
    assert.deepEqual(refusal(pipeline), [
      "invalid-pipeline",
      "b: the PCollection a.out is also an output of a",
      "c: no transform outputs its input the PCollection b.out",
      "b: its output comes back to it, by way of b",
    ]);
  });

  it("finds cycles and names who is on them", () => {
    const pipeline = new PipelineBuilder();
    const a = pipeline.parDo("a", pipeline.impulse("impulse"));
    pipeline.parDo("after", pipeline.parDo("b", a));
    pipeline.tamper((components) => {
      components.transforms["a"]!.inputs["in"] = "b.out";
    });
    assert.deepEqual(refusal(pipeline), ["invalid-pipeline", "b: its output comes back to it, by way of b → a"]);
  });

  it("refuses to group what is not coded as pairs", () => {
    const pipeline = new PipelineBuilder();
    pipeline.groupByKey("group", pipeline.impulse("impulse"));
    pipeline.tamper((components) => {
      components.pcollections["impulse.out"]!.coderId = "bytes";
    });
    assert.deepEqual(refusal(pipeline), [
      "invalid-pipeline",
      "group: it groups by key, but the coder of its input is beam:coder:bytes:v1 and not one of pairs",
    ]);
  });

  it("refuses coders that contain themselves, or lack a part, where the runner looks into them", () => {
    const { KV, NULLABLE, ITERABLE } = StandardCoders.Enum;
    const coders = {
      itself: [KV, "bytes", "other"],
      other: [ITERABLE, "itself"],
      half: [KV, "bytes"],
      foreign: ["own:coder", "around"],
      around: [NULLABLE, "foreign"],
    };
    const faults = (coderId: string): string[] => {
      const pipeline = new PipelineBuilder();
      pipeline.parDo("a", pipeline.impulse("impulse"));
      pipeline.tamper((components) => {
        for (const [id, [urn, ...componentCoderIds]] of Object.entries(coders)) {
          components.coders[id] = create(CoderSchema, { spec: { urn: urn! }, componentCoderIds });
        }
        components.pcollections["a.out"]!.coderId = coderId;
      });
      return coderId === "around" ? [String(plan(pipeline.build()).stages.length)] : refusal(pipeline);
    };
    assert.deepEqual(faults("itself"), ["invalid-pipeline", "a: the coder itself contains itself"]);
    assert.deepEqual(faults("half"), ["invalid-pipeline", "a: the coder half has 1 components instead of 2"]);
    // What is in a coder that the runner does not know is nothing to it.
    assert.deepEqual(faults("around"), ["2"]);
  });

  it("refuses coders of state and timers that do not exist, or are none of timers", () => {
    const pipeline = new PipelineBuilder();
    pipeline.parDo("a", pipeline.impulse("impulse"), {
      payload: {
        doFn: { urn: "test:dofn" },
        stateSpecs: {
          bag: { spec: { case: "bagSpec", value: { elementCoderId: "lost" } } },
          map: { spec: { case: "multimapSpec", value: { keyCoderId: "bytes", valueCoderId: "gone" } } },
        },
        timerFamilySpecs: { f: { timerFamilyCoderId: "pair" }, g: { timerFamilyCoderId: "away" } },
      },
    });
    assert.deepEqual(refusal(pipeline), [
      "invalid-pipeline",
      "a: the coder pair is none of timers",
      "a: the coder lost does not exist",
      "a: the coder gone does not exist",
      "a: the coder away does not exist",
      "a: it uses state or timers, which is not supported",
    ]);
  });

  it("refuses two transforms of one name", () => {
    const pipeline = new PipelineBuilder();
    const input = pipeline.impulse("impulse");
    pipeline.parDo("a", input);
    pipeline.parDo("b", input);
    pipeline.tamper((components) => {
      components.transforms["b"]!.uniqueName = "a";
    });
    assert.deepEqual(refusal(pipeline), ["invalid-pipeline", "a: another transform has the same name"]);
  });

  it("refuses payloads that are not what their URN says", () => {
    const pipeline = new PipelineBuilder();
    pipeline.parDo("a", pipeline.impulse("impulse"));
    pipeline.tamper((components) => {
      components.transforms["a"]!.spec!.payload = new Uint8Array([0x0a, 0xff]);
    });
    assert.match(refusal(pipeline)[1]!, /^a: its payload cannot be read: /);
  });

  it("reports a requirement at the transform that has it, and at the pipeline only if none has", () => {
    const pipeline = new PipelineBuilder();
    pipeline.parDo("a", pipeline.impulse("impulse"), { payload: { requestsFinalization: true } });
    const { Enum } = StandardRequirements;
    assert.deepEqual(
      refusal(pipeline, [Enum.REQUIRES_BUNDLE_FINALIZATION, "test:odd", Enum.REQUIRES_SPLITTABLE_DOFN]),
      [
        "unsupported",
        "a: it uses bundle finalization, which is not supported",
        "pipeline: it requires test:odd, which is not supported",
      ],
    );
  });

  it("refuses an accumulation mode that it has never heard of", () => {
    const pipeline = new PipelineBuilder();
    pipeline.windowing("new", { windowFn: GLOBAL, accumulationMode: 17 as AccumulationMode_Enum });
    pipeline.groupByKey("group", pipeline.parDo("a", pipeline.impulse("impulse"), { windowing: "new" }));
    assert.throws(() => plan(pipeline.build()), /- group: mode-17 panes are not supported/);
  });

  it("takes an input for a side input only where it is declared as one", () => {
    const pipeline = new PipelineBuilder();
    const input = pipeline.impulse("impulse");
    pipeline.parDo("a", input);
    pipeline.tamper(({ transforms }) => {
      transforms["a"]!.inputs = { constructor: input };
    });
    assert.equal(plan(pipeline.build()).stages.length, 2);
  });

  it("judges accumulation where something is grouped, and nowhere else", () => {
    const pipeline = new PipelineBuilder();
    pipeline.windowing("back", { windowFn: GLOBAL, accumulationMode: 17 as AccumulationMode_Enum });
    const a = pipeline.parDo("a", pipeline.impulse("impulse"), { windowing: "back" });
    plan(pipeline.build());
    pipeline.groupByKey("group", a);
    assert.deepEqual(refusal(pipeline), ["unsupported", "group: mode-17 panes are not supported"]);
  });

  it("refuses window functions of the author's own where nobody can be asked about them", () => {
    const pipeline = new PipelineBuilder();
    pipeline.windowing("own", { windowFn: { urn: "test:windows" } });
    pipeline.parDo("a", pipeline.impulse("impulse"), { windowing: "own" });
    assert.deepEqual(refusal(pipeline), ["unsupported", "a: the window function test:windows is not supported"]);
    plan(pipeline.build());
  });
});
