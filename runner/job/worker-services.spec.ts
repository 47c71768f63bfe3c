import assert from "node:assert/strict";
import { create } from "@bufbuild/protobuf";
import { Metadata } from "@grpc/grpc-js";
import { GirderError } from "../../portability/errors.js";
import { client } from "../../portability/fn-api/grpc.js";
import { Outbox } from "../../portability/fn-api/outbox.js";
import {
  BeamFnControl,
  BeamFnLogging,
  type InstructionResponse,
} from "../../portability/gen/org/apache/beam/model/fn_execution/v1/beam_fn_api_pb.js";
import { ProvisionService } from "../../portability/gen/org/apache/beam/model/fn_execution/v1/beam_provision_api_pb.js";
import { ArtifactRetrievalService } from "../../portability/gen/org/apache/beam/model/job_management/v1/beam_artifact_api_pb.js";
import {
  type ArtifactInformation,
  ArtifactInformationSchema,
} from "../../portability/gen/org/apache/beam/model/pipeline/v1/beam_runner_api_pb.js";
import type { ArtifactSource } from "./artifacts/job-artifacts.js";
import { type ServedWorker, WorkerServices } from "./worker-services.js";

function named(id: string) {
  const metadata = new Metadata();
  metadata.set("worker_id", id);
  return { metadata };
}

/** Artifacts of these names, whose bytes are their names. */
function artifactsOf(...names: string[]): ArtifactSource {
  return {
    has: ({ roleUrn }: ArtifactInformation) => names.includes(roleUrn),
    async *read({ roleUrn }: ArtifactInformation) {
      yield Buffer.from(roleUrn);
    },
  };
}

function workerOf(
  services: WorkerServices,
  jobId: string,
  artifacts = artifactsOf(),
  logs: string[] = [],
): ServedWorker {
  return {
    provision: { jobId, jobName: jobId, pipelineOptions: {}, retrievalToken: "", endpoints: services.endpointsAt() },
    artifacts,
    log: ({ message }) => logs.push(message),
  };
}

const isNotFound = (thrown: unknown): boolean => thrown instanceof GirderError && thrown.code === "not-found";

describe("the services for workers", () => {
  let services: WorkerServices;
  beforeEach(async () => {
    services = await WorkerServices.start("127.0.0.1");
  });
  afterEach(() => services.close());

  it("tell each worker of its own job, for as long as it is known", async () => {
    const { call, close } = client(ProvisionService, services.address);
    for (const id of ["a", "b"]) services.serve(id, workerOf(services, `job of ${id}`));
    const jobOf = async (id: string) => (await call.getProvisionInfo({}, named(id))).info!.metadata["job_id"];
    assert.deepEqual([await jobOf("a"), await jobOf("b")], ["job of a", "job of b"]);
    services.forget("a");
    await assert.rejects(jobOf("a"), isNotFound);
    assert.equal(await jobOf("b"), "job of b");
    close();
  });

  it("give the log of each worker to its job", async () => {
    const { call, close } = client(BeamFnLogging, services.address);
    const logs: string[] = [];
    services.serve("a", workerOf(services, "job", artifactsOf(), logs));
    for (const id of ["a", "unknown"]) {
      for await (const _ of call.logging([{ logEntries: [{ message: `from ${id}` }] }], named(id)));
    }
    assert.deepEqual(logs, ["from a"]);
    close();
  });

  it("give out the artifacts of all jobs that run", async () => {
    const { call, close } = client(ArtifactRetrievalService, services.address);
    services.serve("a", workerOf(services, "one", artifactsOf("x")));
    services.serve("b", workerOf(services, "two", artifactsOf("y")));
    const get = async (roleUrn: string): Promise<string> => {
      const parts: Uint8Array[] = [];
      const artifact = create(ArtifactInformationSchema, { roleUrn });
      for await (const { data } of call.getArtifact({ artifact })) parts.push(data);
      return Buffer.concat(parts).toString();
    };
    assert.deepEqual([await get("x"), await get("y")], ["x", "y"]);
    await assert.rejects(get("z"), isNotFound);
    services.forget("b");
    await assert.rejects(get("y"), isNotFound);
    close();
  });

  it("have one address, where the Fn API is, too", async () => {
    assert.equal(new Set(Object.values(services.endpointsAt())).size, 1);
    const { call, close } = client(BeamFnControl, services.address);
    const worker = services.fnApi.expect("a");
    const stream = call.control(new Outbox<InstructionResponse>(), named("a"))[Symbol.asyncIterator]();
    const first = stream.next();
    await worker.connected;
    worker.end(new GirderError("cancelled", "The job has ended."));
    assert.equal((await first).done, true);
    close();
  });

  it("end calls that are open when they are closed", async () => {
    const { call, close } = client(BeamFnControl, services.address);
    const worker = services.fnApi.expect("a");
    const stream = call.control(new Outbox<InstructionResponse>(), named("a"))[Symbol.asyncIterator]();
    const first = stream.next();
    await worker.connected;
    const closing = services.close();
    await assert.rejects(first);
    await closing;
    assert.equal((await worker.lost).code, "worker-lost");
    close();
  });
});
