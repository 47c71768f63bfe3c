import assert from "node:assert/strict";
import { Outbox } from "./outbox.js";

async function all<T>(outbox: Outbox<T>): Promise<T[]> {
  const messages: T[] = [];
  for await (const message of outbox) messages.push(message);
  return messages;
}

describe("an outbox", () => {
  it("sends messages in the order in which they were given, and ends after them", async () => {
    const outbox = new Outbox<number>();
    outbox.push(1);
    outbox.pushAll([2, 3]);
    outbox.pushAll([]);
    outbox.push(4);
    outbox.end();
    outbox.push(5);
    assert.deepEqual(await all(outbox), [1, 2, 3, 4]);
  });

  it("waits for messages, and for its end", async () => {
    const outbox = new Outbox<number>();
    const sent = all(outbox);
    for (let i = 0; i < 3; i++) {
      await new Promise((resolve) => setImmediate(resolve));
      outbox.push(i);
    }
    await new Promise((resolve) => setImmediate(resolve));
    outbox.end();
    assert.deepEqual(await sent, [0, 1, 2]);
  });

  it("makes messages when they are asked for, not before", async () => {
    let made = 0;
    function* messages(): Generator<number> {
      for (;;) yield ++made;
    }
    const outbox = new Outbox<number>();
    outbox.pushAll(messages());
    assert.equal(made, 0);
    const stream = outbox[Symbol.asyncIterator]();
    await stream.next();
    await stream.next();
    assert.equal(made, 2);
    await stream.return?.();
    assert.equal(made, 2);
  });
});
