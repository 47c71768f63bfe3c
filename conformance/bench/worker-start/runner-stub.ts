/** Of a runner, what a worker needs to start: it provisions workers, gives them a program's file, and sees them come and go. */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { create, type JsonObject, toBinary } from "@bufbuild/protobuf";
import { createServer, listen, serve, shutdown } from "../../../portability/fn-api/grpc.js";
import { BeamFnControl } from "../../../portability/gen/org/apache/beam/model/fn_execution/v1/beam_fn_api_pb.js";
import { ProvisionService } from "../../../portability/gen/org/apache/beam/model/fn_execution/v1/beam_provision_api_pb.js";
import { ArtifactRetrievalService } from "../../../portability/gen/org/apache/beam/model/job_management/v1/beam_artifact_api_pb.js";
import {
  ArtifactFilePayloadSchema,
  ArtifactInformationSchema,
  ArtifactStagingToRolePayloadSchema,
} from "../../../portability/gen/org/apache/beam/model/pipeline/v1/beam_runner_api_pb.js";
import { StandardArtifacts } from "../../../portability/urns.js";
import { PROGRAM_FILE } from "../../../sdk/runners/portable/program-file.js";
import { PROGRAM_OPTION, type ProgramSpec } from "../../../sdk/worker/booted-worker.js";

/** Bytes of the file in a message. */
const CHUNK = 1024 * 1024;

interface Expected {
  readonly connected: PromiseWithResolvers<number>;
  readonly released: PromiseWithResolvers<void>;
}

interface PromiseWithResolvers<T> {
  readonly promise: Promise<T>;
  resolve(value: T): void;
}

export class RunnerStub implements AsyncDisposable {
  /** `host:port` of all its services. */
  address = "";
  readonly #server = createServer();
  readonly #workers = new Map<string, Expected>();

  /** @param file The program's file, as it is staged. @param spec What the program was submitted with. */
  static async start(file: string, spec: ProgramSpec): Promise<RunnerStub> {
    const stub = new RunnerStub();
    const content = readFileSync(file);
    const { Types, Roles } = StandardArtifacts;
    const artifact = create(ArtifactInformationSchema, {
      typeUrn: Types.FILE,
      typePayload: toBinary(
        ArtifactFilePayloadSchema,
        create(ArtifactFilePayloadSchema, { path: file, sha256: createHash("sha256").update(content).digest("hex") }),
      ),
      roleUrn: Roles.STAGING_TO,
      rolePayload: toBinary(
        ArtifactStagingToRolePayloadSchema,
        create(ArtifactStagingToRolePayloadSchema, { stagedName: PROGRAM_FILE }),
      ),
    });
    serve(stub.#server, ProvisionService, {
      getProvisionInfo: () => ({
        info: {
          controlEndpoint: { url: stub.address },
          artifactEndpoint: { url: stub.address },
          dependencies: [artifact],
          pipelineOptions: { [PROGRAM_OPTION]: spec as unknown as JsonObject },
        },
      }),
    });
    serve(stub.#server, ArtifactRetrievalService, {
      resolveArtifacts: ({ artifacts }) => ({ replacements: artifacts }),
      *getArtifact() {
        for (let at = 0; at < content.length; at += CHUNK) yield { data: content.subarray(at, at + CHUNK) };
      },
    });
    serve(stub.#server, BeamFnControl, {
      // biome-ignore lint/correctness/useYield: workers are asked for nothing.
      async *control(_, { metadata }) {
        const worker = stub.#workers.get(String(metadata.get("worker_id")[0]));
        worker?.connected.resolve(performance.now());
        await worker?.released.promise;
      },
    });
    stub.address = `127.0.0.1:${await listen(stub.#server, "127.0.0.1:0")}`;
    return stub;
  }

  /** The instant, by `performance.now()`, at which a worker opens its control stream. */
  connected(id: string): Promise<number> {
    const worker = { connected: withResolvers<number>(), released: withResolvers<void>() };
    this.#workers.set(id, worker);
    return worker.connected.promise;
  }

  /** Ends a worker. */
  release(id: string): void {
    this.#workers.get(id)?.released.resolve();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const id of this.#workers.keys()) this.release(id);
    await shutdown(this.#server, 1_000);
  }
}

function withResolvers<T>(): PromiseWithResolvers<T> {
  let resolve!: (value: T) => void;
  const promise = new Promise<T>((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}
