import assert from "node:assert/strict";
import { setTimeout as delay } from "node:timers/promises";
import { collect, testPipeline } from "../testing/index.js";
import { create } from "../transforms/create.js";

describe("outputs that turn out to be asynchronous", () => {
  const numbers = [1, 2, 3, 4, 5, 6];

  /** Runs a DoFn whose `process` does not say by its form that it returns promises. */
  async function run(process: (n: number) => Promise<number[]> | AsyncIterable<number> | number[]) {
    let collected!: ReturnType<typeof collect<number>>;
    await testPipeline((root) => {
      collected = collect(root.apply(create(numbers)).parDo({ process }));
    });
    return [...collected.elements].sort();
  }

  it("are output once where the bundle is run again to await them", async () => {
    assert.deepEqual(await run((n) => Promise.resolve([n])), numbers);
    assert.deepEqual(await run((n) => (n === 4 ? delay(1).then(() => [n]) : [n])), numbers);
  });

  it("are not asked of an async iterable before somebody awaits them", async () => {
    let begun = 0;
    const iterable = (n: number): AsyncIterable<number> =>
      (async function* () {
        begun++;
        yield n;
      })();
    assert.deepEqual(await run(iterable), numbers);
    assert.equal(begun, numbers.length);
  });
});
