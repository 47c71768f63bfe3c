/** Runs a program's bundle to see which pipeline it builds in a worker, before one is needed. */
import { spawn } from "node:child_process";
import { readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fromBinary } from "@bufbuild/protobuf";
import { GirderError } from "../../../portability/errors.js";
import {
  type Pipeline as PipelineProto,
  PipelineSchema,
} from "../../../portability/gen/org/apache/beam/model/pipeline/v1/beam_runner_api_pb.js";
import { DESCRIBE } from "../worker-mode.js";

/** How long (ms) the program may take to build its pipeline. */
const PATIENCE = 60_000;

/**
 * The pipeline's proto, as the worker's program builds it: its functions have the digests that they have there.
 *
 * @param submitted As this process has built it.
 * @throws GirderError `invalid-pipeline` if the two differ, with the transform; `user-exception` if the program fails.
 */
export async function describeProgram(
  bundle: string,
  submitted: PipelineProto,
  patience = PATIENCE,
): Promise<PipelineProto> {
  const target = join(dirname(bundle), "pipeline.pb");
  const output = await runBundle(bundle, { ...process.env, [DESCRIBE]: target }, patience);
  const bytes = await readFile(target).catch(() => undefined);
  if (bytes === undefined) {
    throw new GirderError("invalid-pipeline", `The program, run again, does not run the pipeline.${output}`, {
      remedy: "Have it call run for the same pipelines each time that it is run with the same options.",
    });
  }
  const described = fromBinary(PipelineSchema, bytes);
  requireSame(submitted, described);
  return described;
}

function runBundle(bundle: string, env: NodeJS.ProcessEnv, patience: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [bundle], { env, stdio: ["ignore", "pipe", "pipe"], timeout: patience });
    let output = "";
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding("utf8").on("data", (text: string) => {
        output = `${output}${text}`.slice(-4000);
      });
    }
    child.once("error", reject);
    child.once("close", (code, signal) => {
      const said = output.trim() === "" ? "" : ` It wrote:\n${output.trimEnd()}`;
      if (code === 0) resolve(said);
      else {
        const how = signal === null ? `with exit code ${code}` : `by ${signal}`;
        reject(
          new GirderError("user-exception", `The program, run again as a worker would run it, ended ${how}.${said}`, {
            remedy: "See what the program does before it calls run: in a worker it has its options, and no more.",
          }),
        );
      }
    });
  });
}

/** Transforms, and what they are connected by. */
function requireSame(submitted: PipelineProto, described: PipelineProto): void {
  const [here, there] = [submitted.components!.transforms, described.components!.transforms];
  for (const name of new Set([...Object.keys(here), ...Object.keys(there)])) {
    const [own, other] = [here[name], there[name]];
    const how =
      own === undefined
        ? "is there only in the worker"
        : other === undefined
          ? "is not there in the worker"
          : own.spec?.urn !== other.spec?.urn
            ? "is another transform in the worker"
            : JSON.stringify([own.inputs, own.outputs]) === JSON.stringify([other.inputs, other.outputs])
              ? undefined
              : "has other inputs or outputs in the worker";
    if (how === undefined) continue;
    throw new GirderError(
      "invalid-pipeline",
      `The program builds another pipeline when it is run again: ${name} ${how}.`,
      {
        where: name,
        remedy:
          "What decides how the pipeline is built must be the same in a worker: options are; make the rest so with capture().",
      },
    );
  }
}
