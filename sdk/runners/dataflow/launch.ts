import type { Pipeline } from "../../pipeline/pipeline.js";
import type { PipelineResult } from "../pipeline-result.js";
import type { RunOptions } from "../run.js";
export async function launchDataflow(_: Pipeline, __: RunOptions): Promise<PipelineResult> {
  throw new Error();
}
