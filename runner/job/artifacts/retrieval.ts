/** What workers retrieve artifacts from: `ArtifactRetrievalService`. */
import { GirderError } from "../../../portability/errors.js";
import type { HandlersOf } from "../../../portability/fn-api/call-types.js";
import type { ArtifactRetrievalService } from "../../../portability/gen/org/apache/beam/model/job_management/v1/beam_artifact_api_pb.js";
import type { ArtifactSource } from "./job-artifacts.js";

/**
 * The handlers of an artifact retrieval service: on an endpoint of a job's own, of that job's artifacts; otherwise of all jobs'.
 *
 * Artifacts stay as they are when they are resolved: what could be better had for a worker has been staged.
 */
export function artifactRetrieval(source: ArtifactSource): HandlersOf<typeof ArtifactRetrievalService> {
  return {
    resolveArtifacts: ({ artifacts }) => ({ replacements: artifacts }),
    async *getArtifact({ artifact }, { signal }) {
      if (artifact === undefined) throw new GirderError("invalid-argument", "The request names no artifact.");
      for await (const data of source.read(artifact, signal)) yield { data };
    },
  };
}
