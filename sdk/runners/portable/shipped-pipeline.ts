/** A pipeline whose functions travel: the program as a file, and the pipeline as that file builds it. */
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { create, type JsonObject, toBinary } from "@bufbuild/protobuf";
import { GirderError } from "../../../portability/errors.js";
import {
  ArtifactFilePayloadSchema,
  type ArtifactInformation,
  ArtifactInformationSchema,
  ArtifactStagingToRolePayloadSchema,
  type Environment,
  EnvironmentSchema,
  type Pipeline as PipelineProto,
} from "../../../portability/gen/org/apache/beam/model/pipeline/v1/beam_runner_api_pb.js";
import { StandardArtifacts } from "../../../portability/urns.js";
import type { Pipeline } from "../../pipeline/pipeline.js";
import { PROGRAM_OPTION, type ProgramSpec } from "../../worker/booted-worker.js";
import { ambient, programState } from "../ambient.js";
import { describeProgram } from "./describe-program.js";
import { foreignFiles } from "./foreign-files.js";
import { bundleProgram, type ProgramBundle } from "./program-bundle.js";
import { PROGRAM_FILE } from "./program-file.js";

export interface ShippedPipeline extends AsyncDisposable {
  readonly pipeline: PipelineProto;
  /** Options that workers need. */
  readonly options: JsonObject;
  readonly bundle: ProgramBundle;
  readArtifact(artifact: ArtifactInformation): Promise<Uint8Array>;
}

/** How a program is shipped. */
export interface ShippingOptions {
  /** Path of the program's main module. Default: what this process was started with. */
  readonly program?: string | undefined;
  /** Packages that workers have: they are not put into the file. */
  readonly external?: readonly string[];
  /** Makes the environment in which the file runs. */
  readonly environment: (bundle: ProgramBundle) => Environment;
}

/**
 * Makes the program into a file, and sees that it builds the same pipeline.
 *
 * @throws GirderError see {@link bundleProgram} and {@link describeProgram}.
 */
export async function shipPipeline(pipeline: Pipeline, options: ShippingOptions): Promise<ShippedPipeline> {
  const program = options.program ?? ambient().program ?? process.argv[1];
  if (program === undefined) {
    throw new GirderError("invalid-option", "It is not known which program is to be run by workers.", {
      where: "--worker-program",
      remedy: "Name the module that calls run: --worker-program=FILE.",
    });
  }
  const { external = [] } = options;
  const { pipelines, captured } = programState();
  const argv = ambient().argv ?? process.argv.slice(2);
  const spec: ProgramSpec = { pipeline: pipelines - 1, argv, captures: captured, external };
  const bundle = await bundleProgram({ program: resolve(program), spec });
  try {
    const content = await readFile(bundle.path);
    const artifact = programArtifact(bundle.path, createHash("sha256").update(content).digest("hex"));
    const described = await describeProgram(bundle.path, pipeline.toProto());
    const environment = options.environment(bundle);
    const readForeign = foreignFiles(pipeline);
    const { environments } = described.components!;
    for (const [id, { resourceHints }] of Object.entries(environments)) {
      if (Object.hasOwn(pipeline.foreign.components.environments, id)) continue;
      environments[id] = create(EnvironmentSchema, {
        ...environment,
        resourceHints: { ...environment.resourceHints, ...resourceHints },
        dependencies: [artifact],
      });
    }
    return {
      pipeline: described,
      options: { [PROGRAM_OPTION]: { ...spec, digests: pipeline.functions.digests } as unknown as JsonObject },
      bundle,
      readArtifact: async (wanted) =>
        pipeline.foreign.addressOf(wanted) === undefined ? content : readForeign(wanted),
      [Symbol.asyncDispose]: () => bundle[Symbol.asyncDispose](),
    };
  } catch (thrown) {
    await bundle[Symbol.asyncDispose]();
    throw thrown;
  }
}

/** The program's file as an artifact of its environment. */
function programArtifact(path: string, sha256: string): ArtifactInformation {
  const { Types, Roles } = StandardArtifacts;
  return create(ArtifactInformationSchema, {
    typeUrn: Types.FILE,
    typePayload: toBinary(ArtifactFilePayloadSchema, create(ArtifactFilePayloadSchema, { path, sha256 })),
    roleUrn: Roles.STAGING_TO,
    rolePayload: toBinary(
      ArtifactStagingToRolePayloadSchema,
      create(ArtifactStagingToRolePayloadSchema, { stagedName: PROGRAM_FILE }),
    ),
  });
}
