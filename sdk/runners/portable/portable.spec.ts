import assert from "node:assert/strict";
import { GirderError } from "../../../portability/errors.js";
import { createServer, listen, serve, shutdown } from "../../../portability/fn-api/grpc.js";
import { ArtifactRetrievalService } from "../../../portability/gen/org/apache/beam/model/job_management/v1/beam_artifact_api_pb.js";
import {
  JobMessage_MessageImportance,
  JobService,
  JobState_Enum as JobState,
} from "../../../portability/gen/org/apache/beam/model/job_management/v1/beam_job_api_pb.js";
import { type ExecutingServer, startExecutingServer } from "../../../runner/job/testing-server.js";
import { counter } from "../../pipeline/metrics.js";
import { Pipeline } from "../../pipeline/pipeline.js";
import { passert } from "../../testing/passert.js";
import { testPipelineOn } from "../../testing/test-pipeline.js";
import { create } from "../../transforms/create.js";
import { groupByKey } from "../../transforms/group-by-key.js";
import { withKeys } from "../../transforms/key-values.js";
import { asList } from "../../transforms/side-inputs.js";
import { run } from "../run.js";
import { runPortable } from "./portable.js";

describe("the portable runner", () => {
  let server: ExecutingServer;

  before(async () => {
    server = await startExecutingServer();
  });

  after(async () => {
    await server.close();
  });

  it("runs a pipeline on a job service, with its functions here", async () => {
    const seen: string[] = [];
    const result = await run(
      (root) => {
        const words = root.apply(create(["a b", "b"])).flatMap((line) => line.split(" "));
        const lengths = root.apply(create([1, 2]));
        const counted = words.map(
          "Count",
          (word, { n, all }) => {
            n.inc();
            return `${word}${all.length}`;
          },
          { n: counter("n"), all: asList(lengths) },
        );
        counted
          .apply(withKeys((word) => word))
          .apply(groupByKey())
          .map(({ key, value }) => seen.push(`${key} ${[...value].length}`));
      },
      { runner: "portable", jobEndpoint: server.address },
    );
    assert.deepEqual(seen.sort(), ["a2 1", "b2 2"]);
    assert.equal(result.state, "DONE");
    assert.equal(result.counter("n"), 3);
    assert.deepEqual(
      Array.from(result.metrics.entries(), ({ key }) => key.step),
      ["Count"],
    );
  });

  it("has no metrics where the program has none: the runner's own of its stages are not among them", async () => {
    const result = await run((root) => root.apply(create([1])).map((x) => x), {
      runner: "portable",
      jobEndpoint: server.address,
    });
    assert.deepEqual([...result.metrics.entries()], []);
  });

  it("checks assertions there", async () => {
    const { metrics } = await testPipelineOn(server.address, (root) => passert(root.apply(create([1]))).isSingleton(1));
    assert.equal([...metrics.entries()].length, 1);
    const wrong = testPipelineOn(server.address, (root) => passert(root.apply(create([1]))).isSingleton(2));
    await assert.rejects(wrong, { code: "assertion" });
  });

  it("fails with what the author's function threw, where it was applied, after what transforms do then", async () => {
    const pipeline = new Pipeline();
    let cleaned = 0;
    pipeline.onFailure(async () => void cleaned++);
    const cause = new RangeError("too much");
    pipeline.apply(create([1])).map("Fail", () => {
      throw cause;
    });
    const failing = runPortable(pipeline, { jobEndpoint: server.address });
    await assert.rejects(failing, (thrown: unknown) => {
      assert.ok(thrown instanceof GirderError);
      assert.deepEqual([thrown.code, thrown.where, thrown.element], ["user-exception", "Fail", "1"]);
      assert.equal(thrown.cause, cause);
      assert.match(thrown.site ?? "", /portable\.spec/);
      return true;
    });
    assert.equal(cleaned, 1);
  });

  it("cancels the job when it is told to", async () => {
    const pipeline = new Pipeline();
    const abort = new AbortController();
    let waiting = 0;
    pipeline.apply(create([1])).map("Wait", async () => {
      waiting++;
      abort.abort();
      await new Promise<void>((resolve) => setTimeout(resolve, 20_000).unref());
    });
    const running = runPortable(pipeline, { jobEndpoint: server.address, signal: abort.signal });
    await assert.rejects(running, { code: "cancelled" });
    assert.equal(waiting, 1);
    await assert.rejects(runPortable(new Pipeline(), { jobEndpoint: server.address, signal: abort.signal }), {
      code: "cancelled",
    });
  });

  it("says what is wrong with its options", async () => {
    const options: readonly [object, RegExp][] = [
      [{ runner: "portable" }, /where the job service is.*--job-endpoint/],
      [{ runner: "portable", jobEndpoint: "here" }, /where the job service is/],
      [{ runner: "portable", jobEndpoint: "h:1", environmentType: "MOON" }, /no environment "MOON"/],
      [{ runner: "prism!" }, /no runner "prism!".*--runner=portable/],
    ];
    for (const [option, message] of options) {
      await assert.rejects(
        run(() => {}, option),
        { code: "invalid-option", message },
      );
    }
  });

  it("says that a job service cannot be reached", async () => {
    const running = runPortable(new Pipeline(), { jobEndpoint: "127.0.0.1:1", patience: 100 });
    await assert.rejects(running, { code: "io", message: /job service cannot be reached.*127\.0\.0\.1:1/ });
  });

  it("says that what listens there is something else", async () => {
    const other = createServer();
    serve(other, ArtifactRetrievalService, {});
    const address = `127.0.0.1:${await listen(other, "127.0.0.1:0")}`;
    try {
      await assert.rejects(runPortable(new Pipeline(), { jobEndpoint: address }), (thrown: unknown) => {
        assert.ok(thrown instanceof GirderError);
        assert.deepEqual([thrown.code, thrown.where], ["unsupported", address]);
        assert.match(thrown.message, /no job service of Beam, or of another version.*girder serve/);
        return true;
      });
    } finally {
      await shutdown(other, 100);
    }
  });

  it("says how far a job is, and what the runner tells", async () => {
    const states: string[] = [];
    let elements = 0;
    let turns = 0;
    await run(
      (root) => {
        root.apply(create([1, 2])).map("Slow", async (n) => {
          // Until it has been asked for once.
          while (elements === 0 && turns++ < 200) await new Promise((resolve) => setTimeout(resolve, 20));
          return n;
        });
      },
      {
        runner: "portable",
        jobEndpoint: server.address,
        onProgress: (progress) => {
          if (progress.state !== states.at(-1)) states.push(progress.state);
          elements = Math.max(elements, progress.elements ?? 0);
        },
      },
    );
    assert.equal(states.at(-1), "DONE");
    assert.ok(states.includes("RUNNING"));
    assert.ok(elements > 0);
  });

  describe("told by a job service", () => {
    async function told(
      states: readonly JobState[],
      text: string,
      prepare: () => { preparationId: string } = () => ({ preparationId: "p" }),
    ) {
      const other = createServer();
      const importance = JobMessage_MessageImportance.JOB_MESSAGE_ERROR;
      serve(other, JobService, {
        prepare,
        run: () => ({ jobId: "j" }),
        getStateStream: () => states.map((state) => ({ state })),
        getMessageStream: () => [
          { response: { case: "messageResponse" as const, value: { importance, messageText: text } } },
        ],
        getJobMetrics: () => ({}),
        getState: () => ({ state: states.at(-1) ?? JobState.UNSPECIFIED }),
      });
      const address = `127.0.0.1:${await listen(other, "127.0.0.1:0")}`;
      const messages: string[] = [];
      try {
        return await runPortable(new Pipeline(), {
          jobEndpoint: address,
          onMessage: ({ importance: how, text: said }) => messages.push(`${how} ${said}`),
        });
      } finally {
        assert.deepEqual(messages, prepare.length === 0 && messages.length === 0 ? [] : [`error ${text}`]);
        await shutdown(other, 100);
      }
    }

    it("that a job failed, says so in the runner's words", async () => {
      await assert.rejects(told([JobState.RUNNING, JobState.FAILED], "out of luck"), {
        code: "worker-lost",
        message: /out of luck/,
      });
      await assert.rejects(told([JobState.FAILED], "x [assertion] Not so."), { code: "assertion" });
    });

    it("that a job was drained or cancelled elsewhere, says that", async () => {
      assert.equal((await told([JobState.RUNNING, JobState.DRAINED], "")).state, "DRAINED");
      await assert.rejects(told([JobState.CANCELLED], ""), { code: "cancelled" });
    });

    it("nothing more of a job that was running, does not wait for ever", async () => {
      await assert.rejects(told([JobState.RUNNING], ""), { code: "io", message: /RUNNING/ });
    });

    it("that it does not take the pipeline, gives its words", async () => {
      const refused = told([], "", () => {
        throw new GirderError("unsupported", "Nothing of that kind.");
      });
      await assert.rejects(refused, { code: "unsupported", message: /Nothing of that kind/ });
    });
  });
});
