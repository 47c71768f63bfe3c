import assert from "node:assert/strict";
import { setImmediate as nextTurn } from "node:timers/promises";
import { create, type JsonObject } from "@bufbuild/protobuf";
import { timestampMs } from "@bufbuild/protobuf/wkt";
import { Client, credentials, status } from "@grpc/grpc-js";
import { GirderError } from "../../portability/errors.js";
import { statusOf } from "../../portability/fn-api/status.js";
import {
  JobMessage_MessageImportance as Importance,
  type JobMessagesResponse,
  JobState_Enum as JobState,
  PipelineOptionType_Enum,
} from "../../portability/gen/org/apache/beam/model/job_management/v1/beam_job_api_pb.js";
import { MonitoringInfoSchema } from "../../portability/gen/org/apache/beam/model/pipeline/v1/metrics_pb.js";
import { MonitoringInfoSpecs } from "../../portability/urns.js";
import { plan } from "../graph/plan.js";
import { pipelineWith, type ServerUnderTest, startServer } from "./testing.js";

describe("the job service", () => {
  let under: ServerUnderTest;

  beforeEach(async () => {
    under = await startServer();
  });
  afterEach(() => under[Symbol.asyncDispose]());

  const prepare = async (jobName = "count", pipelineOptions: JsonObject = { "beam:option:x:v1": "1" }) =>
    (await under.jobs.prepare({ jobName, pipeline: pipelineWith(), pipelineOptions })).preparationId;

  async function run(jobName?: string, options?: JsonObject): Promise<string> {
    return (await under.jobs.run({ preparationId: await prepare(jobName, options) })).jobId;
  }

  async function all<T>(messages: AsyncIterable<T>): Promise<T[]> {
    const gathered: T[] = [];
    for await (const message of messages) gathered.push(message);
    return gathered;
  }

  const states = async (jobId: string) =>
    (await all(under.jobs.getStateStream({ jobId }))).map(({ state }) => JobState[state]);

  /** States by their names, messages by importance and first line. */
  const told = (responses: JobMessagesResponse[]) =>
    responses.map(({ response: { case: kind, value } }) =>
      kind === "stateResponse"
        ? JobState[value.state]
        : `${Importance[value!.importance]}: ${value!.messageText.split("\n")[0]}`,
    );

  const refused = (code: GirderError["code"], grpcStatus: status, message: RegExp) => (thrown: GirderError) => {
    assert.deepEqual([thrown.code, statusOf(thrown)], [code, grpcStatus], thrown.message);
    assert.match(thrown.message, message);
    return true;
  };
  const unknown = refused("not-found", status.NOT_FOUND, /There is no (job|preparation)/);
  const wrong = (message: RegExp) => refused("invalid-argument", status.INVALID_ARGUMENT, message);

  describe("prepares", () => {
    it("under an id that can be read, whatever the job is called, and never the same", async () => {
      assert.match(await prepare("Word Count!"), /^word-count-[0-9a-f]{12}$/);
      assert.match(await prepare(""), /^job-[0-9a-f]{12}$/);
      assert.match(await prepare("../\n\u0000__proto__"), /^proto-[0-9a-f]{12}$/);
      assert.ok((await prepare("x".repeat(100_000))).length < 60);
      assert.notEqual(await prepare(), await prepare());
    });

    it("nothing without a pipeline, and nothing that the check refuses: with all reasons", async () => {
      await assert.rejects(under.jobs.prepare({ jobName: "none" }), wrong(/no pipeline in the request/));
      await using strict = await startServer({ check: (pipeline) => void plan(pipeline) });
      const pipeline = pipelineWith();
      const impulse = pipeline.components!.transforms["impulse"]!;
      impulse.outputs = { out: "missing", more: "missing too" };
      await assert.rejects(
        strict.jobs.prepare({ pipeline }),
        wrong(/cannot run, for \d reasons:[\s\S]*missing does not exist[\s\S]*missing too does not exist/),
      );
      const other = pipelineWith();
      other.requirements = ["beam:requirement:of_its_own:v1"];
      await assert.rejects(
        strict.jobs.prepare({ pipeline: other }),
        refused("unsupported", status.UNIMPLEMENTED, /requirement:of_its_own/),
      );
      assert.equal(strict.reported.length, 2);
    });

    it("says so where the check has a fault", async () => {
      const check = () => {
        throw new TypeError("undefined is not a function");
      };
      await using faulty = await startServer({ check });
      await assert.rejects(
        faulty.jobs.prepare({ pipeline: pipelineWith() }),
        refused("io", status.INTERNAL, /cannot be checked: TypeError: undefined is not a function.*report this/),
      );
      assert.match(faulty.reported[0] ?? "", /TypeError.*\n\s+at /);
    });

    it("answers garbage with a status", async () => {
      const raw = new Client(under.server.address, credentials.createInsecure());
      const same = (bytes: Buffer): Buffer => bytes;
      for (const name of ["Prepare", "Run", "GetJobs", "GetState", "Cancel"]) {
        const path = `/org.apache.beam.model.job_management.v1.JobService/${name}`;
        const code = await new Promise((resolve) => {
          raw.makeUnaryRequest(path, same, same, Buffer.from([0xff, 0xff, 0x01, 0x0a, 0x7f]), (error) =>
            resolve(error?.code),
          );
        });
        assert.equal(code, status.INTERNAL, name);
      }
      raw.close();
      await run();
    });
  });

  describe("runs", () => {
    it("what was prepared, with its options unchanged; a job then, and not before", async () => {
      const options = { "beam:option:parallelism:v1": "4", list: [1, "a", null, { deep: true }], empty: {} };
      const { preparationId } = await under.jobs.prepare({
        jobName: "n",
        pipeline: pipelineWith(),
        pipelineOptions: options,
      });
      // Python's client opens this stream, with a time limit; it has to be refused to open one without.
      await assert.rejects(states(preparationId), unknown);
      await assert.rejects(all(under.jobs.getMessageStream({ jobId: preparationId })), unknown);
      await assert.rejects(under.jobs.getState({ jobId: preparationId }), unknown);
      assert.deepEqual((await under.jobs.getJobs({})).jobInfo, []);
      const { jobId } = await under.jobs.run({ preparationId });
      assert.deepEqual(under.executor.of(jobId).job.options, options);
      const [info] = (await under.jobs.getJobs({})).jobInfo;
      assert.deepEqual(info?.pipelineOptions, options);
      assert.deepEqual([info?.jobId, info?.jobName, info?.state], [jobId, "n", JobState.RUNNING]);
    });

    it("a preparation once", async () => {
      const preparationId = await prepare();
      const outcomes = await Promise.allSettled([1, 2].map(() => under.jobs.run({ preparationId })));
      assert.deepEqual(
        outcomes.map(({ status: outcome }) => outcome),
        ["fulfilled", "rejected"],
      );
      await assert.rejects(under.jobs.run({ preparationId }), wrong(/This preparation has been run/));
      assert.equal((await under.jobs.getJobs({})).jobInfo.length, 1);
    });

    it("nothing for an unknown preparation, or a wrong retrieval token", async () => {
      await assert.rejects(under.jobs.run({ preparationId: "x".repeat(100_000) }), unknown);
      const { preparationId, stagingSessionToken } = await under.jobs.prepare({ pipeline: pipelineWith() });
      const retrievalToken = "of another";
      await assert.rejects(under.jobs.run({ preparationId, retrievalToken }), wrong(/The retrieval token is not/));
      await under.jobs.run({ preparationId, retrievalToken: stagingSessionToken });
      assert.equal(under.executor.of(preparationId).job.retrievalToken, stagingSessionToken);
      await under.jobs.run({ preparationId: await prepare(), retrievalToken: "__no_artifacts_staged__" });
    });
  });

  describe("tells", () => {
    it("of each state with its time, at once and to the end", async () => {
      const before = Date.now();
      const jobId = await run();
      const stream = under.jobs.getStateStream({ jobId })[Symbol.asyncIterator]();
      const seen: JobState[] = [];
      for (let i = 0; i < 3; i++) seen.push((await stream.next()).value!.state);
      assert.deepEqual(seen, [JobState.STOPPED, JobState.STARTING, JobState.RUNNING]);
      const next = stream.next();
      under.executor.of(jobId).finish();
      const { value: last } = await next;
      assert.equal(last?.state, JobState.DONE);
      assert.ok(timestampMs(last!.timestamp!) >= before && timestampMs(last!.timestamp!) <= Date.now());
      assert.ok((await stream.next()).done);
      const state = await under.jobs.getState({ jobId });
      assert.deepEqual([state.state, state.timestamp], [JobState.DONE, last!.timestamp]);
    });

    it("everything from the beginning to those who come after the end, and ends", async () => {
      const jobId = await run();
      const { job, fail } = under.executor.of(jobId);
      const time = new Date("2026-11-01T12:00:00.123Z");
      job.log({ importance: "debug", text: "one", time });
      job.log({ importance: "detailed", text: "two" });
      job.log({ importance: "basic", text: "three" });
      job.log({ importance: "warning", text: "four" });
      const early = all(under.jobs.getMessageStream({ jobId }));
      fail(new GirderError("user-exception", "KeyError: 'x'.", { where: "Split/Map", cause: new RangeError("x") }));
      const expected = [
        "STOPPED",
        "STARTING",
        "JOB_MESSAGE_DEBUG: one",
        "JOB_MESSAGE_DETAILED: two",
        "JOB_MESSAGE_BASIC: three",
        "JOB_MESSAGE_WARNING: four",
        "JOB_MESSAGE_ERROR: [user-exception] KeyError: 'x'. (at Split/Map)",
        "FAILED",
      ];
      // Running is entered when executing has begun, which these messages come from.
      const without = (lines: string[]) => lines.filter((line) => line !== "RUNNING");
      assert.deepEqual(without(told(await early)), expected);
      const late = await all(under.jobs.getMessageStream({ jobId }));
      assert.deepEqual(without(told(late)), expected);
      assert.deepEqual(await states(jobId), ["STOPPED", "STARTING", "RUNNING", "FAILED"]);
      const messages = late.flatMap(({ response }) => (response.case === "messageResponse" ? [response.value] : []));
      assert.equal(messages[0]?.time, "2026-11-01T12:00:00.123Z");
      assert.deepEqual(new Set(messages.map(({ messageId }) => messageId)).size, messages.length);
      assert.match(messages.at(-1)?.messageText ?? "", /Caused by: RangeError: x\n\s+at /);
    });

    it("metrics, attempted and committed, during the job and after it", async () => {
      const jobId = await run();
      assert.deepEqual((await under.jobs.getJobMetrics({ jobId })).metrics?.attempted, []);
      const { urn, type } = MonitoringInfoSpecs.Enum.USER_SUM_INT64;
      const labels = { PTRANSFORM: "Count", NAMESPACE: "words", NAME: "n" };
      const info = (value: number) =>
        create(MonitoringInfoSchema, { urn, type, labels, payload: new Uint8Array([value]) });
      const execution = under.executor.of(jobId);
      execution.metrics = { attempted: [info(3)], committed: [info(2)] };
      const values = async () => {
        const { metrics } = await under.jobs.getJobMetrics({ jobId });
        return [metrics?.attempted, metrics?.committed].map((infos) => infos?.map(({ payload }) => payload[0]));
      };
      assert.deepEqual(await values(), [[3], [2]]);
      execution.metrics = { attempted: [info(5)], committed: [info(5)] };
      execution.finish();
      await states(jobId);
      assert.deepEqual(await values(), [[5], [5]]);
    });

    it("its options, where it has some", async () => {
      assert.deepEqual((await under.jobs.describePipelineOptions({})).options, []);
      const option = { name: "bundle_attempts", type: PipelineOptionType_Enum.INTEGER, description: "How often." };
      await using other = await startServer({ describedOptions: [option] });
      const [described] = (await other.jobs.describePipelineOptions({})).options;
      assert.deepEqual([described?.name, described?.type], [option.name, option.type]);
    });

    it("nothing of jobs that are unknown", async () => {
      for (const jobId of ["", "count", "__proto__", "x".repeat(100_000)]) {
        await assert.rejects(under.jobs.getState({ jobId }), unknown);
        await assert.rejects(under.jobs.getPipeline({ jobId }), unknown);
        await assert.rejects(under.jobs.getJobMetrics({ jobId }), unknown);
        await assert.rejects(under.jobs.cancel({ jobId }), unknown);
        await assert.rejects(under.jobs.drain({ jobId }), unknown);
        await assert.rejects(states(jobId), unknown);
        await assert.rejects(all(under.jobs.getMessageStream({ jobId })), unknown);
      }
    });
  });

  describe("cancels", () => {
    it("a job: its executor learns of it, its streams end, and nothing is an error", async () => {
      const jobId = await run();
      const messages = all(under.jobs.getMessageStream({ jobId }));
      assert.equal((await under.jobs.cancel({ jobId })).state, JobState.CANCELLING);
      assert.ok(under.executor.of(jobId).job.signal.aborted);
      assert.deepEqual(await states(jobId), ["STOPPED", "STARTING", "RUNNING", "CANCELLING", "CANCELLED"]);
      assert.deepEqual(
        told(await messages).filter((line) => line.includes("ERROR")),
        [],
      );
      assert.equal((await under.jobs.cancel({ jobId })).state, JobState.CANCELLED);
    });

    it("no job that has ended", async () => {
      const jobId = await run();
      under.executor.of(jobId).finish();
      await states(jobId);
      assert.equal((await under.jobs.cancel({ jobId })).state, JobState.DONE);
    });
  });

  describe("drains", () => {
    it("a job: its executor learns of it, and its end is that of a job that was drained", async () => {
      const jobId = await run();
      assert.equal((await under.jobs.drain({ jobId })).state, JobState.DRAINING);
      const { job, finish } = under.executor.of(jobId);
      assert.ok(job.drain.aborted && !job.signal.aborted);
      finish();
      assert.deepEqual(await states(jobId), ["STOPPED", "STARTING", "RUNNING", "DRAINING", "DRAINED"]);
      assert.equal((await under.jobs.drain({ jobId })).state, JobState.DRAINED);
    });

    it("a job that is asked to begin so", async () => {
      const options = { "beam:option:experiments:v1": ["girder_start_draining"] };
      const jobId = await run("begins", options);
      assert.ok(under.executor.of(jobId).job.drain.aborted);
    });

    it("one that fails or is cancelled meanwhile is not drained", async () => {
      const [failed, cancelled] = [await run(), await run()];
      for (const jobId of [failed, cancelled]) await under.jobs.drain({ jobId });
      under.executor.of(failed).fail(new Error("no"));
      await under.jobs.cancel({ jobId: cancelled });
      assert.deepEqual([(await states(failed)).at(-1), (await states(cancelled)).at(-1)], ["FAILED", "CANCELLED"]);
    });
  });

  it("runs jobs side by side: one that fails or is cancelled leaves the others alone", async () => {
    const ids = await Promise.all(Array.from({ length: 30 }, (_, i) => run(`job ${i}`)));
    const ends = ids.map((jobId) => states(jobId));
    ids.forEach((jobId, i) => {
      const { finish, fail } = under.executor.of(jobId);
      if (i % 3 === 0) finish();
      else if (i % 3 === 1) fail(new Error("no"));
    });
    await Promise.all(ids.filter((_, i) => i % 3 === 2).map((jobId) => under.jobs.cancel({ jobId })));
    const last = (await Promise.all(ends)).map((names) => names.at(-1));
    assert.deepEqual(
      last,
      ids.map((_, i) => ["DONE", "FAILED", "CANCELLED"][i % 3]),
    );
    const { jobInfo } = await under.jobs.getJobs({});
    assert.deepEqual(jobInfo.map(({ jobId }) => jobId).sort(), [...ids].sort());
  });

  it("is not held up by watchers who do not read", async () => {
    const jobId = await run();
    const { job, finish } = under.executor.of(jobId);
    const lazy = under.jobs.getMessageStream({ jobId })[Symbol.asyncIterator]();
    await lazy.next();
    for (let i = 0; i < 200; i++) {
      job.log({ importance: "basic", text: "x".repeat(10_000) });
      await nextTurn();
    }
    finish();
    assert.equal((await states(jobId)).at(-1), "DONE");
    await lazy.return?.();
  });
});
