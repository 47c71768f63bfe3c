import assert from "node:assert/strict";
import Long from "long";
import * as beam from "../index.js";
import { assertDeepEqual } from "../testing/assert.js";

const run = (build: (root: beam.Root) => void) => beam.createRunner().run(build);

describe("parDo of the official API", () => {
  it("calls the methods of a DoFn around each bundle, and puts what finishBundle returns where it says", async () => {
    class Batch
      implements beam.DoFn<number, number[], { readonly at: beam.ParDoLookupParam<Long>; readonly most: number }>
    {
      #batch: number[] = [];
      startBundle(): void {
        this.#batch = [];
      }
      process(element: number, { at, most }: { at: beam.ParDoLookupParam<Long>; most: number }): Iterable<number[]> {
        this.#batch.push(element + at.lookup().toNumber());
        return this.#batch.length === most ? [this.#batch.splice(0)] : [];
      }
      *finishBundle(): Iterable<beam.WindowedValue<number[]>> {
        const pane = { timing: beam.Timing.UNKNOWN, index: 0, onTimeIndex: 0, isFirst: true, isLast: true };
        const windows = [new beam.IntervalWindow(0, 10), new beam.IntervalWindow(Long.fromNumber(10), 20)];
        if (this.#batch.length > 0) yield { value: this.#batch, timestamp: Long.fromNumber(3), pane, windows };
      }
    }
    await run((root) => {
      root
        .apply(beam.create([1, 2, 3], false))
        .apply(beam.assignTimestamps(() => 5n))
        .apply(beam.windowInto(beam.fixedWindows(0.01)))
        .apply(beam.parDo(new Batch(), { at: beam.timestampParam(), most: 2 }))
        .map((batch, { window, at }) => [batch, window.lookup().maxTimestamp().toNumber(), at.lookup().toNumber()], {
          window: beam.windowParam(),
          at: beam.timestampParam(),
        })
        .apply(
          assertDeepEqual<unknown>([
            [[6, 7], 9, 5],
            [[8], 9, 3],
            [[8], 19, 3],
          ]),
        );
    });
  });

  it("takes a DoFn that outputs nothing", async () => {
    const seen: string[] = [];
    await run((root) => {
      const process = (element: string): void => {
        seen.push(element);
      };
      root
        .apply(beam.create(["a"]))
        .apply(beam.parDo({ process }))
        .apply(assertDeepEqual<unknown>([]));
    });
    assert.deepEqual(seen, ["a"]);
  });
});

describe("split of the official API", () => {
  const elements: Record<string, number>[] = [{ a: 1 }, { b: 2 }, { c: 3 }];
  const splitInto = (tags: string[], options: beam.SplitOptions, expected: Record<string, number[]>) =>
    run((root) => {
      const parts = root.apply(beam.create(elements)).apply(beam.split<Record<string, number>>(tags, options));
      assert.deepEqual(Object.keys(parts), Object.keys(expected));
      for (const [tag, values] of Object.entries(expected)) parts[tag]!.apply(assertDeepEqual(values));
    });

  it("deals elements out by their tags", () => splitInto(["a", "b", "c"], {}, { a: [1], b: [2], c: [3] }));

  it("fails for an unknown tag", () =>
    assert.rejects(splitInto(["a", "b"], {}, { a: [1], b: [2] }), /has the tag "c", which is not one of a, b/));

  it("leaves unknown tags out or takes them for another if told so", async () => {
    await splitInto(["a", "b"], { unknownTagBehavior: "ignore" }, { a: [1], b: [2] });
    await splitInto(["a"], { unknownTagBehavior: "rename", unknownTagName: "z" }, { a: [1], z: [2, 3] });
    await splitInto(["a"], { knownTags: ["a", "b", "c"] }, { a: [1] });
    assert.throws(() => beam.split(["a"], { unknownTagBehavior: "rename" }), /was not told/);
  });

  it("fails for an element of two tags unless told that there are such", async () => {
    const both = (exclusive: boolean) =>
      run((root) => {
        const parts = root.apply(beam.create([{ a: 1, b: 2 }])).apply(beam.split(["a", "b"], { exclusive }));
        parts.a.apply(assertDeepEqual([1]));
        parts.b.apply(assertDeepEqual([2]));
      });
    await both(false);
    await assert.rejects(both(true), /has 2 tags where it must have one/);
  });
});
