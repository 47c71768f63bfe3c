import assert from "node:assert/strict";
import { Batch } from "../../portability/execution/batch.js";
import { NO_FIRING } from "../../portability/execution/pane.js";
import { WindowTable } from "../../portability/execution/window-table.js";
import { awaitingChain } from "./awaiting-chain.js";
import { BatchSink } from "./batch-sink.js";
import { Bundle } from "./bundle.js";
import type { Chain, ElementOf } from "./chain.js";
import { closureChain } from "./closure-chain.js";
import { Cursor } from "./cursor.js";
import { generateChain } from "./generated-chain.js";
import type { InlineStep, OperatorStep, StageProgram, Step } from "./operator.js";

const windows = new WindowTable();
const elementOf: ElementOf = ({ refs }, i) => refs[i];

function inline(kind: InlineStep["kind"], fn: (value: never) => unknown, output: string): InlineStep {
  return { kind, transform: output, fn, context: undefined, asynchronous: false, outputs: [output] };
}

/** A program over one input: `steps` read it one after the other, the last into a sink. */
function programOf(steps: readonly InlineStep[]): { program: StageProgram; sink: BatchSink } {
  const sink = new BatchSink(undefined, { bytes: 0 });
  const end: OperatorStep = { kind: "operator", transform: "sink", operator: sink, asynchronous: false, outputs: [] };
  const consumers = new Map<string, Step[]>();
  for (const [i, step] of steps.entries()) consumers.set(step.outputs[0]!, [steps[i + 1] ?? end]);
  return { program: { consumers, steps: [...steps, end], inputs: [[steps[0] ?? end]], timers: [] }, sink };
}

function bundle(maxElements = Number.POSITIVE_INFINITY): Bundle {
  const later = performance.now() + 10_000;
  return new Bundle(
    {
      state: { read: () => undefined },
      sideInputs: [],
      deadline: later,
      slice: 10_000,
      maxElements,
      maxOutputBytes: 1e9,
      stop: { stopped: false },
    },
    { bytes: 0 },
  );
}

function input(values: readonly unknown[]): Batch {
  const timestamps = values.map((_, i) => i * 4);
  return new Batch(values, undefined, timestamps, { all: windows.global }, { all: NO_FIRING }, 100);
}

const CHAINS: Readonly<Record<string, (program: StageProgram, cursor: Cursor) => Chain>> = {
  "generated chain": (program, cursor) => generateChain(program, cursor, [elementOf]),
  "chain of closures": (program, cursor) => closureChain(program, cursor, [elementOf]),
  "awaiting chain": (program, cursor) => awaitingChain(program, cursor, [elementOf]),
};

for (const [name, build] of Object.entries(CHAINS)) {
  describe(`the ${name}`, () => {
    const run = async (steps: readonly InlineStep[], values: readonly unknown[], most?: number) => {
      const { program, sink } = programOf(steps);
      const done = await build(program, new Cursor(windows.global)).run(0, input(values), bundle(most));
      return { done, batches: sink.builder.take() };
    };
    const refs = (batches: readonly Batch[]): unknown[] => batches.flatMap(({ columns }) => [...columns.refs]);

    it("sends elements through maps, filters and flatMaps in order", async () => {
      const steps = [
        inline("map", (n: never) => (n as number) * 10, "a"),
        inline("filter", (n: never) => n !== 20, "b"),
        inline("flatMap", (n: never) => [n, `${String(n)}!`], "c"),
      ];
      const { done, batches } = await run(steps, [1, 2, 3]);
      assert.equal(done, 3);
      assert.deepEqual(refs(batches), [10, "10!", 30, "30!"]);
    });

    it("takes the outputs of generators, sets and nothing", async () => {
      const results: unknown[] = [
        new Set([1, 2]),
        undefined,
        (function* () {
          yield 3;
        })(),
      ];
      const { batches } = await run([inline("flatMap", (n: never) => results[n as number], "a")], [0, 1, 2]);
      assert.deepEqual(refs(batches), [1, 2, 3]);
    });

    it("gives an element its own timestamp and windows, and the next one its own again", async () => {
      const steps = [
        inline("assignTimestamps", (n: never) => (n as number) * 100, "a"),
        inline(
          "assignWindows",
          (cursor: never) => {
            const { timestamp } = cursor as Cursor;
            return windows.interval(timestamp, timestamp + 1);
          },
          "b",
        ),
      ];
      const { batches } = await run(steps, [1, 2]);
      const [columns] = batches.map((batch) => batch.columns);
      assert.deepEqual(columns?.timestamps, [100, 200]);
      assert.deepEqual(columns?.windows, [windows.interval(100, 101), windows.interval(200, 201)]);
    });

    it("stops where the bundle does, give or take one look at the clock", async () => {
      const { done, batches } = await run([inline("map", (n: never) => n, "a")], [1, 2, 3, 4], 2);
      assert.equal(done, 2);
      assert.deepEqual(refs(batches), [1, 2]);
    });

    it("names the step and the element that a function threw at", async () => {
      const steps = [
        inline("map", (n: never) => (n as number) + 1, "first"),
        inline(
          "map",
          (n: never) => {
            if (n === 3) throw new RangeError("three");
            return n;
          },
          "second",
        ),
      ];
      await assert.rejects(
        run(steps, [1, 2]),
        ({ code, where, element, cause }: Record<string, unknown>) =>
          code === "user-exception" && where === "second" && element === "3" && cause instanceof RangeError,
      );
    });

    it("runs chains far longer than one function can be", async () => {
      const steps = Array.from({ length: 300 }, (_, i) => inline("map", (n: never) => (n as number) + 1, `step ${i}`));
      assert.deepEqual(refs((await run(steps, [0, 1])).batches), [300, 301]);
    });
  });
}
