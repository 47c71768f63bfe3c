import assert from "node:assert/strict";
import { setImmediate as nextTurn } from "node:timers/promises";
import { BoundedOutbox } from "./bounded-outbox.js";

describe("an outbox with a capacity", () => {
  it("sends messages in order, and ends after them", async () => {
    const outbox = new BoundedOutbox<number>(10);
    for (const n of [1, 2, 3]) outbox.push(n, 100);
    outbox.end();
    outbox.push(4, 1);
    const sent: number[] = [];
    for await (const n of outbox) sent.push(n);
    assert.deepEqual(sent, [1, 2, 3]);
  });

  it("has room again when what waits has been taken and more is asked for", async () => {
    const outbox = new BoundedOutbox<string>(10);
    assert.equal(outbox.room(), undefined);
    outbox.push("a", 6);
    assert.equal(outbox.room(), undefined);
    outbox.push("b", 6);
    let hasRoom = false;
    const room = outbox.room()?.then(() => {
      hasRoom = true;
    });
    const reader = outbox[Symbol.asyncIterator]();
    assert.equal((await reader.next()).value, "a");
    await nextTurn();
    assert.equal(hasRoom, false);
    assert.equal((await reader.next()).value, "b");
    await room;
    assert.equal(outbox.room(), undefined);
  });

  it("keeps nobody waiting when its reader goes, or when it is ended", async () => {
    for (const go of [
      async (outbox: BoundedOutbox<string>) => {
        for await (const _ of outbox) break;
      },
      (outbox: BoundedOutbox<string>) => outbox.end(),
    ]) {
      const outbox = new BoundedOutbox<string>(1);
      outbox.push("a", 5);
      const room = outbox.room();
      assert.notEqual(room, undefined);
      await go(outbox);
      await room;
      assert.equal(outbox.room(), undefined);
    }
  });
});
