import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { create as createMessage, fromBinary } from "@bufbuild/protobuf";
import {
  ByteReader,
  DOUBLE_CODER,
  IterableCoder,
  JS_VALUE_CODER,
  STRING_CODER,
} from "../../portability/coders/index.js";
import type { BundleApplication } from "../../portability/gen/org/apache/beam/model/fn_execution/v1/beam_fn_api_pb.js";
import {
  CoderSchema,
  type Components,
  IsBounded_Enum,
  ParDoPayloadSchema,
  PCollectionSchema,
} from "../../portability/gen/org/apache/beam/model/pipeline/v1/beam_runner_api_pb.js";
import { MonitoringInfoSpecs, StandardCoders, StandardPTransforms } from "../../portability/urns.js";
import type { Sized } from "../harness/splittable-call.js";
import { Pipeline } from "../pipeline/pipeline.js";
import type { OffsetRange } from "../splittable/offset-range-tracker.js";
import { resume } from "../splittable/process-continuation.js";
import type { SplittableDoFn } from "../splittable/splittable-do-fn.js";
import { type ManualWatermark, manualWatermark } from "../splittable/watermark-estimator.js";
import { impulse } from "../transforms/impulse.js";
import { splittable } from "../transforms/splittable.js";
import { FakeRunner, type FakeStage, fakeStage } from "./testing/fake-runner.js";

const { PROCESS_SIZED_ELEMENTS_AND_RESTRICTIONS } = StandardPTransforms.SplittableParDoComponents;
const { KV, DOUBLE } = StandardCoders.Enum;
const { WORK_COMPLETED, WORK_REMAINING } = MonitoringInfoSpecs.Enum;

type Numbers = SplittableDoFn<string, string, OffsetRange, number, ManualWatermark>;

/** What runners make of a splittable DoFn: a step that takes elements with their restrictions. */
function expanded({ transforms, coders, pcollections }: Components): void {
  const numbers = transforms["Numbers"]!;
  const { restrictionCoderId } = fromBinary(ParDoPayloadSchema, numbers.spec!.payload);
  const coder = (id: string, urn: string, ...componentCoderIds: string[]): string => {
    coders[id] = createMessage(CoderSchema, { spec: { urn }, componentCoderIds });
    return id;
  };
  const names = pcollections["Names.out"]!;
  const paired = coder("paired", KV, names.coderId, restrictionCoderId);
  const sizedId = coder("sized", KV, paired, coder("double", DOUBLE));
  pcollections["Sized"] = createMessage(PCollectionSchema, { ...names, coderId: sizedId });
  numbers.spec!.urn = PROCESS_SIZED_ELEMENTS_AND_RESTRICTIONS;
  for (const input of Object.keys(numbers.inputs)) numbers.inputs[input] = "Sized";
}

/** Numbers of a range, each of which takes a while. */
const slow: Partial<Numbers> = {
  async *process(name, tracker, _, { watermark }) {
    for (let i = tracker.currentRestriction().from; tracker.tryClaim(i); i++) {
      await sleep(1);
      yield `${name}${i}`;
      watermark.set(i + 1);
    }
  },
};

describe("a worker of splittable DoFns", () => {
  let runner: FakeRunner;

  beforeEach(async () => {
    runner = await FakeRunner.start();
  });

  afterEach(() => runner[Symbol.asyncDispose]());

  function staged(doFn: Partial<Numbers>): FakeStage {
    const pipeline = new Pipeline();
    const names = pipeline.root
      .apply("In", impulse())
      .map("Names", () => "")
      .withCoder(STRING_CODER);
    names.apply(
      splittable("Numbers", {
        initialRestriction: () => ({ from: 0, to: 1 }),
        watermark: manualWatermark(),
        process: () => undefined,
        ...doFn,
      }),
    );
    const stage = fakeStage(runner, pipeline, ["Numbers"], ["Sized"], ["Numbers.out"], "stage", expanded);
    runner.worker(pipeline);
    return stage;
  }

  const sized = (name: string, from: number, to: number): Sized => ({
    key: { key: name, value: { key: { from, to }, value: 0 } },
    value: to - from,
  });

  function begin(stage: FakeStage, ...elements: readonly Sized[]): string {
    const value = { processBundleDescriptorId: stage.id };
    const instructionId = runner.instruct({ case: "processBundle", value });
    runner.send({
      data: [{ instructionId, transformId: "source Sized", data: stage.encoded("Sized", elements), isLast: true }],
    });
    return instructionId;
  }

  async function outputs(stage: FakeStage, instruction: string): Promise<unknown[]> {
    return stage.decoded("Numbers.out", await runner.output(instruction, "sink Numbers.out"));
  }

  /** Waits until something has come out, and so an element is in hand. */
  async function underWay(instructionId: string): Promise<void> {
    for (let remaining = 1; remaining > 0.95 || remaining === 0; ) {
      [remaining] = (await progress(instructionId)) ?? [1];
    }
  }

  /** Shares of the element in hand that remain and are done; undefined if none is. */
  async function progress(instructionId: string): Promise<readonly [number, number] | undefined> {
    const request = runner.instruct({ case: "processBundleProgress", value: { instructionId } });
    const { response } = await runner.response(request);
    assert.ok(response.case === "processBundleProgress");
    const shares = [WORK_REMAINING, WORK_COMPLETED].map(({ urn }) => {
      const info = response.value.monitoringInfos.find((each) => each.urn === urn);
      if (info === undefined) return undefined;
      assert.deepEqual(info.labels, { PTRANSFORM: "Numbers" });
      const [share] = new IterableCoder(DOUBLE_CODER).decode(new ByteReader(info.payload), true);
      return share as number;
    });
    const [remaining, completed] = shares;
    return remaining === undefined ? undefined : [remaining, completed!];
  }

  async function split(instructionId: string, fractionOfRemainder: number, estimated: number) {
    const desired = { fractionOfRemainder, estimatedInputElements: BigInt(estimated) };
    const value = { instructionId, desiredSplits: { "source Sized": desired } };
    const { response } = await runner.response(runner.instruct({ case: "processBundleSplit", value }));
    assert.ok(response.case === "processBundleSplit");
    return response.value;
  }

  function applied(stage: FakeStage, { transformId, inputId, element }: BundleApplication): Sized {
    assert.equal(transformId, "Numbers");
    assert.ok(Object.hasOwn(stage.descriptor.transforms["Numbers"]!.inputs, inputId));
    const reader = new ByteReader(element);
    const { value } = stage.coder("Sized").decode(reader, true);
    assert.equal(reader.remaining, 0);
    return value as Sized;
  }

  /** Where an element ends of which these are the parts: one after the other, as it was given up and gone on with. */
  function endOf(stage: FakeStage, roots: readonly BundleApplication[]): number {
    const parts = roots.map((root) => applied(stage, root).key.value.key as OffsetRange);
    assert.deepEqual(
      parts.map(({ from }) => from),
      [0, ...parts.slice(0, -1).map(({ to }) => to)],
    );
    return parts.at(-1)!.to;
  }

  const rangeOf = ({ key }: Sized): string => {
    const { from, to } = key.value.key as OffsetRange;
    return `${String(key.key)} ${from}-${to}`;
  };
  const names = (name: string, from: number, to: number): string[] =>
    Array.from({ length: to - from }, (_, i) => `${name}${from + i}`);

  it("divides the element in hand where the share ends there, and tells what is kept of it", async () => {
    const stage = staged(slow);
    const instruction = begin(stage, sized("a", 0, 400), sized("b", 0, 10), sized("c", 0, 10));
    await underWay(instruction);
    const { channelSplits, primaryRoots, residualRoots } = await split(instruction, 0.2, 3);
    const [channel] = channelSplits;
    // Of the first element a part is kept: it is neither the last that is whole nor the first that is not begun.
    assert.deepEqual([channel!.lastPrimaryElement, channel!.firstResidualElement], [-1n, 1n]);
    assert.equal(residualRoots.length, 1);
    const residual = applied(stage, residualRoots[0]!.application!);
    const { from: to } = residual.key.value.key as OffsetRange;
    assert.equal(rangeOf(residual), `a ${to}-400`);
    assert.equal(residual.value, 400 - to);
    assert.equal(endOf(stage, primaryRoots), to);
    assert.ok(to > 5 && to < 380, `${to}`);
    const { residualRoots: left } = await runner.processed(instruction);
    assert.deepEqual(left, []);
    assert.deepEqual(await outputs(stage, instruction), names("a", 0, to));
  });

  it("divides between elements where the share ends there", async () => {
    const stage = staged(slow);
    const instruction = begin(stage, sized("a", 0, 50), sized("b", 0, 5), sized("c", 0, 5), sized("d", 0, 5));
    await underWay(instruction);
    const { channelSplits, primaryRoots, residualRoots } = await split(instruction, 0.7, 4);
    const [{ lastPrimaryElement, firstResidualElement }] = channelSplits as [(typeof channelSplits)[0]];
    assert.equal(firstResidualElement, lastPrimaryElement + 1n);
    assert.ok(firstResidualElement === 2n || firstResidualElement === 3n, `${firstResidualElement}`);
    assert.deepEqual([primaryRoots, residualRoots], [[], []]);
    await runner.processed(instruction);
    const all = [...names("a", 0, 50), ...names("b", 0, 5), ...names("c", 0, 5)];
    assert.deepEqual(await outputs(stage, instruction), all.slice(0, firstResidualElement === 2n ? 55 : 60));
  });

  it("divides what waits for its turn as well", async () => {
    const stage = staged({
      process(name, tracker, output) {
        for (let i = tracker.currentRestriction().from; tracker.tryClaim(i, 8); i++) {
          for (const end = performance.now() + 0.5; performance.now() < end; );
          output(`${name}${i}`);
        }
      },
    });
    const instruction = begin(stage, sized("a", 0, 2000), sized("b", 0, 10));
    await underWay(instruction);
    const { channelSplits, primaryRoots, residualRoots } = await split(instruction, 0, 2);
    assert.equal(channelSplits[0]!.firstResidualElement, 1n);
    const to = endOf(stage, primaryRoots);
    assert.equal(rangeOf(applied(stage, residualRoots[0]!.application!)), `a ${to}-2000`);
    assert.ok(to < 2000);
    await runner.processed(instruction);
    const made = (await outputs(stage, instruction)) as string[];
    assert.deepEqual(made, names("a", 0, to));
  });

  it("gives back what is to be gone on with later, with when, and how far it has got", async () => {
    const stage = staged({
      process(name, tracker, output, { watermark }) {
        const { from } = tracker.currentRestriction();
        tracker.tryClaim(from);
        output(`${name}${from}`);
        watermark.set(7_654);
        return resume({ delay: 2_500 });
      },
    });
    const instruction = begin(stage, sized("a", 3, 10));
    const { residualRoots } = await runner.processed(instruction);
    assert.deepEqual(await outputs(stage, instruction), ["a3"]);
    assert.equal(residualRoots.length, 1);
    const { application, requestedTimeDelay } = residualRoots[0]!;
    assert.equal(rangeOf(applied(stage, application!)), "a 4-10");
    assert.deepEqual([requestedTimeDelay!.seconds, requestedTimeDelay!.nanos], [2n, 500_000_000]);
    assert.equal(application!.isBounded, IsBounded_Enum.BOUNDED);
    const [watermark] = Object.values(application!.outputWatermarks);
    assert.deepEqual([watermark!.seconds, watermark!.nanos], [7n, 654_000_000]);
  });

  it("gives back work that never ends after a while, so that what it has led to is committed", async () => {
    const stage = staged({
      bounded: false,
      restrictionCoder: JS_VALUE_CODER as never,
      process(name, tracker, output) {
        for (let i = tracker.currentRestriction().from; tracker.tryClaim(i); i++) {
          for (const end = performance.now() + 1; performance.now() < end; );
          output(`${name}${i}`);
        }
      },
    });
    const instruction = begin(stage, { ...sized("a", 0, Number.POSITIVE_INFINITY), value: 1 });
    const { residualRoots } = await runner.processed(instruction);
    const made = (await outputs(stage, instruction)) as string[];
    const { application } = residualRoots[0]!;
    assert.equal(rangeOf(applied(stage, application!)), `a ${made.length}-Infinity`);
    assert.equal(application!.isBounded, IsBounded_Enum.UNBOUNDED);
    assert.deepEqual(made, names("a", 0, made.length));
  });
});
