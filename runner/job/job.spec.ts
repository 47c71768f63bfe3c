import assert from "node:assert/strict";
import { setImmediate as nextTurn } from "node:timers/promises";
import { create } from "@bufbuild/protobuf";
import { GirderError } from "../../portability/errors.js";
import { MonitoringInfoSchema } from "../../portability/gen/org/apache/beam/model/pipeline/v1/metrics_pb.js";
import { ArtifactStore } from "./artifacts/artifact-store.js";
import { JobArtifacts } from "./artifacts/job-artifacts.js";
import { PUBLIC_REPOSITORIES } from "./artifacts/remote-artifact.js";
import type { ExecuteJob } from "./execution.js";
import { Job } from "./job.js";
import { isTerminal, JobState, type LiveState, NEXT_STATES } from "./job-state.js";
import { FakeExecutor, pipelineWith } from "./testing.js";

describe("a job", () => {
  const never = new AbortController().signal;
  let store: ArtifactStore;
  let executor: FakeExecutor;

  before(async () => {
    store = await ArtifactStore.open();
  });
  after(() => store.close());
  beforeEach(() => {
    executor = new FakeExecutor();
  });

  function job(id = "count-1"): Job {
    const artifacts = new JobArtifacts(store.lease(), PUBLIC_REPOSITORIES);
    const options = { "beam:option:parallelism:v1": "4" };
    return new Job({ id, name: "Count", pipeline: pipelineWith(), options, artifacts, retrievalToken: "token" });
  }

  /** What is told of it, in short: states by their names, messages by importance and first line. */
  async function story(of: Job): Promise<string[]> {
    const told: string[] = [];
    for await (const event of of.events(never)) {
      told.push(event.kind === "state" ? JobState[event.state] : `${event.importance}: ${event.text.split("\n")[0]}`);
    }
    return told;
  }

  async function states(of: Job): Promise<string[]> {
    const names: string[] = [];
    for await (const { state } of of.states(never)) names.push(JobState[state]);
    return names;
  }

  it("goes from stopped by way of starting and running to done, each state with its time", async () => {
    const one = job();
    const watched = story(one);
    one.start(executor.execute);
    executor.of("count-1").finish();
    await one.ended;
    assert.deepEqual(await states(one), ["STOPPED", "STARTING", "RUNNING", "DONE"]);
    assert.deepEqual(await watched, ["STOPPED", "STARTING", "RUNNING", "DONE"]);
    let last = 0;
    for await (const { time } of one.states(never)) {
      assert.ok(time.getTime() >= last);
      last = time.getTime();
    }
  });

  it("hands over what was submitted", () => {
    const one = job();
    one.start(executor.execute);
    const { jobId, pipeline, options, artifacts, retrievalToken } = executor.of("count-1").job;
    assert.equal(jobId, "count-1");
    assert.equal(pipeline, one.pipeline);
    assert.deepEqual(options, { "beam:option:parallelism:v1": "4" });
    assert.equal(artifacts, one.artifacts);
    assert.equal(retrievalToken, "token");
  });

  it("tells one error, before it has failed: the exception with its stack, and the step", async () => {
    const one = job();
    one.start(executor.execute);
    const { job: begun, fail } = executor.of("count-1");
    begun.log({ importance: "warning", text: "A bundle is tried again." });
    fail(new GirderError("user-exception", "ValueError: no.", { where: "Split", cause: new RangeError("deep") }));
    await one.ended;
    assert.deepEqual(await story(one), [
      "STOPPED",
      "STARTING",
      "RUNNING",
      "warning: A bundle is tried again.",
      "error: [user-exception] ValueError: no. (at Split)",
      "FAILED",
    ]);
    assert.match(one.failure ?? "", /Caused by: RangeError: deep\n\s+at /);
  });

  it("fails where it cannot be begun", async () => {
    const one = job();
    one.start(() => {
      throw new GirderError("worker-lost", "No worker.");
    });
    await one.ended;
    assert.deepEqual(await story(one), ["STOPPED", "STARTING", "error: [worker-lost] No worker.", "FAILED"]);
  });

  it("is cancelled once, by a signal", async () => {
    const one = job();
    one.start(executor.execute);
    assert.equal(one.cancel().state, JobState.CANCELLING);
    assert.equal(one.cancel().state, JobState.CANCELLING);
    assert.ok(executor.of("count-1").job.signal.aborted);
    await one.ended;
    assert.deepEqual(await story(one), [
      "STOPPED",
      "STARTING",
      "RUNNING",
      "basic: The job is being cancelled.",
      "CANCELLING",
      "CANCELLED",
    ]);
    assert.equal(one.cancel().state, JobState.CANCELLED);
    assert.equal(one.failure, undefined);
  });

  it("is done if it comes to its end while it is being cancelled, and cancelled whatever else goes wrong then", async () => {
    const deaf: ExecuteJob = (begun) => ({
      done: new Promise((finish, fail) => {
        begun.signal.addEventListener("abort", () =>
          begun.jobId === "done" ? finish() : fail(new GirderError("worker-lost", "It died.")),
        );
      }),
      metrics: () => ({ attempted: [], committed: [] }),
    });
    for (const id of ["done", "died"]) {
      const one = job(id);
      one.start(deaf);
      one.cancel();
      await one.ended;
      assert.equal(one.state.state, id === "done" ? JobState.DONE : JobState.CANCELLED);
      const told = await story(one);
      assert.equal(told.filter((line) => line.startsWith("error")).length, 0, String(told));
      if (id === "died") assert.match(told.at(-2) ?? "", /^warning: While the job was being cancelled: .*It died/);
    }
  });

  it("can be given up", async () => {
    const one = job();
    one.start(() => ({ done: new Promise(() => undefined), metrics: () => ({ attempted: [], committed: [] }) }));
    one.abandon();
    await one.ended;
    assert.equal(one.state.state, JobState.CANCELLED);
    one.abandon();
    assert.equal((await states(one)).at(-1), "CANCELLED");
  });

  it("tells nothing after its end, and of a flood of messages the last, saying so", async () => {
    const one = job();
    one.start(executor.execute);
    const { job: begun, finish } = executor.of("count-1");
    for (let i = 0; i < 3_000; i++) begun.log({ importance: "detailed", text: `${i} ${"x".repeat(1_000)}` });
    finish();
    await one.ended;
    begun.log({ importance: "warning", text: "Too late." });
    const told = await story(one);
    assert.match(told[0] ?? "", /^warning: The oldest \d+ messages of the job are not kept/);
    assert.deepEqual(told.slice(1, 4), ["STOPPED", "STARTING", "RUNNING"]);
    assert.match(told.at(-2) ?? "", /^detailed: 2999 x/);
    assert.equal(told.at(-1), "DONE");
    assert.ok(told.length > 500 && told.length < 1_200, String(told.length));
  });

  it("has the metrics of its execution, to the last of them", async () => {
    const one = job();
    assert.deepEqual(one.metrics(), { attempted: [], committed: [] });
    one.start(executor.execute);
    const execution = executor.of("count-1");
    const info = create(MonitoringInfoSchema, { urn: "beam:metric:user:sum_int64:v1", payload: new Uint8Array([1]) });
    execution.metrics = { attempted: [info], committed: [] };
    assert.deepEqual(one.metrics(), execution.metrics);
    execution.metrics = { attempted: [info], committed: [info] };
    execution.finish();
    await one.ended;
    assert.deepEqual(one.metrics(), { attempted: [info], committed: [info] });
  });

  it("does not fail for metrics that cannot be read at its end", async () => {
    const one = job();
    const metrics = (): never => {
      throw new TypeError("no metrics");
    };
    one.start(() => ({ done: Promise.resolve(), metrics }));
    await one.ended;
    const told = await story(one);
    assert.match(told.at(-2) ?? "", /^warning: The metrics cannot be read: TypeError: no metrics/);
    assert.equal(told.at(-1), "DONE");
  });

  it("leaves nobody waiting who has gone", async () => {
    const one = job();
    one.start(executor.execute);
    const gone = new AbortController();
    const reading = (async () => {
      for await (const _ of one.events(gone.signal));
    })();
    const watching = (async () => {
      for await (const _ of one.states(gone.signal));
    })();
    for (let i = 0; one.watchers < 2 && i < 100; i++) await nextTurn();
    assert.equal(one.watchers, 2);
    gone.abort();
    await Promise.all([reading, watching]);
    assert.equal(one.watchers, 0);
    one.cancel();
  });

  it("comes to an end from every state that is none", () => {
    const every = Object.keys(NEXT_STATES).map(Number) as LiveState[];
    assert.deepEqual(
      every.filter(isTerminal).map((state) => JobState[state]),
      ["DONE", "FAILED", "CANCELLED", "DRAINED"],
    );
    const reachable = new Set<LiveState>([JobState.STOPPED]);
    for (const state of reachable) for (const next of NEXT_STATES[state]) reachable.add(next);
    assert.equal(reachable.size, every.length);
  });
});
