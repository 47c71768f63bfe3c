/** `girder graph`. */
import { writeFileSync } from "node:fs";
import { toBinary, toJson } from "@bufbuild/protobuf";
import { GirderError } from "../../portability/errors.js";
import { PipelineSchema } from "../../portability/gen/org/apache/beam/model/pipeline/v1/beam_runner_api_pb.js";
import { plan } from "../../runner/graph/plan.js";
import { pipelineToMermaid, stagesToMermaid } from "../../runner/graph/plan-to-mermaid.js";
import { printPlan } from "../../runner/graph/print-plan.js";
import type { Pipeline } from "../pipeline/pipeline.js";
import { loadProgram } from "./load-program.js";

export interface GraphOptions {
  readonly stages?: boolean;
  readonly format: string;
  readonly proto?: string;
}

/** Prints the first pipeline that the program would run, and ends the process before it runs. */
export async function graphCommand(file: string, argv: readonly string[], options: GraphOptions): Promise<void> {
  await loadProgram(file, {
    argv,
    async launch(pipeline) {
      if (options.proto === undefined) process.stdout.write(`${graphText(pipeline, options)}\n`);
      else writeFileSync(options.proto, toBinary(PipelineSchema, pipeline.toProto()));
      process.exit(0);
    },
  });
  throw new GirderError("invalid-argument", "The program did not run a pipeline.", {
    where: file,
    remedy: "It has to call run(), or await it.",
  });
}

function graphText(pipeline: Pipeline, { format, stages = false }: GraphOptions): string {
  const proto = pipeline.toProto();
  const planned = plan(proto);
  switch (format) {
    case "text":
      return stages ? printPlan(planned) : transformTree(pipeline);
    case "mermaid":
      return stages ? stagesToMermaid(planned) : pipelineToMermaid(planned);
    case "json":
      return JSON.stringify(stages ? planned.stages : toJson(PipelineSchema, proto), undefined, 2);
    default:
      throw new GirderError("invalid-option", `There is no format "${format}".`, {
        where: "--format",
        remedy: "Use text, mermaid or json.",
      });
  }
}

/** The transforms, each under the composite it is part of. */
function transformTree(pipeline: Pipeline): string {
  const { components, rootTransformIds } = pipeline.toProto();
  const lines: string[] = [];
  const visit = (id: string, indent: string): void => {
    const { uniqueName, spec, subtransforms } = components!.transforms[id]!;
    lines.push(`${indent}${uniqueName.split("/").at(-1)}${spec === undefined ? "" : `  (${spec.urn})`}`);
    for (const child of subtransforms) visit(child, `${indent}  `);
  };
  for (const id of rootTransformIds) visit(id, "");
  return lines.join("\n");
}
