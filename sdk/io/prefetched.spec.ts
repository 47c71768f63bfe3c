import assert from "node:assert/strict";
import { setImmediate as turn } from "node:timers/promises";
import { Prefetched } from "./prefetched.js";

describe("a stream that is read ahead", () => {
  async function* numbers(count: number, last?: Error) {
    for (let n = 0; n < count; n++) yield n;
    if (last !== undefined) throw last;
  }

  it("gives what is ready, and says when there is nothing yet or nothing more", async () => {
    const stream = new Prefetched(numbers(2));
    assert.deepEqual(stream.take(), { state: "waiting" });
    await turn();
    assert.deepEqual(stream.take(), { state: "ready", batch: 0 });
    assert.deepEqual(stream.take(), { state: "ready", batch: 1 });
    assert.deepEqual(stream.take(), { state: "ended" });
  });

  it("reads no further ahead than it must", async () => {
    let read = 0;
    const stream = new Prefetched(
      (async function* () {
        for (;;) yield read++;
      })(),
    );
    for (let i = 0; i < 100; i++) await turn();
    assert.ok(read < 20, `${read} batches`);
    for (let n = 0; n < 50; n++) {
      assert.deepEqual(stream.take(), { state: "ready", batch: n });
      await turn();
    }
    await stream.close();
  });

  it("throws what the stream throws after what came before it", async () => {
    const broken = new Error("broken");
    const stream = new Prefetched(numbers(1, broken));
    await turn();
    assert.deepEqual(stream.take(), { state: "ready", batch: 0 });
    assert.throws(() => stream.take(), broken);
  });

  it("ends the stream when it is given up", async () => {
    let ended = false;
    const stream = new Prefetched(
      (async function* () {
        try {
          for (;;) yield 1;
        } finally {
          ended = true;
        }
      })(),
    );
    await turn();
    await stream.close();
    assert.ok(ended);
  });
});
