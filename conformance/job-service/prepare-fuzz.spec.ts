import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { Client, credentials, type ServiceError, status } from "@grpc/grpc-js";
import { Pipeline } from "girder";
import { PrepareJobRequestSchema } from "../../portability/gen/org/apache/beam/model/job_management/v1/beam_job_api_pb.js";
import {
  ComponentsSchema,
  type Pipeline as PipelineProto,
  PipelineSchema,
} from "../../portability/gen/org/apache/beam/model/pipeline/v1/beam_runner_api_pb.js";
import { seededRandom } from "../../runner/execution/random.js";
import { PORTABLE_CAPABILITIES } from "../../runner/graph/capabilities.js";
import { plan } from "../../runner/graph/plan.js";
import { pipelineWith, type ServerUnderTest, startServer } from "../../runner/job/testing.js";
import { TESTS } from "../typescript/index.js";
import { mutatedBytes, mutatedPipeline } from "./mutate.js";

/** How many mutations are tried, and the first seed: `FUZZ_PREPARE=100000 FUZZ_SEED=7 npm test` tries more, and others. */
const RUNS = Number(process.env["FUZZ_PREPARE"] ?? 2_000);
const FIRST_SEED = Number(process.env["FUZZ_SEED"] ?? 1);
/** Ms that an answer may take. */
const DEADLINE = 10_000;

/** Below dist: `python-pipelines.py` writes them. */
const PIPELINES = resolve(import.meta.dirname, "../../../conformance/job-service/pipelines");

/** Pipelines of our own suite and of Python's SDK. */
function realPipelines(): PipelineProto[] {
  const ours = TESTS.flatMap((test) => {
    const pipeline = new Pipeline();
    try {
      test.build(pipeline.root);
      return [pipeline.toProto()];
    } catch {
      // It is about being refused while it is built.
      return [];
    }
  });
  const python = readdirSync(PIPELINES).map((name) => fromBinary(PipelineSchema, readFileSync(join(PIPELINES, name))));
  return [...ours, ...python];
}

describe("Prepare, given pipelines that something is wrong with", function () {
  this.timeout(120_000 + RUNS * 100);
  let under: ServerUnderTest;
  let raw: Client;
  const real = realPipelines();

  before(async () => {
    const check = (pipeline: PipelineProto): void => void plan(pipeline, PORTABLE_CAPABILITIES);
    under = await startServer({ check, keepPreparations: { age: 60_000, count: 10 } });
    raw = new Client(under.server.address, credentials.createInsecure());
  });
  after(async () => {
    raw.close();
    await under[Symbol.asyncDispose]();
  });

  /** The status of a request, made of bytes. */
  function prepare(request: Uint8Array): Promise<{ code: status; message: string }> {
    const path = "/org.apache.beam.model.job_management.v1.JobService/Prepare";
    const same = (bytes: Buffer): Buffer => bytes;
    return new Promise((resolve) => {
      const done = (error: ServiceError | null): void => {
        resolve({ code: error?.code ?? status.OK, message: error?.details ?? "" });
      };
      raw.makeUnaryRequest(path, same, same, Buffer.from(request), { deadline: Date.now() + DEADLINE }, done);
    });
  }

  const requestOf = (pipeline: PipelineProto): Uint8Array =>
    toBinary(PrepareJobRequestSchema, create(PrepareJobRequestSchema, { jobName: "fuzzed", pipeline }));

  /** A request whose pipeline is these bytes. */
  function requestOfBytes(pipeline: Uint8Array): Uint8Array {
    const length: number[] = [];
    for (let rest = pipeline.length; ; rest >>>= 7) {
      length.push(rest > 0x7f ? (rest & 0x7f) | 0x80 : rest);
      if (rest <= 0x7f) return Buffer.concat([Uint8Array.of(0x0a, ...length), pipeline]);
    }
  }

  /** It was understood, and taken or refused; or it was no message at all. */
  function isClean({ code, message }: { code: status; message: string }): boolean {
    if (code === status.OK) return true;
    if (code === status.INVALID_ARGUMENT) return /^\[invalid-(pipeline|argument)\] /.test(message);
    if (code === status.UNIMPLEMENTED) return message.startsWith("[unsupported] ");
    return code === status.INTERNAL && message.startsWith("Error deserializing request");
  }

  it("takes the real ones, or says what it does not support", async () => {
    const answers: Awaited<ReturnType<typeof prepare>>[] = [];
    for (const pipeline of real) answers.push(await prepare(requestOf(pipeline)));
    assert.deepEqual(
      answers.filter((answer) => !isClean(answer)),
      [],
    );
    const taken = answers.filter(({ code }) => code === status.OK).length;
    assert.ok(taken > 50 && taken > real.length * 0.8, `${taken} of ${real.length}`);
  });

  it(`answers each of ${RUNS} with OK or a status that says why not`, async () => {
    const codes = new Map<status, number>();
    let next = FIRST_SEED;
    const worker = async (): Promise<void> => {
      while (next < FIRST_SEED + RUNS) {
        const seed = next++;
        const random = seededRandom(seed);
        const base = real[Math.floor(random() * real.length)]!;
        const request =
          random() < 0.3 ? requestOfBytes(mutatedBytes(base, random)) : requestOf(mutatedPipeline(base, random));
        const answer = await prepare(request);
        codes.set(answer.code, (codes.get(answer.code) ?? 0) + 1);
        assert.ok(isClean(answer), `seed ${seed}: ${status[answer.code]}: ${answer.message}`);
      }
    };
    await Promise.all(Array.from({ length: 8 }, worker));
    // What is changed must be neither all harmless nor all noise.
    for (const code of [status.OK, status.INVALID_ARGUMENT, status.INTERNAL]) {
      assert.ok((codes.get(code) ?? 0) > RUNS / 20, `${status[code]}: ${[...codes].join(" ")}`);
    }
    await prepare(requestOf(pipelineWith()));
    assert.equal((await prepare(requestOf(pipelineWith()))).code, status.OK);
  });

  it("answers for what is nested without end, or refers to what every object has", async () => {
    const nested = (depth: number): PipelineProto => {
      const components = create(ComponentsSchema);
      for (let i = 0; i < depth; i++) {
        const subtransforms = [`t${i + 1}`];
        const { transforms } = create(ComponentsSchema, { transforms: { t: { uniqueName: `t${i}`, subtransforms } } });
        components.transforms[`t${i}`] = transforms["t"]!;
      }
      return create(PipelineSchema, { components, rootTransformIds: ["t0"] });
    };
    const deep = await prepare(requestOf(nested(30_000)));
    assert.deepEqual([deep.code, isClean(deep)], [status.INVALID_ARGUMENT, true], deep.message);
    const inherited = await prepare(
      requestOf(create(PipelineSchema, { rootTransformIds: ["constructor", "__proto__"] })),
    );
    assert.match(
      inherited.message,
      /root transform constructor does not exist[\s\S]*root transform __proto__ does not/,
    );
  });
});
