import assert from "node:assert/strict";
import { GLOBAL_WINDOW } from "../../portability/execution/window.js";
import { windowParam } from "../pipeline/context.js";
import { Pipeline } from "../pipeline/pipeline.js";
import { runEmbedded } from "../runners/embedded/embedded.js";
import { collect } from "../testing/collect-array.js";
import { create } from "../transforms/create.js";
import { asList } from "../transforms/side-inputs.js";

const later = <T>(value: T): Promise<T> => new Promise((resolve) => setTimeout(() => resolve(value), 1));

describe("promises", () => {
  it("of functions that are not declared async are awaited, and give each output once", async () => {
    const pipeline = new Pipeline();
    const numbers = pipeline.apply(create([1, 2, 3]));
    const other = pipeline.apply(create(["s"]));
    const results = [
      collect(numbers.map((x) => later(x))),
      collect(numbers.filter((x) => later(x > 0))),
      collect(numbers.flatMap((x) => later([x]))),
      collect(numbers.parDo({ process: (x) => later([x]) })),
      collect(numbers.map((x, { side }) => later(x + side.length - 1), { side: asList(other) })),
      collect(numbers.map((x, _) => later(x), { window: windowParam() })),
      collect(numbers.filter((x, { side }) => later(x + side.length > 0), { side: asList(other) })),
      collect(numbers.flatMap((x, _) => later([x]), { window: windowParam() })),
    ];
    await runEmbedded(pipeline);
    for (const result of results) assert.deepEqual(result, [1, 2, 3]);
  });

  it("of the last element only do not bring back the elements before it", async () => {
    const pipeline = new Pipeline();
    const seen = collect(
      pipeline.apply(create([1, 2, 3])).parDo({ process: (x) => (x === 3 ? Promise.resolve([x]) : [x]) }),
    );
    await runEmbedded(pipeline);
    assert.deepEqual(seen, [1, 2, 3]);
  });

  it("of finishBundle are awaited, and give each output once", async () => {
    const pipeline = new Pipeline();
    const seen = collect(
      pipeline.apply(create([1])).parDo<number, { window: ReturnType<typeof windowParam> }>(
        {
          process: () => [],
          finishBundle: () => later([{ value: 7, timestamp: 0, window: GLOBAL_WINDOW }]),
        },
        { window: windowParam() },
      ),
    );
    await runEmbedded(pipeline);
    assert.deepEqual(seen, [7]);
  });

  it("come from async functions and async generators alike", async () => {
    const pipeline = new Pipeline();
    const numbers = pipeline.apply(create([1, 2, 3]));
    const mapped = collect(numbers.map(async (x) => later(x * 2)));
    const many = collect(
      numbers.flatMap(async function* (x) {
        for (let i = 0; i < x; i++) yield later(x);
      }),
    );
    await runEmbedded(pipeline);
    assert.deepEqual(mapped, [2, 4, 6]);
    assert.deepEqual(many, [1, 2, 2, 3, 3, 3]);
  });
});
