/** A job for Dataflow on disk, as it would be submitted. */
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { JsonObject } from "@bufbuild/protobuf";
import { GirderError, messageOf } from "../../../portability/errors.js";
import type { StagedFile } from "./dataflow-pipeline.js";
import { PIPELINE_FILE } from "./job-request.js";

/**
 * Writes `job.json` (the request), `pipeline.pb` (the staged pipeline), `options.json` (what workers are provisioned with) and the
 * files that would be staged, in `files`.
 *
 * @throws GirderError `io`
 */
export async function writeJob(
  folder: string,
  job: JsonObject,
  pipeline: Uint8Array,
  files: readonly StagedFile[],
): Promise<void> {
  const { environment } = job as { readonly environment?: { readonly sdkPipelineOptions?: unknown } };
  const json = (value: unknown): string => `${JSON.stringify(value, undefined, 2)}\n`;
  try {
    await mkdir(join(folder, "files"), { recursive: true });
    await writeFile(join(folder, "job.json"), json(job));
    await writeFile(join(folder, "options.json"), json(environment?.sdkPipelineOptions));
    await writeFile(join(folder, PIPELINE_FILE), pipeline);
    for (const { name, content } of files) await writeFile(join(folder, "files", name), content);
  } catch (cause) {
    throw new GirderError("io", `The job cannot be written: ${messageOf(cause)}.`, {
      where: folder,
      remedy: "Name a folder that may be written to: --dry-run=FOLDER.",
      cause,
    });
  }
}
