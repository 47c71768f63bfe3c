/** The artifacts of one job: what its workers may retrieve. */
import { GirderError } from "../../../portability/errors.js";
import type { ArtifactInformation } from "../../../portability/gen/org/apache/beam/model/pipeline/v1/beam_runner_api_pb.js";
import type { ArtifactLease } from "./artifact-store.js";
import { type ArtifactType, artifactKey, artifactName } from "./artifact-type.js";
import { fetchArtifact, type Repositories } from "./remote-artifact.js";

/** Something that artifacts are retrieved from. */
export interface ArtifactSource {
  /** Whether it has this artifact, in whatever role. */
  has(artifact: ArtifactInformation): boolean;
  /**
   * The bytes of an artifact.
   *
   * @throws GirderError `not-found` where it has none such; `io`, `corrupt-file`.
   */
  read(artifact: ArtifactInformation, signal: AbortSignal): AsyncIterable<Uint8Array>;
}

/** Where the bytes of an artifact are: in the store, or still where they came from. */
type Origin = { readonly kind: "stored"; readonly digest: string } | Exclude<ArtifactType, { kind: "client" }>;

export class JobArtifacts implements ArtifactSource {
  /** What is kept for the job. */
  readonly lease: ArtifactLease;
  readonly #origins = new Map<string, Origin>();
  readonly #repositories: Repositories;

  constructor(lease: ArtifactLease, repositories: Repositories) {
    this.lease = lease;
    this.#repositories = repositories;
  }

  /** Lets workers retrieve an artifact. */
  offer(artifact: ArtifactInformation, origin: Origin): void {
    this.#origins.set(artifactKey(artifact), origin);
  }

  has(artifact: ArtifactInformation): boolean {
    return this.#origins.has(artifactKey(artifact));
  }

  async *read(artifact: ArtifactInformation, signal: AbortSignal): AsyncGenerator<Uint8Array, void, undefined> {
    const origin = this.#origins.get(artifactKey(artifact));
    if (origin === undefined) {
      throw new GirderError("not-found", `There is no artifact ${artifactName(artifact)} in this job.`, {
        remedy: "Ask for artifacts as they stand among the dependencies of the job's environments.",
      });
    }
    switch (origin.kind) {
      case "embedded":
        yield origin.data;
        return;
      case "stored":
        yield* this.lease.read(origin.digest);
        return;
      default:
        yield* fetchArtifact(origin, signal, this.#repositories);
    }
  }

  /** Removes what is kept for the job. */
  async release(): Promise<void> {
    this.#origins.clear();
    await this.lease.release();
  }
}
