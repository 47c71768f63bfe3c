import assert from "node:assert/strict";
import { GirderError } from "../../../portability/errors.js";
import { WindowTable } from "../../../portability/execution/window-table.js";
import { RemoteStage } from "./remote-stage.js";
import { FakeRunner, type FakeWorker } from "./testing/fake-worker.js";
import { pairs, stageWith, taskWith } from "./testing/stage.js";

const isError =
  (code: string, text = /./) =>
  (thrown: unknown): boolean =>
    thrown instanceof GirderError && thrown.code === code && text.test(thrown.message);

/** Runs one bundle. */
async function run({ worker }: FakeRunner): Promise<void> {
  const stage = new RemoteStage(stageWith(), worker, new WindowTable());
  const batch = stage.codec("in").decode(pairs(["a", "1", 3]));
  await stage.run(taskWith({ inputs: [{ input: 0, batch }] }));
}

const nothing = (): void => undefined;

describe("a remote worker", () => {
  it("is started when it is first needed, once", async () => {
    await using runner = await FakeRunner.start(nothing);
    assert.equal(runner.started.length, 0);
    const [first, second] = await Promise.all([runner.worker.connection(), runner.worker.connection()]);
    assert.equal(first, second);
    assert.deepEqual(
      runner.started.map(({ id }) => id),
      ["worker-1"],
    );
  });

  it("is given up if it does not connect in time", async () => {
    await using runner = await FakeRunner.start(nothing, { start: nothing, connectTimeout: 20 });
    await assert.rejects(run(runner), isError("io", /Worker worker-1 did not connect within 20 ms/));
    await runner.worker.close();
    assert.equal(runner.started[0]!.stops, 1);
  });

  it("is lost, with the reason, if it ends before it connects or afterwards", async () => {
    await using runner = await FakeRunner.start(nothing, { start: ({ exit }) => exit("exit code 3: no module beam") });
    await assert.rejects(run(runner), isError("worker-lost", /Worker worker-1 ended: exit code 3: no module beam\./));
    await using other = await FakeRunner.start(() => other.started[0]!.exit("killed"));
    await assert.rejects(run(other), isError("worker-lost", /Worker worker-1 ended: killed/));
  });

  it("is not there if it cannot be started, and may be later", async () => {
    let attempts = 0;
    await using runner = await FakeRunner.start(nothing, {
      start: (worker) => {
        if (++attempts === 1) throw new GirderError("not-found", "There is no such program.");
        worker.connect();
      },
    });
    await assert.rejects(run(runner), isError("not-found", /no such program/));
    await run(runner);
  });

  it("is stopped when it has been lost, for it may still be there", async () => {
    await using runner = await FakeRunner.start((bundle) => {
      // It only says something that no worker says.
      if (bundle.worker.id === "worker-1") bundle.worker.die();
    });
    await assert.rejects(run(runner), isError("worker-lost"));
    await run(runner);
    await runner.worker.close();
    assert.deepEqual(
      runner.started.map(({ stops }) => stops),
      [1, 1],
    );
  });

  it("is stopped at the end of the job, its streams ended", async () => {
    await using runner = await FakeRunner.start(nothing);
    await run(runner);
    await runner.worker.close();
    assert.equal(runner.started[0]!.stops, 1);
    await runner.started[0]!.released;
    await assert.rejects(runner.worker.connection(), isError("cancelled"));
    // As often as one likes.
    await runner.worker.close();
    assert.equal(runner.started[0]!.stops, 1);
  });

  it("is not waited for by a job that ends while it is being started", async () => {
    let signal: AbortSignal | undefined;
    await using runner = await FakeRunner.start(nothing, {
      start: (_, aborted) => {
        signal = aborted;
        return new Promise((_resolve, reject) => {
          aborted.addEventListener("abort", () => reject(new GirderError("cancelled", "The launch was cancelled.")));
        });
      },
      connectTimeout: 60_000,
    });
    const running = assert.rejects(run(runner), isError("cancelled", /The job has ended/));
    await until(() => signal !== undefined);
    await runner.worker.close();
    assert.equal(signal!.aborted, true);
    await running;
  });

  it("is not waited for by a job that ends before it has connected", async () => {
    await using runner = await FakeRunner.start(nothing, { start: nothing, connectTimeout: 60_000 });
    const running = assert.rejects(run(runner), isError("cancelled"));
    await until(() => runner.started.length > 0);
    await runner.worker.close();
    await running;
    assert.equal(runner.started[0]!.stops, 1);
  });

  it("leaves nothing open", async () => {
    // Mocha's own timer among it.
    await new Promise((resolve) => setImmediate(resolve));
    const before = open();
    const workers: FakeWorker[] = [];
    {
      await using runner = await FakeRunner.start((bundle) => bundle.output(bundle.input), {
        start: (worker) => {
          workers.push(worker.connect());
        },
      });
      await run(runner);
      workers[0]!.exit("tired");
      await run(runner).catch(() => run(runner));
    }
    assert.equal(workers.length, 2);
    await until(() => open() <= before);
  });
});

/** Sockets, servers and timers that keep the process running. */
function open(): number {
  const kinds = /^(Timeout|TCP|Pipe|Process)/;
  return process.getActiveResourcesInfo().filter((name) => kinds.test(name)).length;
}

/** Waits for what is certain to come, or for Mocha to lose patience. */
async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setImmediate(resolve));
}
