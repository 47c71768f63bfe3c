import assert from "node:assert/strict";
import { GirderError } from "../../../portability/errors.js";
import { WindowTable } from "../../../portability/execution/window-table.js";
import { AttemptedMetrics } from "./attempted-metrics.js";
import type { BundleWatchOptions } from "./bundle-watch.js";
import { RemoteStage } from "./remote-stage.js";
import type { SdkCapabilities } from "./sdk-capabilities.js";
import { type FakeBundle, FakeRunner, type FakeWorker } from "./testing/fake-worker.js";
import { DO, pairs, stageWith, taskWith } from "./testing/stage.js";

const isStuck = (thrown: unknown): boolean =>
  thrown instanceof GirderError && thrown.code === "worker-lost" && /Worker worker-1 is stuck/.test(thrown.message);

/** Metrics of a bundle that has counted so much. */
function counted(urn: string, count: number) {
  return {
    urn,
    type: "beam:metrics:sum_int64:v1",
    labels: { PTRANSFORM: DO, NAMESPACE: "n", NAME: "it" },
    payload: Uint8Array.of(count),
  };
}

const COUNTER = "beam:metric:user:sum_int64:v1";
const BUSY = "beam:metric:pardo_execution_time:process_bundle_msecs:v1";

/** A bundle at a worker, which lasts until it is let go. */
class LongBundle implements AsyncDisposable {
  readonly warnings: string[] = [];
  readonly attempted = new AttemptedMetrics();
  /** What the worker says that the bundle has counted; undefined where it does not answer. */
  metrics: ReturnType<typeof counted>[] | undefined = [];
  bundle: FakeBundle | undefined;
  runner!: FakeRunner;
  result!: Promise<unknown>;
  letGo!: () => void;
  readonly #end = new Promise<void>((resolve) => {
    this.letGo = resolve;
  });

  static async start(sdk: Partial<SdkCapabilities>, watch: BundleWatchOptions): Promise<LongBundle> {
    const long = new LongBundle();
    const { attempted } = long;
    long.runner = await FakeRunner.start((bundle) => long.#process(bundle), {
      sdk,
      start: (worker) => long.#connect(worker),
      watch: { interval: 5, ...watch, attempted, warn: (text) => long.warnings.push(text) },
    });
    const stage = new RemoteStage(stageWith(), long.runner.worker, new WindowTable());
    const batch = stage.codec("in").decode(pairs(["a", "1", 3]));
    long.result = stage.run(taskWith({ inputs: [{ input: 0, batch }] }));
    long.result.catch(() => undefined);
    return long;
  }

  #connect(worker: FakeWorker): void {
    worker.answers.set("processBundleProgress", () => {
      if (this.metrics === undefined) return new Promise(() => undefined);
      return { case: "processBundleProgress", value: { monitoringInfos: this.metrics } };
    });
    worker.connect();
  }

  async #process(bundle: FakeBundle) {
    this.bundle = bundle;
    await this.#end;
    return { monitoringInfos: [counted(COUNTER, 9)] };
  }

  /** What has been counted, as far as it is known. */
  get counts(): number[] {
    return this.attempted.infos.filter(({ urn }) => urn === COUNTER).map(({ payload }) => payload[0]!);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.letGo();
    await this.runner[Symbol.asyncDispose]();
  }
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 1));
}

describe("the watch over bundles", () => {
  it("tells what a bundle has recorded while it goes on, and what it has in all at its end", async () => {
    await using long = await LongBundle.start({ reportsProgress: true }, {});
    assert.deepEqual(long.counts, []);
    long.metrics = [counted(COUNTER, 3)];
    await until(() => long.counts.length === 1);
    assert.deepEqual(long.counts, [3]);
    long.metrics = [counted(COUNTER, 5)];
    await until(() => long.counts[0] === 5);
    long.letGo();
    await long.result;
    assert.deepEqual(long.counts, [9]);
  });

  it("keeps what was known of a bundle that is lost", async () => {
    await using long = await LongBundle.start({ reportsProgress: true }, {});
    long.metrics = [counted(COUNTER, 3)];
    await until(() => long.counts.length === 1);
    long.runner.started[0]!.die();
    await assert.rejects(long.result);
    assert.deepEqual(long.counts, [3]);
  });

  it("asks what a worker is doing whose bundle does not move, tells it, and lets it go on", async () => {
    const asked: string[] = [];
    const report = async (id: string): Promise<string> => {
      asked.push(id);
      return "Thread 1 waits in oven.py";
    };
    await using long = await LongBundle.start(
      { reportsProgress: true, reportsStatus: true },
      { stuckAfter: 30, report },
    );
    // Time that passes is no progress.
    let busy = 0;
    const clock = setInterval(() => {
      long.metrics = [counted(BUSY, ++busy % 100)];
    }, 2);
    await until(() => long.warnings.length === 1);
    clearInterval(clock);
    assert.match(
      long.warnings[0]!,
      /^A bundle of do has not moved for 0 s\. Worker worker-1 is at this:\nThread 1 waits/,
    );
    assert.deepEqual(asked, ["worker-1"]);
    long.letGo();
    await long.result;
  });

  it("does not ask while something comes of a bundle, be it elements, state requests or counts", async () => {
    const none = (): Promise<string> => assert.fail("nobody is to be asked");
    const sdk = { reportsProgress: true, reportsStatus: true };
    await using long = await LongBundle.start(sdk, { stuckAfter: 60, report: none });
    await until(() => long.bundle !== undefined);
    const begun = performance.now();
    let turn = 0;
    while (performance.now() - begun < 250) {
      if (turn++ % 2 === 0) long.bundle!.output(new Uint8Array());
      else long.metrics = [counted(COUNTER, turn % 100)];
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    assert.deepEqual(long.warnings, []);
  });

  it("gives up a worker that says nothing at all", async () => {
    const report = (): Promise<string> => Promise.reject(new GirderError("io", "No answer."));
    const sdk = { reportsProgress: true, reportsStatus: true };
    await using long = await LongBundle.start(sdk, { stuckAfter: 30, answerTime: 20, report });
    long.metrics = undefined;
    await assert.rejects(long.result, isStuck);
    assert.match(long.warnings[0]!, /does not answer, and is given up: \[io\] No answer\./);
    assert.equal(long.runner.started[0]!.stops, 1);
  });

  it("keeps a worker that has no status, but says how far it is", async () => {
    await using long = await LongBundle.start({ reportsProgress: true }, { stuckAfter: 30, answerTime: 20 });
    await until(() => long.warnings.length === 1);
    assert.match(long.warnings[0]!, /is there, and cannot say what it is doing/);
    long.metrics = undefined;
    await assert.rejects(long.result, isStuck);
  });

  it("keeps a worker that can say neither, for it may be well", async () => {
    await using long = await LongBundle.start({}, { stuckAfter: 20, answerTime: 10 });
    await until(() => long.warnings.length === 2);
    long.letGo();
    await long.result;
  });

  it("asks for the metrics that belong to no bundle before a worker ends", async () => {
    await using long = await LongBundle.start({ hasHarnessMetrics: true }, {});
    await until(() => long.bundle !== undefined);
    const { answers, instructions } = long.runner.started[0]!;
    answers.set("harnessMonitoringInfos", () => {
      return { case: "harnessMonitoringInfos", value: { monitoringData: { h1: Uint8Array.of(4) } } };
    });
    const { payload: _, ...calls } = counted("beam:metric:io:api_request_count:v1", 0);
    answers.set("monitoringInfos", () => ({ case: "monitoringInfos", value: { monitoringInfo: { h1: calls } } }));
    long.letGo();
    await long.result;
    await long.runner.worker.close();
    assert.equal(instructions.at(-2), "harnessMonitoringInfos");
    assert.deepEqual(
      long.attempted.infos.map(({ urn, payload }) => [urn, payload[0]]),
      [
        [COUNTER, 9],
        ["beam:metric:io:api_request_count:v1", 4],
      ],
    );
  });
});
