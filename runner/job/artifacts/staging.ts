/**
 * Staging: the client opens a stream, says which job it is for, and then answers what it is asked, as if the server were a
 * worker that retrieves artifacts from it. It does not know when it has been asked for everything: the server ends the stream.
 */
import { create, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import { GirderError } from "../../../portability/errors.js";
import type {
  ArtifactRequestWrapperSchema,
  ArtifactResponseWrapper,
} from "../../../portability/gen/org/apache/beam/model/job_management/v1/beam_artifact_api_pb.js";
import {
  ArtifactFilePayloadSchema,
  type ArtifactInformation,
  ArtifactInformationSchema,
  type Environment,
} from "../../../portability/gen/org/apache/beam/model/pipeline/v1/beam_runner_api_pb.js";
import { StandardArtifacts } from "../../../portability/urns.js";
import { artifactKey, artifactName, artifactType } from "./artifact-type.js";
import { allOf, type EnvironmentNode, readEnvironment, replaceDependencies } from "./environments.js";
import type { JobArtifacts } from "./job-artifacts.js";

/** What the client is asked. */
export type StagingRequest = MessageInitShape<typeof ArtifactRequestWrapperSchema>;
/** The messages of the client, in order. Rejects when there is no use in waiting for more. */
export type StagingAnswers = () => Promise<IteratorResult<ArtifactResponseWrapper, unknown>>;

type Requests<Result> = AsyncGenerator<StagingRequest, Result, undefined>;

/**
 * Gets the artifacts of a pipeline's environments from the client that submitted it.
 *
 * What only the client has, and what is embedded in the pipeline, becomes a file (`beam:artifact:type:file:v1`) in its
 * role: its path is the digest, by which the retrieval service finds it. What workers can be given from the network stays
 * as it is until they ask.
 */
export class ArtifactStaging {
  readonly #nodes: readonly EnvironmentNode[];
  readonly #artifacts: JobArtifacts;
  #staged: ReadonlyMap<Environment, readonly ArtifactInformation[]> | undefined;

  /**
   * @param environments Those of the pipeline; they are changed by {@link finish}.
   * @throws GirderError `invalid-pipeline` where the payload of an environment or artifact cannot be read.
   */
  constructor(environments: Readonly<Record<string, Environment>>, artifacts: JobArtifacts) {
    this.#nodes = Object.entries(environments).map(([id, environment]) => readEnvironment(id, environment));
    this.#artifacts = artifacts;
    for (const artifact of this.#submitted()) {
      const type = artifactType(artifact);
      if (type.kind !== "client") artifacts.offer(artifact, type);
    }
  }

  /** Names of artifacts without which the pipeline cannot run, as they have not been staged. */
  missing(): string[] {
    if (this.#staged !== undefined) return [];
    return this.#submitted()
      .filter((artifact) => artifactType(artifact).kind === "client")
      .map(artifactName);
  }

  /** Gives the environments what was staged for dependencies. */
  finish(): void {
    for (const node of this.#nodes) replaceDependencies(node, this.#staged ?? new Map());
  }

  /**
   * The requests to the client; each must have been answered before the next is asked for. A session that fails can be
   * followed by another, which begins anew, but does not ask again for contents that have come.
   *
   * @throws GirderError `invalid-argument` where an answer is not one to what was asked; `corrupt-file` for a content that
   * does not have its digest; `io`.
   */
  async *session(answers: StagingAnswers): Requests<void> {
    const staged = new Map<Environment, readonly ArtifactInformation[]>();
    const known = new Map<string, string>();
    for (const { environment } of this.#nodes.flatMap(allOf)) {
      const { dependencies } = environment;
      if (dependencies.length === 0) continue;
      const preferredUrns = [StandardArtifacts.Types.FILE];
      yield { request: { case: "resolveArtifact", value: { artifacts: dependencies, preferredUrns } } };
      const { response } = await answer(answers);
      if (response.case !== "resolveArtifactResponse") throw unexpected("to resolve artifacts", response.case);
      const own: ArtifactInformation[] = [];
      for (const artifact of response.value.replacements) own.push(yield* this.#stage(artifact, answers, known));
      staged.set(environment, own);
    }
    this.#staged = staged;
  }

  /** @param known Digests of what has come in this session. */
  async *#stage(
    artifact: ArtifactInformation,
    answers: StagingAnswers,
    known: Map<string, string>,
  ): Requests<ArtifactInformation> {
    const type = artifactType(artifact);
    if (type.kind !== "client" && type.kind !== "embedded") {
      this.#artifacts.offer(artifact, type);
      return artifact;
    }
    const { lease } = this.#artifacts;
    const name = artifactName(artifact);
    const key = artifactKey(artifact);
    let digest = known.get(key);
    if (digest === undefined) {
      if (type.kind === "embedded") digest = await lease.add(only(type.data), "", name);
      else if (type.sha256 !== "" && lease.adopt(type.sha256)) digest = type.sha256;
      else {
        yield { request: { case: "getArtifact", value: { artifact } } };
        digest = await lease.add(contentOf(answers), type.sha256, name);
      }
      known.set(key, digest);
    }
    const file = create(ArtifactFilePayloadSchema, { path: digest, sha256: digest });
    const { roleUrn, rolePayload } = artifact;
    const staged = create(ArtifactInformationSchema, {
      typeUrn: StandardArtifacts.Types.FILE,
      typePayload: toBinary(ArtifactFilePayloadSchema, file),
      roleUrn,
      rolePayload,
    });
    this.#artifacts.offer(staged, { kind: "stored", digest });
    return staged;
  }

  #submitted(): ArtifactInformation[] {
    return this.#nodes.flatMap(allOf).flatMap(({ environment }) => environment.dependencies);
  }
}

async function* only(data: Uint8Array): AsyncGenerator<Uint8Array, void, undefined> {
  yield data;
}

/** What the client sends for an artifact, up to its last message. */
async function* contentOf(answers: StagingAnswers): AsyncGenerator<Uint8Array, void, undefined> {
  for (;;) {
    const { response, isLast } = await answer(answers);
    if (response.case === "getArtifactResponse") yield response.value.data;
    else if (response.case !== undefined || !isLast) throw unexpected("for an artifact", response.case);
    if (isLast) return;
  }
}

async function answer(answers: StagingAnswers): Promise<ArtifactResponseWrapper> {
  const { value, done } = await answers();
  if (done !== true) return value as ArtifactResponseWrapper;
  throw new GirderError("invalid-argument", "The stream was ended before everything was staged.", {
    remedy: "Keep it open until the server ends it.",
  });
}

function unexpected(asked: string, got: string | undefined): GirderError {
  return new GirderError("invalid-argument", `The client was asked ${asked}, and answered ${got ?? "nothing"}.`);
}
