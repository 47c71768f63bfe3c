/**
 * A runner that shows what would be run.
 *
 * @module girder/apache-beam/testing/proto_printing_runner
 */
import { toJsonString } from "@bufbuild/protobuf";
import { PipelineSchema } from "../../../portability/gen/org/apache/beam/model/pipeline/v1/beam_runner_api_pb.js";
import { MetricsContainer } from "../../../portability/metrics/index.js";
import { Pipeline } from "../../pipeline/pipeline.js";
import { PipelineResult as GirderResult } from "../../runners/pipeline-result.js";
import type { Loose } from "../adapt/loose.js";
import { type PValue, Root } from "../pvalue.js";
import { PipelineResult, Runner } from "../runners/runner.js";

/** Prints the pipeline's proto as JSON, and runs nothing. */
export class ProtoPrintingRunner extends Runner {
  override async runAsync(build: (root: Root) => PValue<Loose> | Promise<PValue<Loose>>): Promise<PipelineResult> {
    const pipeline = new Pipeline();
    await build(new Root(pipeline.root));
    console.log(toJsonString(PipelineSchema, pipeline.toProto(), { prettySpaces: 2 }));
    return new PipelineResult(Promise.resolve(new GirderResult(new MetricsContainer(), 0)));
  }
}
