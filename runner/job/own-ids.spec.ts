import assert from "node:assert/strict";
import { create, fromBinary, toBinary, toJson } from "@bufbuild/protobuf";
import { PipelineSchema } from "../../portability/gen/org/apache/beam/model/pipeline/v1/beam_runner_api_pb.js";
import { ownIdsOnly } from "./own-ids.js";
import { pipelineWith } from "./testing.js";

describe("the maps of a pipeline", () => {
  it("have no ids but those that were submitted", () => {
    const pipeline = pipelineWith();
    pipeline.components!.coders["toString"] = pipeline.components!.coders["bytes"]!;
    const before = toJson(PipelineSchema, pipeline);
    ownIdsOnly(pipeline);
    const { transforms, coders } = pipeline.components!;
    assert.equal(transforms["constructor"], undefined);
    assert.equal(transforms["impulse"]?.outputs["valueOf"], undefined);
    assert.ok("toString" in coders && !("valueOf" in coders));
    assert.deepEqual(toJson(PipelineSchema, pipeline), before);
    assert.deepEqual(toJson(PipelineSchema, fromBinary(PipelineSchema, toBinary(PipelineSchema, pipeline))), before);
  });

  it("are there in any pipeline", () => {
    const pipeline = create(PipelineSchema);
    ownIdsOnly(pipeline);
    assert.equal(pipeline.components?.transforms["constructor"], undefined);
  });
});
