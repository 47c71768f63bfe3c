/**
 * `npm run conformance -- prism-prepare [PROGRAM…]`: has Prism judge our pipeline protos.
 *
 * Every program (default: all of `examples/`) and every pipeline of our suite is sent to Prism's job service with Prepare,
 * where Prism refuses what it cannot execute. Nothing is run.
 */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { fromBinary } from "@bufbuild/protobuf";
import { Pipeline } from "girder";
import { messageOf } from "../../portability/errors.js";
import { client } from "../../portability/fn-api/grpc.js";
import { JobService } from "../../portability/gen/org/apache/beam/model/job_management/v1/beam_job_api_pb.js";
import {
  type Pipeline as PipelineProto,
  PipelineSchema,
} from "../../portability/gen/org/apache/beam/model/pipeline/v1/beam_runner_api_pb.js";
import { findPrism, HOW_TO_INSTALL, startPrism } from "../endpoint/prism.js";
import { logFile } from "../endpoint/start-endpoint.js";
import { ROOT } from "../root.js";
import { TESTS } from "../typescript/index.js";
import { nameOf } from "../typescript/run-suite.js";

interface Named {
  readonly name: string;
  readonly proto: PipelineProto;
}

/** The exit code: 1 if Prism refuses a pipeline; 0 if it takes all, or is not there. */
export async function prismPrepareCommand(args: readonly string[]): Promise<number> {
  const path = await findPrism();
  if (path === undefined) {
    console.log(`${HOW_TO_INSTALL}\nskipped`);
    return 0;
  }
  const programs = args.length > 0 ? args : examples();
  const pipelines = [...programs.map(protoOfProgram), ...protosOfSuite()];
  const prism = await startPrism(logFile("prism-prepare"), path);
  const jobs = client(JobService, prism.address);
  let refused = 0;
  try {
    for (const { name, proto } of pipelines) {
      try {
        await jobs.call.prepare({ jobName: name, pipeline: proto, pipelineOptions: {} });
      } catch (thrown) {
        refused++;
        console.log(`${name} is refused: ${messageOf(thrown)}`);
      }
    }
  } finally {
    jobs.close();
    await prism.stop();
  }
  console.log(
    `Prism takes ${pipelines.length - refused} of ${pipelines.length} pipelines: ${programs.length} programs, ${
      pipelines.length - programs.length
    } of the suite`,
  );
  return refused === 0 ? 0 : 1;
}

function examples(): string[] {
  const folder = join(ROOT, "examples");
  return readdirSync(folder)
    .filter((name) => name.endsWith(".ts") && !name.endsWith(".spec.ts"))
    .map((name) => join(folder, name));
}

/** What `girder graph --proto` writes for a program. */
function protoOfProgram(program: string): Named {
  const folder = mkdtempSync(join(tmpdir(), "girder-prism-"));
  try {
    const file = join(folder, "pipeline.pb");
    const girder = join(ROOT, "sdk/cli/girder.js");
    execFileSync(process.execPath, [girder, "graph", "--proto", file, program], { cwd: ROOT, stdio: "inherit" });
    return { name: basename(program), proto: fromBinary(PipelineSchema, readFileSync(file)) };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** The pipelines of our own suite, except those that are refused while they are built. */
function protosOfSuite(): Named[] {
  return TESTS.flatMap((test) => {
    const pipeline = new Pipeline();
    try {
      test.build(pipeline.root);
    } catch (thrown) {
      if (test.failure === undefined) throw thrown;
      return [];
    }
    return [{ name: nameOf(test), proto: pipeline.toProto() }];
  });
}
