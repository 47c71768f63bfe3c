/** Files that environments of other SDKs need: expansion services have them. */
import { GirderError } from "../../../portability/errors.js";
import { client } from "../../../portability/fn-api/grpc.js";
import { ArtifactRetrievalService } from "../../../portability/gen/org/apache/beam/model/job_management/v1/beam_artifact_api_pb.js";
import type { Pipeline } from "../../pipeline/pipeline.js";
import type { ReadArtifact } from "./staging.js";

/** Reads such files of a pipeline. @throws GirderError `not-found` for one of which no service is known; `io` */
export function foreignFiles(pipeline: Pipeline): ReadArtifact {
  return async (artifact) => {
    const address = pipeline.foreign.addressOf(artifact);
    if (address === undefined) {
      throw new GirderError("not-found", "The job service asks for an artifact that this pipeline has not.");
    }
    const connection = client(ArtifactRetrievalService, address);
    const chunks: Uint8Array[] = [];
    try {
      for await (const { data } of connection.call.getArtifact({ artifact })) chunks.push(data);
    } finally {
      connection.close();
    }
    return Buffer.concat(chunks);
  };
}
