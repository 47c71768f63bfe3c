/** Gives a job service the artifacts of a pipeline, as it asks for them. */
import type { MessageInitShape } from "@bufbuild/protobuf";
import { GirderError } from "../../../portability/errors.js";
import { client } from "../../../portability/fn-api/grpc.js";
import { Outbox } from "../../../portability/fn-api/outbox.js";
import {
  type ArtifactResponseWrapperSchema,
  ArtifactStagingService,
} from "../../../portability/gen/org/apache/beam/model/job_management/v1/beam_artifact_api_pb.js";
import type { ArtifactInformation } from "../../../portability/gen/org/apache/beam/model/pipeline/v1/beam_runner_api_pb.js";

/** Bytes of an artifact in a message: a receiver may take no more than 4 MiB at a time. */
const CHUNK = 1024 * 1024;

/** The content of an artifact. @throws GirderError `not-found` for one that this program has not. */
export type ReadArtifact = (artifact: ArtifactInformation) => Promise<Uint8Array>;

type ResponseInit = MessageInitShape<typeof ArtifactResponseWrapperSchema>;

/**
 * Stages, until the service has what it wants and ends the stream.
 *
 * @throws GirderError as the service answers.
 */
export async function stageArtifacts(
  address: string,
  token: string,
  read: ReadArtifact,
  signal?: AbortSignal,
): Promise<void> {
  const answers = new Outbox<ResponseInit>();
  const connection = client(ArtifactStagingService, address);
  answers.push({ stagingToken: token });
  try {
    const requests = connection.call.reverseArtifactRetrievalService(answers, signal === undefined ? {} : { signal });
    for await (const { request } of requests) {
      switch (request.case) {
        case "resolveArtifact":
          answers.push({
            response: { case: "resolveArtifactResponse", value: { replacements: request.value.artifacts } },
          });
          break;
        case "getArtifact": {
          if (request.value.artifact === undefined) throw unknownRequest("nothing");
          answers.pushAll(chunks(await read(request.value.artifact)));
          break;
        }
        default:
          throw unknownRequest(request.case ?? "nothing");
      }
    }
  } finally {
    answers.end();
    connection.close();
  }
}

/** The last message has no content: that of a last message is not read by all job services. */
function* chunks(content: Uint8Array): Generator<ResponseInit, void, undefined> {
  for (let at = 0; at < content.length; at += CHUNK) {
    yield { response: { case: "getArtifactResponse", value: { data: content.subarray(at, at + CHUNK) } } };
  }
  yield { isLast: true, response: { case: "getArtifactResponse", value: {} } };
}

function unknownRequest(what: string): GirderError {
  return new GirderError("unsupported", `The job service asks for ${what} while artifacts are staged.`);
}
