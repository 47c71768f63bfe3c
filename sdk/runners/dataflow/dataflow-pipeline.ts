/** A pipeline as Dataflow is given it: every environment a container, every artifact a file in Cloud Storage. */
import { createHash } from "node:crypto";
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { GirderError } from "../../../portability/errors.js";
import {
  ArtifactFilePayloadSchema,
  type ArtifactInformation,
  ArtifactInformationSchema,
  ArtifactStagingToRolePayloadSchema,
  ArtifactUrlPayloadSchema,
  type Environment,
  EnvironmentSchema,
  IsBounded_Enum as IsBounded,
  type Pipeline,
  PipelineSchema,
} from "../../../portability/gen/org/apache/beam/model/pipeline/v1/beam_runner_api_pb.js";
import { StandardArtifacts, StandardEnvironments, StandardPTransforms } from "../../../portability/urns.js";

const { Types, Roles } = StandardArtifacts;
const { DOCKER } = StandardEnvironments.Environments;

/** A file that is staged. */
export interface StagedFile {
  readonly name: string;
  readonly content: Uint8Array;
  readonly sha256: string;
}

export interface DataflowPipeline {
  readonly pipeline: Pipeline;
  /** What its artifacts name, below the staging location. */
  readonly files: readonly StagedFile[];
}

/** Whether the pipeline has a PCollection without end. */
export function isUnbounded({ components }: Pipeline): boolean {
  return Object.values(components?.pcollections ?? {}).some(({ isBounded }) => isBounded === IsBounded.UNBOUNDED);
}

/** Transforms that Dataflow has not. */
const NOT_THERE: Readonly<Record<string, string>> = {
  [StandardPTransforms.Primitives.TEST_STREAM]: "a test stream: it is for runners that tests run on",
};

/**
 * @param readArtifact Gives the content of what the environments need.
 * @param stagingLocation `gs://BUCKET/PATH`
 * @throws GirderError `unsupported` with all that Dataflow cannot execute.
 */
export async function dataflowPipeline(
  pipeline: Pipeline,
  readArtifact: (artifact: ArtifactInformation) => Promise<Uint8Array>,
  stagingLocation: string,
): Promise<DataflowPipeline> {
  const { components } = pipeline;
  if (components === undefined) throw new GirderError("invalid-pipeline", "The pipeline is empty.");
  const used = new Set(Object.values(components.transforms).map(({ environmentId }) => environmentId));
  const problems = Object.values(components.transforms).flatMap(({ uniqueName, spec }) => {
    const what = NOT_THERE[spec?.urn ?? ""];
    return what === undefined ? [] : [`${uniqueName} is ${what}`];
  });
  const kept = Object.entries(components.environments).filter(([id]) => used.has(id));
  for (const [id, { urn }] of kept) {
    if (urn !== DOCKER) problems.push(`the environment ${id} is ${urn}, and only containers can be started`);
  }
  if (problems.length > 0) {
    throw new GirderError("unsupported", `Dataflow cannot execute this pipeline: ${problems.join("; ")}.`, {
      where: "--runner=dataflow",
      remedy:
        "Have transforms of other SDKs expanded by a service that names their containers, and tests run on the embedded runner.",
    });
  }
  const files = new Map<string, StagedFile>();
  const environments: Record<string, Environment> = {};
  for (const [id, environment] of kept) {
    const dependencies: ArtifactInformation[] = [];
    for (const artifact of environment.dependencies) {
      const content = await readArtifact(artifact);
      const sha256 = createHash("sha256").update(content).digest("hex");
      const file = files.get(sha256) ?? { name: freeName(stagedName(artifact), files), content, sha256 };
      files.set(sha256, file);
      const url = `${stagingLocation}/${file.name}`;
      dependencies.push(
        create(ArtifactInformationSchema, {
          ...artifact,
          typeUrn: Types.URL,
          typePayload: toBinary(ArtifactUrlPayloadSchema, create(ArtifactUrlPayloadSchema, { url, sha256 })),
        }),
      );
    }
    environments[id] = create(EnvironmentSchema, { ...environment, dependencies });
  }
  return {
    pipeline: create(PipelineSchema, { ...pipeline, components: { ...components, environments } }),
    files: [...files.values()],
  };
}

/** What an artifact is called where it is needed, as one name of a file. */
function stagedName({ typeUrn, typePayload, roleUrn, rolePayload }: ArtifactInformation): string {
  const name =
    roleUrn === Roles.STAGING_TO
      ? fromBinary(ArtifactStagingToRolePayloadSchema, rolePayload).stagedName
      : typeUrn === Types.FILE
        ? fromBinary(ArtifactFilePayloadSchema, typePayload).path
        : "";
  return name.slice(name.lastIndexOf("/") + 1).replace(/[^-_.A-Za-z0-9]/g, "_") || "artifact";
}

/** Different files of one name are told apart. */
function freeName(name: string, files: ReadonlyMap<string, StagedFile>): string {
  const taken = new Set(Array.from(files.values(), (file) => file.name));
  let free = name;
  for (let i = 2; taken.has(free); i++) free = `${i}-${name}`;
  return free;
}
