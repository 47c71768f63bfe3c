/** Gets the program that a job was submitted with from the runner. */
import { createHash } from "node:crypto";
import { rmSync } from "node:fs";
import { mkdtemp, open } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fromBinary } from "@bufbuild/protobuf";
import { Metadata } from "@grpc/grpc-js";
import { GirderError } from "../../portability/errors.js";
import { client } from "../../portability/fn-api/grpc.js";
import type { ProvisionInfo } from "../../portability/gen/org/apache/beam/model/fn_execution/v1/beam_provision_api_pb.js";
import { ArtifactRetrievalService } from "../../portability/gen/org/apache/beam/model/job_management/v1/beam_artifact_api_pb.js";
import {
  ArtifactFilePayloadSchema,
  type ArtifactInformation,
  ArtifactStagingToRolePayloadSchema,
} from "../../portability/gen/org/apache/beam/model/pipeline/v1/beam_runner_api_pb.js";
import { StandardArtifacts } from "../../portability/urns.js";
import { packageFolder } from "../runners/package-folder.js";
import { PROGRAM_FILE } from "../runners/portable/program-file.js";
import type { BootFlags } from "./boot-flags.js";
import { programSpecOf } from "./booted-worker.js";
import { linkPackages } from "./external-packages.js";

/**
 * Fetches the program's file.
 *
 * @returns its path, in a folder of its own below the semi-persistent folder, or the system's for temporary files.
 * @throws GirderError `not-found` if the job was submitted without its program, or with packages that are not here; `corrupt-file` if it does not come as it was
 *   submitted.
 */
export async function retrieveProgram(flags: BootFlags, info: ProvisionInfo | undefined): Promise<string> {
  const address = info?.artifactEndpoint?.url || flags.artifact;
  const artifacts = info?.dependencies ?? [];
  const metadata = new Metadata();
  metadata.set("worker_id", flags.id);
  const services = client(ArtifactRetrievalService, address);
  try {
    const { replacements } =
      artifacts.length === 0
        ? { replacements: [] }
        : await services.call.resolveArtifacts(
            { artifacts, preferredUrns: [StandardArtifacts.Types.FILE] },
            { metadata },
          );
    const artifact = replacements.find(isProgram);
    if (artifact === undefined) {
      throw new GirderError("not-found", "The job was submitted without its program.", {
        remedy:
          "Submit it with --environment-type=PROCESS or EXTERNAL, or name the program: girder worker-pool PROGRAM.",
      });
    }
    const folder = await folderFor(flags);
    process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
    const path = join(folder, PROGRAM_FILE);
    const file = await open(path, "w", 0o755);
    const hash = createHash("sha256");
    try {
      for await (const { data } of services.call.getArtifact({ artifact }, { metadata })) {
        hash.update(data);
        await file.write(data);
      }
    } finally {
      await file.close();
    }
    const expected = digestOf(artifact);
    const { external = [] } = programSpecOf(info?.pipelineOptions) ?? {};
    const missing = await linkPackages(external, folder, [process.cwd(), packageFolder()]);
    if (missing.length > 0) {
      throw new GirderError(
        "not-found",
        `The program needs packages that this worker does not have: ${missing.join(", ")}.`,
        {
          where: "--worker-external",
          remedy: `Install them in the folder that workers are started in (${process.cwd()}) or beside girder; girder container build PROGRAM makes an image that has the program's packages.`,
        },
      );
    }
    if (expected !== "" && hash.digest("hex") !== expected) {
      throw new GirderError("corrupt-file", "The program came otherwise than it was submitted.", { where: path });
    }
    return path;
  } finally {
    services.close();
  }
}

function isProgram({ roleUrn, rolePayload }: ArtifactInformation): boolean {
  if (roleUrn !== StandardArtifacts.Roles.STAGING_TO) return false;
  return fromBinary(ArtifactStagingToRolePayloadSchema, rolePayload).stagedName === PROGRAM_FILE;
}

function digestOf({ typeUrn, typePayload }: ArtifactInformation): string {
  return typeUrn === StandardArtifacts.Types.FILE ? fromBinary(ArtifactFilePayloadSchema, typePayload).sha256 : "";
}

async function folderFor({ semiPersistDir }: BootFlags): Promise<string> {
  try {
    return await mkdtemp(join(semiPersistDir, "girder-worker-"));
  } catch {
    return mkdtemp(join(tmpdir(), "girder-worker-"));
  }
}
