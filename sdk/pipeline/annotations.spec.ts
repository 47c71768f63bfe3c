import assert from "node:assert/strict";
import { create, fromBinary } from "@bufbuild/protobuf";
import {
  EnvironmentSchema,
  LabelledPayloadSchema,
} from "../../portability/gen/org/apache/beam/model/pipeline/v1/beam_runner_api_pb.js";
import { sum } from "../combiners/sum.js";
import { runEmbedded } from "../runners/embedded/embedded.js";
import { collect } from "../testing/collect-array.js";
import { combinePerKey } from "../transforms/combine.js";
import { create as createTransform } from "../transforms/create.js";
import { withAnnotations, withDisplayData, withResourceHints } from "./annotations.js";
import type { PCollection } from "./pcollection.js";
import { Pipeline } from "./pipeline.js";
import { named } from "./pvalue.js";

const double = named("Double", (input: PCollection<number>) => input.map("Times two", (x) => x * 2));

function hintsOf(pipeline: Pipeline, transform: string): Record<string, string> {
  const { transforms, environments } = pipeline.toProto().components!;
  const hints = environments[transforms[transform]!.environmentId]!.resourceHints;
  return Object.fromEntries(Object.entries(hints).map(([urn, value]) => [urn, Buffer.from(value).toString()]));
}

describe("resource hints", () => {
  it("give a transform, and all it is made of, an environment with those hints", () => {
    const pipeline = new Pipeline();
    const numbers = pipeline.apply(createTransform([1, 2]));
    numbers.apply(withResourceHints(double, { minRamBytes: 2 ** 30, accelerator: "type:x", cpuCount: 2 }));
    numbers.map("Plain", (x) => x);
    assert.deepEqual(hintsOf(pipeline, "Double/Times two"), {
      "beam:resources:min_ram_bytes:v1": "1073741824",
      "beam:resources:cpu_count:v1": "2",
      "beam:resources:accelerator:v1": "type:x",
    });
    assert.deepEqual(hintsOf(pipeline, "Plain"), {});
  });

  it("keep what the environment is otherwise, and share one environment where they are equal", () => {
    const pipeline = new Pipeline();
    const numbers = pipeline.apply(createTransform([1, 2]));
    numbers.apply("A", withResourceHints(double, { cpuCount: 2, minRamBytes: 5 }));
    numbers.apply("B", withResourceHints(double, { minRamBytes: 5, cpuCount: 2 }));
    const { transforms, environments } = pipeline.toProto(
      create(EnvironmentSchema, { urn: "beam:env:docker:v1", capabilities: ["c"] }),
    ).components!;
    assert.equal(Object.keys(environments).length, 2);
    const { environmentId } = transforms["A/Times two"]!;
    assert.equal(transforms["B/Times two"]!.environmentId, environmentId);
    assert.equal(environments[environmentId]!.urn, "beam:env:docker:v1");
    assert.deepEqual(environments[environmentId]!.capabilities, ["c"]);
  });

  it("of an outer and an inner transform ask for the greater need and the nearer accelerator", () => {
    const pipeline = new Pipeline();
    const inner = withResourceHints(double, { minRamBytes: 10, accelerator: "near", maxActiveBundlesPerWorker: 3 });
    const outer = named("Outer", (input: PCollection<number>) => input.apply(inner));
    const hints = { minRamBytes: 20, accelerator: "far", maxActiveBundlesPerWorker: 2 };
    pipeline.apply(createTransform([1])).apply(withResourceHints(outer, hints));
    assert.deepEqual(hintsOf(pipeline, "Outer/Double/Times two"), {
      "beam:resources:min_ram_bytes:v1": "20",
      "beam:resources:accelerator:v1": "near",
      "beam:resources:max_active_bundles_per_worker:v1": "2",
    });
  });

  it("do not change what is computed", async () => {
    const pipeline = new Pipeline();
    const pairs = pipeline.apply(
      createTransform([
        { key: "a", value: 1 },
        { key: "a", value: 2 },
      ]),
    );
    const sums = collect(pairs.apply(withResourceHints(combinePerKey(sum), { cpuCount: 1 })));
    await runEmbedded(pipeline);
    assert.deepEqual(sums, [{ key: "a", value: 3 }]);
  });

  it("may be given to a source", () => {
    const pipeline = new Pipeline();
    pipeline.apply(withResourceHints(createTransform([1]), { cpuCount: 3 }));
    assert.deepEqual(hintsOf(pipeline, "Create/Values"), { "beam:resources:cpu_count:v1": "3" });
  });

  it("are refused where they are none", () => {
    for (const hints of [{ cpuCount: 0 }, { minRamBytes: 1.5 }, { accelerator: "" }, { ram: 3 }]) {
      assert.throws(() => withResourceHints(double, hints), { code: "invalid-argument", where: "Double" });
    }
  });
});

describe("annotations", () => {
  it("stand in the proto of the transform as bytes", () => {
    const pipeline = new Pipeline();
    const annotated = withAnnotations(double, { text: "ü", bytes: Uint8Array.of(0, 255) });
    pipeline.apply(createTransform([1])).apply("Step", annotated);
    const { transforms } = pipeline.toProto().components!;
    assert.deepEqual(Object.keys(transforms["Step"]!.annotations), ["text", "bytes"]);
    assert.equal(Buffer.from(transforms["Step"]!.annotations["text"]!).toString(), "ü");
    assert.deepEqual(transforms["Step"]!.annotations["bytes"], Uint8Array.of(0, 255));
    assert.deepEqual(transforms["Step/Times two"]!.annotations, {});
  });
});

describe("display data", () => {
  it("stand in the proto of the transform as labelled payloads of their types", () => {
    const pipeline = new Pipeline();
    const shown = withDisplayData(double, {
      pattern: { value: "*.txt", label: "The pattern" },
      factor: 2,
      share: 0.5,
      exact: 2n ** 60n,
      quick: true,
    });
    pipeline.apply(createTransform([1])).apply(shown);
    const { displayData } = pipeline.toProto().components!.transforms["Double"]!;
    assert.ok(displayData.every(({ urn }) => urn === "beam:display_data:labelled:v1"));
    const payloads = displayData.map(({ payload }) => fromBinary(LabelledPayloadSchema, payload));
    assert.deepEqual(
      payloads.map(({ key, label, namespace, value }) => [key, label, namespace, value.case, value.value]),
      [
        ["pattern", "The pattern", "Double", "stringValue", "*.txt"],
        ["factor", "factor", "Double", "intValue", 2n],
        ["share", "share", "Double", "doubleValue", 0.5],
        ["exact", "exact", "Double", "intValue", 2n ** 60n],
        ["quick", "quick", "Double", "boolValue", true],
      ],
    );
  });
});
