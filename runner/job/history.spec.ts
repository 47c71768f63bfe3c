import assert from "node:assert/strict";
import { setImmediate as nextTurn } from "node:timers/promises";
import { History } from "./history.js";

async function all<T>(entries: AsyncIterable<T>): Promise<T[]> {
  const gathered: T[] = [];
  for await (const entry of entries) gathered.push(entry);
  return gathered;
}

describe("a history", () => {
  const never = new AbortController().signal;

  it("is told from the beginning to whoever comes, before and after its end", async () => {
    const history = new History<number>();
    history.append(1);
    const early = all(history.read(never));
    await nextTurn();
    history.append(2);
    const late = all(history.read(never));
    history.append(3);
    history.end();
    assert.deepEqual(await early, [1, 2, 3]);
    assert.deepEqual(await late, [1, 2, 3]);
    assert.deepEqual(await all(history.read(never)), [1, 2, 3]);
  });

  it("takes nothing more after its end", async () => {
    const history = new History<number>();
    history.append(1);
    history.end();
    history.append(2);
    assert.deepEqual(await all(history.read(never)), [1]);
  });

  it("is not waited for by readers who have gone", async () => {
    const history = new History<number>();
    history.append(1);
    const gone = new AbortController();
    const reading = all(history.read(gone.signal));
    await nextTurn();
    assert.equal(history.waiting, 1);
    gone.abort();
    assert.deepEqual(await reading, [1]);
    assert.equal(history.waiting, 0);
    assert.deepEqual(await all(history.read(AbortSignal.abort())), []);
  });

  it("drops its oldest entries beyond its limit, never those without a size nor the last", async () => {
    const history = new History<string>(100);
    history.append("begin");
    for (let i = 0; i < 50; i++) history.append(`message ${i}`, 10);
    history.append("middle");
    history.append("long", 1_000);
    history.end();
    assert.deepEqual(await all(history.read(never)), ["begin", "middle", "long"]);
    assert.equal(history.dropped, 50);
  });

  it("goes on for a reader whose next entries are dropped", async () => {
    const history = new History<number>(50);
    history.append(0, 10);
    const reader = history.read(never);
    assert.equal((await reader.next()).value, 0);
    for (let i = 1; i <= 100; i++) history.append(i, 10);
    history.end();
    const rest = await all(reader);
    assert.equal(rest.at(-1), 100);
    assert.ok(rest.length <= 5, String(rest));
    assert.deepEqual(
      rest,
      [...rest].sort((a, b) => a - b),
    );
    assert.equal(history.dropped + rest.length, 101);
  });
});
