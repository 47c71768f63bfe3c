import assert from "node:assert/strict";
import { toBinary } from "@bufbuild/protobuf";
import { PipelineSchema } from "../../portability/gen/org/apache/beam/model/pipeline/v1/beam_runner_api_pb.js";
import { sum } from "../combiners/sum.js";
import { runEmbedded } from "../runners/embedded/embedded.js";
import { collect } from "../testing/collect-array.js";
import { combinePerKey } from "../transforms/combine.js";
import { create } from "../transforms/create.js";
import { groupBy } from "../transforms/group-by.js";
import { Pipeline } from "./pipeline.js";
import { named } from "./pvalue.js";

function namesOf(pipeline: Pipeline): string[] {
  return Object.keys(pipeline.toProto().components!.transforms);
}

function program(): Pipeline {
  const pipeline = new Pipeline();
  const words = pipeline.apply(create(["a", "b"]));
  words.map((word) => word.length).map((n) => n + 1);
  words.apply(groupBy((word: string) => word.length).combining((word: string) => word.length, sum, "total"));
  pipeline.apply(create([{ key: 1, value: 2 }])).apply("Sums", combinePerKey(sum));
  return pipeline;
}

describe("names", () => {
  it("are the author's, or made unique without help: two creates in one pipeline", async () => {
    const pipeline = new Pipeline();
    const [a, b] = [collect(pipeline.apply(create([1]))), collect(pipeline.apply(create([2])))];
    await runEmbedded(pipeline);
    assert.deepEqual([a, b], [[1], [2]]);
    assert.ok(namesOf(pipeline).includes("Create") && namesOf(pipeline).includes("Create_2"));
  });

  it("may be missing for anonymous functions of any length", async () => {
    const pipeline = new Pipeline();
    const elements = collect(
      pipeline.apply(create([1])).map((aVeryLongParameterNameThatGoesOnAndOnAndOnAndOnAndOnAndOnAndOn) => {
        return aVeryLongParameterNameThatGoesOnAndOnAndOnAndOnAndOnAndOnAndOn + 1;
      }),
    );
    await runEmbedded(pipeline);
    assert.deepEqual(elements, [2]);
    assert.ok(namesOf(pipeline).includes("Map"));
  });

  it("are taken from functions that have one", () => {
    const pipeline = new Pipeline();
    const twice = (x: number): number => x * 2;
    pipeline
      .apply(create([1]))
      .map(twice)
      .map(twice);
    assert.ok(namesOf(pipeline).includes("Map(twice)") && namesOf(pipeline).includes("Map(twice)_2"));
  });

  it("given twice by the author are refused", () => {
    const pipeline = new Pipeline();
    const numbers = pipeline.apply(create([1]));
    numbers.map("Same", (x) => x);
    assert.throws(() => numbers.map("Same", (x) => x), {
      code: "duplicate-name",
      where: "Same",
      site: /names\.spec\.[jt]s:\d+/,
    });
    const outer = named("Outer", () => numbers.map("Same", (x) => x));
    assert.doesNotThrow(() => numbers.apply(outer));
  });

  it("of the author's may not be taken by others later, nor before", () => {
    const pipeline = new Pipeline();
    const numbers = pipeline.apply("Map", create([1]));
    numbers.map((x) => x);
    assert.ok(namesOf(pipeline).includes("Map_2"));
  });

  it("are the same each time the program runs, as is all of the proto", () => {
    const [first, second] = [program(), program()];
    assert.deepEqual(namesOf(first), namesOf(second));
    assert.deepEqual(toBinary(PipelineSchema, first.toProto()), toBinary(PipelineSchema, second.toProto()));
  });
});
