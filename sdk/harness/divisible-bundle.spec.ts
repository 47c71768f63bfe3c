import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { Batch, entry } from "../../portability/execution/batch.js";
import { NO_FIRING } from "../../portability/execution/pane.js";
import type { BundleResult, BundleTask, Residual } from "../../portability/execution/stage.js";
import { WindowTable } from "../../portability/execution/window-table.js";
import { executableOf } from "../../runner/execution/engine-graph.js";
import { seededRandom } from "../../runner/execution/random.js";
import { plan } from "../../runner/graph/plan.js";
import type { PCollection } from "../pipeline/pcollection.js";
import { Pipeline } from "../pipeline/pipeline.js";
import type { OffsetRange } from "../splittable/offset-range-tracker.js";
import { resume } from "../splittable/process-continuation.js";
import type { SplittableDoFn } from "../splittable/splittable-do-fn.js";
import { type ManualWatermark, manualWatermark } from "../splittable/watermark-estimator.js";
import { create } from "../transforms/create.js";
import { reshuffle } from "../transforms/reshuffle.js";
import { splittable } from "../transforms/splittable.js";
import type { BundleDivision } from "./divisible-bundle.js";
import { Harness } from "./harness.js";
import type { HarnessStage } from "./prepared-stage.js";
import type { Sized } from "./splittable-call.js";

/** Elements are names, each with a restriction of a hundred numbers, which become `name+number`. */
const HUNDRED: OffsetRange = { from: 0, to: 100 };
const NAMES = ["a", "b", "c", "d"];

type Numbers = SplittableDoFn<string, string, OffsetRange, number, ManualWatermark>;

/** Keeps the thread for a while, so that a slice ends. */
function work(ms: number): void {
  for (const end = performance.now() + ms; performance.now() < end; );
}

const numbers = (more: Partial<Numbers>): Numbers => ({
  initialRestriction: () => HUNDRED,
  watermark: manualWatermark(),
  process: () => undefined,
  ...more,
});

const blocking = numbers({
  process(name, tracker, output, { watermark }) {
    for (let i = tracker.currentRestriction().from; tracker.tryClaim(i, 64); i++) {
      work(0.2);
      output(`${name}${i}`);
      watermark.set(i + 1);
    }
  },
});

const awaiting = numbers({
  async *process(name, tracker, _, { watermark }) {
    for (let i = tracker.currentRestriction().from; tracker.tryClaim(i); i++) {
      await sleep(1);
      yield `${name}${i}`;
      watermark.set(i + 1);
    }
  },
});

const windows = new WindowTable();

async function prepared(
  build: (names: PCollection<string>) => PCollection<string>,
  name: string,
): Promise<HarnessStage> {
  const pipeline = new Pipeline();
  build(pipeline.root.apply(create(NAMES)))
    .apply(reshuffle())
    .map((name) => name);
  const { stages } = executableOf(plan(pipeline.toProto()));
  const descriptors = [...stages.values()].map(({ descriptor }) => descriptor);
  const descriptor = descriptors.find(({ transforms }) => transforms.includes(name))!;
  return new Harness(pipeline.functions).prepare(descriptor, windows);
}

const stageOf = (doFn: Numbers): Promise<HarnessStage> =>
  prepared((names) => names.apply(splittable("Numbers", doFn)), "Numbers");

const sized = (name: string, range = HUNDRED): Sized => ({
  key: { key: name, value: { key: range, value: 0 } },
  value: range.to - range.from,
});

function batchOf(values: readonly unknown[]): Batch {
  return new Batch(values, undefined, { all: 0 }, { all: windows.global }, { all: NO_FIRING }, 64 * values.length);
}

function taskOf(values: readonly unknown[], more: Partial<BundleTask> = {}): BundleTask {
  return {
    bundle: 1,
    // Several batches, as they come off the wire.
    inputs: [batchOf(values.slice(0, 1)), batchOf(values.slice(1))].map((batch) => ({ input: 0, batch })),
    timers: [],
    state: { read: () => undefined },
    sideInputs: [],
    deadline: performance.now() + 60_000,
    slice: 5,
    maxElements: Number.POSITIVE_INFINITY,
    maxOutputBytes: Number.POSITIVE_INFINITY,
    stop: { stopped: false },
    ...more,
  };
}

const outputsOf = ({ outputs }: BundleResult): unknown[] => outputs.flatMap(({ batch }) => [...batch.columns.refs]);

/** What parts of elements stand for: each number of their ranges. */
function partsOf(work: readonly { readonly batch: Batch }[]): string[] {
  return work.flatMap(({ batch }) =>
    (batch.columns.refs as readonly Sized[]).flatMap(({ key: { key: name, value } }) => {
      const { from, to } = value.key as OffsetRange;
      return Array.from({ length: to - from }, (_, i) => `${name}${from + i}`);
    }),
  );
}

/** Runs a task; calls `ask` once an element has been begun. */
async function running<T>(stage: HarnessStage, task: BundleTask, ask: () => T) {
  const all = task.inputs.reduce((sum, { batch }) => sum + batch.count, 0);
  const result = Promise.resolve(stage.run(task));
  do await new Promise(setImmediate);
  while (stage.progress()!.remaining > all - 0.05);
  const answer = ask();
  return { answer, result: await result };
}

const ALL = NAMES.flatMap((name) => Array.from({ length: 100 }, (_, i) => `${name}${i}`));
const sorted = (values: readonly unknown[]): unknown[] => [...values].sort();

/** That a bundle which was split has done its part, and what it gave away is all the rest. */
function check(split: BundleDivision, result: BundleResult): void {
  const done = outputsOf(result);
  const given = [...partsOf(split.residuals), ...partsOf(split.untouched), ...partsOf(result.residuals)];
  assert.deepEqual(sorted([...done, ...given]), sorted(ALL));
  const [{ input, primaryEnd, residualStart } = { input: -1, primaryEnd: 0, residualStart: 0 }] = split.channels;
  assert.equal(input, 0);
  const whole = NAMES.map((name) => sized(name));
  assert.deepEqual(partsOf(split.untouched), partsOf([{ batch: batchOf(whole.slice(residualStart)) }]));
  const between = partsOf([{ batch: batchOf(whole.slice(primaryEnd, residualStart)) }]);
  assert.deepEqual(sorted([...partsOf(split.primaries), ...partsOf(split.residuals)]), sorted(between));
  const own = partsOf([{ batch: batchOf(whole.slice(0, primaryEnd)) }, ...split.primaries]);
  assert.deepEqual(sorted([...done, ...partsOf(result.residuals)]), sorted(own));
}

describe("an open bundle", () => {
  for (const [name, doFn] of [
    ["that keeps the thread", blocking],
    ["that awaits", awaiting],
  ] as const) {
    it(`${name} is divided within elements, all of which are done once`, async () => {
      const stage = await stageOf(doFn);
      const task = taskOf(NAMES.map((it) => sized(it)));
      const { answer, result } = await running(stage, task, () => {
        const progress = stage.progress()!;
        assert.ok(progress.remaining > 0 && progress.remaining < 4, `${progress.remaining}`);
        assert.equal(Math.round(1000 * (progress.completed + progress.remaining)), 4000);
        return stage.trySplit(0);
      });
      assert.ok(answer !== undefined && answer.residuals.length > 0);
      check(answer, result);
      for (const { watermark, bounded, batch } of answer.residuals) {
        const { from } = (batch.columns.refs[0] as Sized).key.value.key as OffsetRange;
        assert.ok(bounded && watermark !== undefined && watermark <= from && watermark >= from - 1);
        assert.equal(entry(batch.timestamps, 0), 0);
      }
      assert.equal(stage.progress(), undefined, "it is not open any more");
      assert.equal(stage.trySplit(0.5), undefined);
    });

    it(`${name} may be divided as often as one likes, at any share`, async () => {
      for (let seed = 1; seed <= 3; seed++) {
        const random = seededRandom(seed);
        const stage = await stageOf(doFn);
        const task = taskOf(NAMES.map((it) => sized(it)));
        const result = Promise.resolve(stage.run(task));
        let over = false;
        void result.then(() => {
          over = true;
        });
        const given: (Residual | BundleTask["inputs"][number])[] = [];
        while (!over) {
          await new Promise(setImmediate);
          if (random() > 0.5) continue;
          const split = stage.trySplit(0.5 + random() / 2);
          if (split !== undefined) given.push(...split.residuals, ...split.untouched);
        }
        const settled = await result;
        const all = [...outputsOf(settled), ...partsOf(settled.residuals), ...partsOf(given)];
        assert.deepEqual(sorted(all), sorted(ALL));
        assert.ok(given.length > 0);
      }
    });
  }

  it("is divided between elements where its share ends there", async () => {
    const stage = await stageOf(blocking);
    const task = taskOf(NAMES.map((it) => sized(it)));
    const { answer, result } = await running(stage, task, () => stage.trySplit(0.75));
    assert.deepEqual(answer?.channels, [{ input: 0, primaryEnd: 3, residualStart: 3 }]);
    assert.deepEqual(answer.residuals, []);
    check(answer, result);
  });

  it("is divided only where it is allowed", async () => {
    const stage = await stageOf(blocking);
    const task = taskOf(NAMES.map((it) => sized(it)));
    const { answer, result } = await running(stage, task, () => {
      assert.equal(stage.trySplit(0.1, [4]), undefined);
      return stage.trySplit(0.1, [2, 3]);
    });
    assert.deepEqual(answer?.channels, [{ input: 0, primaryEnd: 2, residualStart: 2 }]);
    check(answer, result);
  });

  it("gives away elements only, where those in hand cannot be divided", async () => {
    const stage = await stageOf(
      numbers({
        newTracker: (_, range) => ({
          tryClaim: () => true,
          currentRestriction: () => range,
          trySplit: () => undefined,
          checkDone: () => {},
        }),
        async *process(name, tracker) {
          for (let i = 0; i < 100; i++) {
            tracker.tryClaim(i);
            await sleep(0);
            yield `${name}${i}`;
          }
        },
      }),
    );
    const task = taskOf([sized("a")]);
    const result = stage.run(task);
    for (let turn = 0; turn < 5; turn++) await new Promise(setImmediate);
    assert.equal(stage.trySplit(0), undefined);
    assert.equal(outputsOf(await result).length, 100);
  });

  it("leaves all that is left when it is told to stop, and what it wants to go on with later", async () => {
    const stop = { stopped: false };
    const stage = await stageOf(
      numbers({
        async *process(name, tracker) {
          for (let i = tracker.currentRestriction().from; tracker.tryClaim(i, 64); i++) {
            await sleep(1);
            yield `${name}${i}`;
            if (name === "b") return resume({ delay: 77 });
          }
        },
      }),
    );
    const task = taskOf(
      NAMES.map((it) => sized(it)),
      { stop, slice: 60_000, inputs: [{ input: 0, batch: batchOf(NAMES.map((it) => sized(it))) }] },
    );
    const { result } = await running(stage, task, () => {
      stop.stopped = true;
    });
    assert.deepEqual(sorted([...outputsOf(result), ...partsOf(result.residuals)]), sorted(ALL));
    assert.deepEqual(result.residuals.map(({ delay }) => delay).sort(), [0, 0, 0, 77]);
  });

  it("of functions that await is divided between elements", async () => {
    const stage = await prepared(
      (names) =>
        names.map("Slow", async (name) => {
          await sleep(1);
          return name;
        }),
      "Slow",
    );
    const many = Array.from({ length: 1000 }, (_, i) => i);
    const { answer, result } = await running(stage, taskOf(many), () => stage.trySplit(0.5));
    assert.ok(answer !== undefined && answer.residuals.length === 0);
    const untouched = answer.untouched.flatMap(({ batch }) => [...batch.columns.refs]);
    assert.ok(untouched.length >= 300, `${untouched.length}`);
    assert.deepEqual([...outputsOf(result), ...untouched], many);
  });
});
