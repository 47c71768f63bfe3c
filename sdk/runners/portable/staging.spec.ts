import assert from "node:assert/strict";
import { create } from "@bufbuild/protobuf";
import { GirderError } from "../../../portability/errors.js";
import { createServer, listen, serve, shutdown } from "../../../portability/fn-api/grpc.js";
import {
  type ArtifactRequestWrapper,
  type ArtifactResponseWrapper,
  ArtifactStagingService,
} from "../../../portability/gen/org/apache/beam/model/job_management/v1/beam_artifact_api_pb.js";
import { ArtifactInformationSchema } from "../../../portability/gen/org/apache/beam/model/pipeline/v1/beam_runner_api_pb.js";
import { type ReadArtifact, stageArtifacts } from "./staging.js";

const ARTIFACT = create(ArtifactInformationSchema, { typeUrn: "some:type", typePayload: Buffer.from("a") });

type Request = Pick<ArtifactRequestWrapper, "request">;

describe("staging", () => {
  /** Asks one thing after the other, and gives what was answered: as many messages as are wanted for each. */
  async function staged(
    asks: readonly (readonly [request: unknown, answers: (message: ArtifactResponseWrapper) => boolean])[],
    read: ReadArtifact,
  ): Promise<ArtifactResponseWrapper[]> {
    const server = createServer();
    const answered: ArtifactResponseWrapper[] = [];
    serve(server, ArtifactStagingService, {
      async *reverseArtifactRetrievalService(responses) {
        const answers = responses[Symbol.asyncIterator]();
        answered.push((await answers.next()).value);
        for (const [request, isEnough] of asks) {
          yield { request } as Request;
          for (;;) {
            const { value } = await answers.next();
            answered.push(value);
            if (isEnough(value)) break;
          }
        }
      },
    });
    const address = `127.0.0.1:${await listen(server, "127.0.0.1:0")}`;
    try {
      await stageArtifacts(address, "token", read);
    } finally {
      await shutdown(server, 100);
    }
    return answered;
  }

  it("says for which job it is, and answers until the service ends the stream", async () => {
    const content = Buffer.alloc(2_500_000, "x");
    const [first, resolved, ...chunks] = await staged(
      [
        [{ case: "resolveArtifact", value: { artifacts: [ARTIFACT] } }, () => true],
        [{ case: "getArtifact", value: { artifact: ARTIFACT } }, ({ isLast }) => isLast],
      ],
      async ({ typePayload }) => (Buffer.from(typePayload).toString() === "a" ? content : Buffer.alloc(0)),
    );
    assert.equal(first!.stagingToken, "token");
    assert.ok(resolved!.response.case === "resolveArtifactResponse");
    assert.deepEqual(resolved!.response.value.replacements, [ARTIFACT]);
    const data = chunks.map(({ response }) => {
      assert.ok(response.case === "getArtifactResponse");
      return response.value.data;
    });
    assert.deepEqual(
      data.map(({ length }) => length),
      [1 << 20, 1 << 20, 2_500_000 - (1 << 21), 0],
    );
    assert.ok(Buffer.concat(data).equals(content));
  });

  it("sends an artifact without content as one message", async () => {
    const [, only] = await staged(
      [[{ case: "getArtifact", value: { artifact: ARTIFACT } }, ({ isLast }) => isLast]],
      async () => new Uint8Array(),
    );
    assert.equal(only!.isLast, true);
  });

  it("fails where it is asked for what it has not", async () => {
    const asked = staged([[{ case: "getArtifact", value: { artifact: ARTIFACT } }, () => true]], async () => {
      throw new GirderError("not-found", "No such artifact.");
    });
    await assert.rejects(asked, { code: "not-found" });
    await assert.rejects(
      staged([[{ case: undefined }, () => true]], async () => new Uint8Array()),
      { code: "unsupported" },
    );
  });

  it("needs nothing of a service that asks for nothing", async () => {
    assert.equal((await staged([], async () => new Uint8Array())).length, 1);
  });
});
