import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setImmediate as nextTurn, setTimeout as wait } from "node:timers/promises";
import { create, toBinary } from "@bufbuild/protobuf";
import { client } from "../../portability/fn-api/grpc.js";
import {
  JobService,
  JobState_Enum as JobState,
} from "../../portability/gen/org/apache/beam/model/job_management/v1/beam_job_api_pb.js";
import {
  ArtifactFilePayloadSchema,
  type ArtifactInformation,
  ArtifactInformationSchema,
} from "../../portability/gen/org/apache/beam/model/pipeline/v1/beam_runner_api_pb.js";
import { StandardArtifacts } from "../../portability/urns.js";
import { JobServer, type JobServerOptions } from "./job-server.js";
import { FakeExecutor, pipelineWith, type ServerUnderTest, stage, startServer } from "./testing.js";

function file(path: string): ArtifactInformation {
  const typePayload = toBinary(ArtifactFilePayloadSchema, create(ArtifactFilePayloadSchema, { path }));
  return create(ArtifactInformationSchema, { typeUrn: StandardArtifacts.Types.FILE, typePayload });
}

describe("a job server", () => {
  let folder: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "girder-server-spec-"));
  });
  afterEach(async () => {
    // Whatever a server was put through, it leaves no file.
    assert.deepEqual(await readdir(folder), []);
    await rm(folder, { recursive: true });
  });

  const start = (options: Partial<JobServerOptions> = {}) => startServer({ stagingDirectory: folder, ...options });

  /** Contents in the staging folder. */
  async function files(): Promise<number> {
    const [own] = await readdir(folder);
    return (await readdir(join(folder, own!))).length;
  }

  async function until(what: string, condition: () => boolean | Promise<boolean>): Promise<void> {
    for (let i = 0; i < 1_000; i++) {
      if (await condition()) return;
      await wait(5);
    }
    assert.fail(what);
  }

  /** Runs a job with a file of its own. */
  async function run(under: ServerUnderTest, name: string): Promise<string> {
    const pipeline = pipelineWith([file(name)]);
    const { preparationId, stagingSessionToken } = await under.jobs.prepare({ jobName: name, pipeline });
    await stage(under.staging, stagingSessionToken, () => [Buffer.from(name)]);
    return (await under.jobs.run({ preparationId })).jobId;
  }

  async function finish(under: ServerUnderTest, jobId: string): Promise<void> {
    under.executor.of(jobId).finish();
    for await (const _ of under.jobs.getStateStream({ jobId }));
  }

  const jobIds = async (under: ServerUnderTest) => (await under.jobs.getJobs({})).jobInfo.map(({ jobId }) => jobId);

  describe("keeps", () => {
    it("as many jobs that have ended as it is told, with their files: those that ended last", async () => {
      await using under = await start({ keepFinishedJobs: { age: 60_000, count: 2, grace: 0 } });
      const ids: string[] = [];
      for (const name of ["a", "b", "c", "d"]) ids.push(await run(under, name));
      assert.equal(await files(), 4);
      for (const i of [2, 0, 3]) await finish(under, ids[i]!);
      await until("The file of the first that ended stays.", async () => (await files()) === 3);
      assert.deepEqual(await jobIds(under), [ids[0], ids[1], ids[3]]);
      await assert.rejects(under.jobs.getState({ jobId: ids[2]! }), { code: "not-found" });
    });

    it("jobs that have ended as long as it is told", async () => {
      await using under = await start({ keepFinishedJobs: { age: 30, count: 100, grace: 0 } });
      const [one, two] = [await run(under, "a"), await run(under, "b")];
      await finish(under, one);
      await until("It stays.", async () => !(await jobIds(under)).includes(one));
      await until("Its file stays.", async () => (await files()) === 1);
      assert.deepEqual(await jobIds(under), [two]);
    });

    it("none that has ended, if it is told so, once its clients have had the time to see its end", async () => {
      await using under = await start({ keepFinishedJobs: { age: 0, count: 0, grace: 300 } });
      const jobId = await run(under, "a");
      await finish(under, jobId);
      assert.equal((await under.jobs.getState({ jobId })).state, JobState.DONE);
      await until("It stays.", async () => (await jobIds(under)).length === 0 && (await files()) === 0);
    });

    it("a file as long as one of its jobs", async () => {
      await using under = await start({ keepFinishedJobs: { age: 60_000, count: 0, grace: 0 } });
      const [one, two] = [await run(under, "same"), await run(under, "same")];
      assert.equal(await files(), 1);
      under.executor.of(one).finish();
      await until("It stays.", async () => (await jobIds(under)).length === 1);
      assert.equal(await files(), 1);
      under.executor.of(two).finish();
      await until("Its file stays.", async () => (await files()) === 0);
    });

    it("what was prepared and never run for a while only", async () => {
      await using under = await start({ keepPreparations: { age: 50, count: 100 } });
      const { preparationId, stagingSessionToken } = await under.jobs.prepare({ pipeline: pipelineWith([file("a")]) });
      await stage(under.staging, stagingSessionToken, () => [Buffer.from("a")]);
      assert.equal(await files(), 1);
      await until("Its file stays.", async () => (await files()) === 0);
      await assert.rejects(under.jobs.run({ preparationId }), { code: "not-found" });
      await assert.rejects(
        stage(under.staging, stagingSessionToken, () => []),
        { code: "not-found" },
      );
    });

    it("what is being staged, however long that takes", async () => {
      await using under = await start({ keepPreparations: { age: 20, count: 100 } });
      const { preparationId, stagingSessionToken } = await under.jobs.prepare({ pipeline: pipelineWith([file("a")]) });
      await stage(under.staging, stagingSessionToken, async function* () {
        await wait(100);
        yield Buffer.from("a");
      });
      await under.jobs.run({ preparationId });
    });

    it("so many preparations, and forgets the oldest beyond", async () => {
      await using under = await start({ keepPreparations: { age: 60_000, count: 3 } });
      const ids: string[] = [];
      for (let i = 0; i < 5; i++) ids.push((await under.jobs.prepare({ pipeline: pipelineWith() })).preparationId);
      const outcomes = await Promise.allSettled(ids.map((preparationId) => under.jobs.run({ preparationId })));
      assert.deepEqual(
        outcomes.map(({ status }) => status),
        ["rejected", "rejected", "fulfilled", "fulfilled", "fulfilled"],
      );
    });
  });

  describe("closes", () => {
    it("when its jobs have been cancelled, and lets those who watch see their end", async () => {
      const under = await start();
      const jobId = await run(under, "a");
      const watched = (async () => {
        const names: string[] = [];
        for await (const { state } of under.jobs.getStateStream({ jobId })) names.push(JobState[state]);
        return names;
      })();
      await until("Nobody watches.", async () => (await jobIds(under)).length === 1);
      await Promise.all([under.server.close(), under.server.close()]);
      assert.deepEqual(await watched, ["STOPPED", "STARTING", "RUNNING", "CANCELLING", "CANCELLED"]);
      assert.ok(under.executor.of(jobId).job.signal.aborted);
      await under[Symbol.asyncDispose]();
    });

    it("although a job does not end, a client stages for ever, and another only listens", async () => {
      const deaf = { done: new Promise<void>(() => undefined), metrics: () => ({ attempted: [], committed: [] }) };
      const under = await start({ execute: () => deaf, patience: 100 });
      const { jobs, staging } = under;
      const { preparationId } = await jobs.prepare({ pipeline: pipelineWith() });
      await jobs.run({ preparationId });
      const { stagingSessionToken: stagingToken } = await jobs.prepare({ pipeline: pipelineWith([file("a")]) });
      async function* hanging() {
        yield { stagingToken };
        await new Promise(() => undefined);
      }
      const stages = staging.reverseArtifactRetrievalService(hanging())[Symbol.asyncIterator]();
      await stages.next();
      const listens = jobs.getMessageStream({ jobId: preparationId })[Symbol.asyncIterator]();
      await listens.next();
      const ended = Promise.allSettled([stages.next()]);
      const begin = performance.now();
      await under[Symbol.asyncDispose]();
      assert.ok(performance.now() - begin < 2_000);
      assert.equal((await ended)[0].status, "rejected");
    });

    it("and takes nothing more", async () => {
      const under = await start();
      const closing = under.server.close();
      await assert.rejects(under.jobs.prepare({ pipeline: pipelineWith() }));
      await closing;
      await under[Symbol.asyncDispose]();
    });
  });

  it("leaves nothing open after clients that vanish in the middle of everything", async () => {
    // The first server of a process opens what stays open for all.
    await (await start())[Symbol.asyncDispose]();
    const handles = () =>
      process
        .getActiveResourcesInfo()
        .filter((name) => !/^(TTY|Pipe|Immediate)/.test(name))
        .sort();
    const before = handles();
    const under = await start();
    const jobId = await run(under, "a");
    for (let i = 0; i < 20; i++) {
      const vanishing = client(JobService, under.server.address).call;
      const abort = new AbortController();
      const options = { signal: abort.signal };
      const states = vanishing.getStateStream({ jobId }, options)[Symbol.asyncIterator]();
      const messages = vanishing.getMessageStream({ jobId }, options)[Symbol.asyncIterator]();
      await Promise.all([states.next(), messages.next()]);
      abort.abort();
      await Promise.allSettled([vanishing.prepare({ pipeline: pipelineWith() }, options)]);
      // Someone who does not even speak HTTP.
      const stranger = connect(under.server.port, "127.0.0.1");
      await once(stranger, "connect");
      stranger.write("GET / HTTP/1.1\r\n\r\n\u0000\uffff");
      stranger.destroy();
    }
    await until("A watcher stays.", () => under.server.watchers === 0);
    await finish(under, jobId);
    await under[Symbol.asyncDispose]();
    await nextTurn();
    await until(`Open: ${handles()}, before: ${before}`, () => handles().length <= before.length);
  });

  it("says where it listens", async () => {
    const { execute } = new FakeExecutor();
    const options = { port: 0, check: () => undefined, execute, stagingDirectory: folder };
    const six = await JobServer.start({ ...options, host: "::1" });
    assert.equal(six.address, `[::1]:${six.port}`);
    const jobs = client(JobService, six.address);
    const { artifactStagingEndpoint } = await jobs.call.prepare({ pipeline: pipelineWith() });
    assert.equal(artifactStagingEndpoint?.url, six.address);
    jobs.close();
    await assert.rejects(
      JobServer.start({ ...options, host: "::1", port: six.port }),
      /\[io\].*address already in use/,
    );
    await six.close();
  });
});
