import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { promisify } from "node:util";
import { create } from "@bufbuild/protobuf";
import { GirderError } from "../../portability/errors.js";
import { MonitoringInfoSchema } from "../../portability/gen/org/apache/beam/model/pipeline/v1/metrics_pb.js";
import { MonitoringInfoSpecs } from "../../portability/urns.js";
import { type FakeExecution, type ServerUnderTest, startServer } from "../../runner/job/testing.js";

/** A Python that has apache-beam==2.77.0. */
const PYTHON = process.env["GIRDER_CONFORMANCE_PYTHON"];
const CLIENT = resolve(import.meta.dirname, "../../../conformance/job-service/python-client.py");

interface Outcome {
  readonly state?: string;
  readonly error?: string;
  readonly counters?: readonly (readonly [step: string, name: string, attempted: number, committed: number])[];
  readonly artifacts?: Readonly<Record<string, { readonly sha256: string; readonly text: string }>>;
}

describe("the job service, to Python's client", function () {
  this.timeout(60_000);
  let under: ServerUnderTest;
  let act: (execution: FakeExecution) => void;
  let refuse: (() => never) | undefined;

  before(async function () {
    if (PYTHON === undefined) return this.skip();
    under = await startServer({
      check: () => refuse?.(),
      execute: (job) => {
        const execution = under.executor.execute(job);
        act(under.executor.of(job.jobId));
        return execution;
      },
    });
  });
  after(() => under?.[Symbol.asyncDispose]());

  /** What comes of a job that is treated like this. */
  async function outcome(mode: string, treat: typeof act, ...options: string[]): Promise<Outcome & { log: string }> {
    act = treat;
    const args = ["-W", "ignore", CLIENT, under.server.address, mode, ...options];
    const { stdout, stderr } = await promisify(execFile)(PYTHON!, args);
    return { ...(JSON.parse(stdout) as Outcome), log: stderr };
  }

  it("is a job that is done, with metrics", async () => {
    const { urn, type } = MonitoringInfoSpecs.Enum.USER_SUM_INT64;
    const labels = { PTRANSFORM: "Step", NAMESPACE: "words", NAME: "seen" };
    const info = create(MonitoringInfoSchema, { urn, type, labels, payload: new Uint8Array([3]) });
    const { state, counters } = await outcome("wait", (execution) => {
      execution.metrics = { attempted: [info], committed: [info] };
      execution.finish();
    });
    assert.deepEqual([state, counters], ["DONE", [["Step", "words:seen", 3, 3]]]);
  });

  it("may take longer than the client waits for a server", async () => {
    const long = async ({ finish }: FakeExecution): Promise<void> => {
      await wait(3_000);
      finish();
    };
    const { state, error } = await outcome("wait", (execution) => void long(execution), "--job_server_timeout=1");
    assert.equal(state, "DONE", error);
  });

  it("says why a job failed: the exception with its stack, and the step", async () => {
    const cause = new RangeError("");
    cause.stack = 'Traceback (most recent call last):\n  File "words.py", line 7, in split\nValueError: no such word';
    const { error, log } = await outcome("wait", ({ job, fail }) => {
      job.log({ importance: "warning", text: "A worker says hello." });
      fail(new GirderError("user-exception", "ValueError: no such word.", { where: "Step", cause }));
    });
    assert.match(
      error ?? "",
      /^RuntimeError: Pipeline job-\w+ failed in state FAILED: \[user-exception\] ValueError: no such word\. \(at Step\)/,
    );
    assert.match(error ?? "", /Traceback[\s\S]*words\.py", line 7, in split\nValueError: no such word$/);
    assert.match(log, /WARNING.*A worker says hello/);
  });

  it("cancels", async () => {
    let cancelled = false;
    const { error } = await outcome("cancel", ({ job }) => {
      job.signal.addEventListener("abort", () => {
        cancelled = true;
      });
    });
    assert.match(error ?? "", /failed in state CANCELLED/);
    assert.ok(cancelled);
  });

  it("says why a pipeline is refused: all reasons, where they are not too many for a status", async () => {
    const refusal = async (lines: readonly string[]): Promise<string> => {
      refuse = () => {
        throw new GirderError("unsupported", lines.join("\n"));
      };
      const { error } = await outcome("wait", () => assert.fail("It was run."));
      refuse = undefined;
      return error ?? "";
    };
    const reasons = (n: number) => Array.from({ length: n }, (_, i) => `- Step ${i}: it uses what is not supported.`);
    assert.match(await refusal(reasons(2)), /UNIMPLEMENTED[\s\S]*\[unsupported\] - Step 0: .*\n- Step 1: it uses what/);
    assert.match(await refusal(reasons(1_000)), /UNIMPLEMENTED[\s\S]*- Step 50: [\s\S]*\n… and \d+ more lines/);
  });

  it("takes the files that the client stages, and gives them to its workers", async () => {
    const folder = await mkdtemp(join(tmpdir(), "girder-python-spec-"));
    try {
      const file = join(folder, "words.txt");
      await writeFile(file, "to be or not to be\n".repeat(100_000));
      const { artifacts, error } = await outcome("retrieve", () => undefined, `--files_to_stage=${file}`);
      const found = Object.entries(artifacts ?? {});
      assert.ok(found.length > 0, error);
      for (const [name, { sha256, text }] of found) {
        if (text.length < 1_000) assert.equal(createHash("sha256").update(text).digest("hex"), sha256, name);
      }
      const staged = artifacts?.["words.txt"];
      assert.ok(staged?.text.startsWith("to be or not to be\n"), JSON.stringify(artifacts));
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});
