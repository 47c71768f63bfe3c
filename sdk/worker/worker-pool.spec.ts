import assert from "node:assert/strict";
import { client } from "../../portability/fn-api/grpc.js";
import { BeamFnExternalWorkerPool } from "../../portability/gen/org/apache/beam/model/fn_execution/v1/beam_fn_api_pb.js";
import { type StartPoolWorker, WorkerPool } from "./worker-pool.js";

describe("a pool of workers", () => {
  const open: { close(): unknown }[] = [];

  afterEach(async () => {
    for (const each of open.splice(0).reverse()) await each.close();
  });

  async function poolOf(start: StartPoolWorker) {
    const pool = await WorkerPool.open(start);
    open.push(pool);
    const connection = client(BeamFnExternalWorkerPool, pool.address);
    open.push(connection);
    return { pool, calls: connection.call };
  }

  /** Workers that say when they are stopped. */
  function workers() {
    const stopped: string[] = [];
    const ends = new Map<string, () => void>();
    const start: StartPoolWorker = ({ workerId }) => {
      const ended = new Promise<void>((resolve) => ends.set(workerId, resolve));
      return {
        ended,
        stop: async () => {
          stopped.push(workerId);
          ends.get(workerId)!();
        },
      };
    };
    return { start, stopped, ends };
  }

  it("starts workers and stops them, as it is asked, and all of them when it is closed", async () => {
    const { start, stopped } = workers();
    const { pool, calls } = await poolOf(start);
    for (const workerId of ["a", "b"]) assert.equal((await calls.startWorker({ workerId })).error, "");
    assert.equal(pool.size, 2);
    assert.equal((await calls.stopWorker({ workerId: "a" })).error, "");
    assert.deepEqual([pool.size, stopped], [1, ["a"]]);
    await pool.close();
    assert.deepEqual(stopped, ["a", "b"]);
  });

  it("forgets workers that end by themselves, and has nothing to do where one is stopped that is not there", async () => {
    const { start, stopped, ends } = workers();
    const { pool, calls } = await poolOf(start);
    await calls.startWorker({ workerId: "a" });
    ends.get("a")!();
    assert.equal((await calls.stopWorker({ workerId: "a" })).error, "");
    assert.equal((await calls.stopWorker({ workerId: "b" })).error, "");
    assert.deepEqual([pool.size, stopped], [0, []]);
  });

  it("says why it starts none", async () => {
    let fails = true;
    const { start } = workers();
    const { pool, calls } = await poolOf((request) => {
      if (fails) throw new Error("no room");
      return start(request);
    });
    assert.match((await calls.startWorker({ workerId: "a" })).error, /no room/);
    assert.equal(pool.size, 0);
    fails = false;
    assert.equal((await calls.startWorker({ workerId: "a" })).error, "");
    assert.match((await calls.startWorker({ workerId: "a" })).error, /has been started here already/);
  });
});
