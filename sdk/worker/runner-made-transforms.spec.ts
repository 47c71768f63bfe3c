import assert from "node:assert/strict";
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { type Coder, STRING_CODER, VARINT_CODER } from "../../portability/coders/index.js";
import { packedCombineFn, unpackSpec } from "../../portability/execution/packed-combine.js";
import {
  CoderSchema,
  CombinePayloadSchema,
  type Components,
  type FunctionSpec,
  ParDoPayloadSchema,
  PTransformSchema,
} from "../../portability/gen/org/apache/beam/model/pipeline/v1/beam_runner_api_pb.js";
import { StandardCoders, StandardPTransforms } from "../../portability/urns.js";
import type { CombineFn } from "../combiners/combine-fn.js";
import { Pipeline } from "../pipeline/pipeline.js";
import { combinePerKey } from "../transforms/combine.js";
import { impulse } from "../transforms/impulse.js";
import { withKeys } from "../transforms/key-values.js";
import { splittable } from "../transforms/splittable.js";
import { FakeRunner, type FakeStage, fakeStage } from "./testing/fake-runner.js";

const { Primitives, Composites, CombineComponents, SplittableParDoComponents } = StandardPTransforms;
const { KV, ITERABLE, DOUBLE } = StandardCoders.Enum;
const INTEGERS = VARINT_CODER as Coder<unknown> as Coder<number>;

/** The mean of numbers: values, accumulators and outputs are of three types. */
const MEAN: CombineFn<number, number[], string> = {
  name: "mean",
  createAccumulator: () => [0, 0],
  addInput: ([sum, n], value) => [sum! + value, n! + 1],
  mergeAccumulators: (accumulators) => {
    let [sum, n] = [0, 0];
    for (const [moreSum, moreN] of accumulators) [sum, n] = [sum + moreSum!, n + moreN!];
    return [sum, n];
  },
  extractOutput: ([sum, n]) => `${sum! / n!}`,
};

/** What runners make of transforms that authors have applied, and have workers execute. */
describe("a worker of transforms that the runner has made", () => {
  let runner: FakeRunner;

  beforeEach(async () => {
    runner = await FakeRunner.start();
  });

  afterEach(() => runner[Symbol.asyncDispose]());

  function pairs() {
    const pipeline = new Pipeline();
    const numbers = pipeline.root
      .apply("In", impulse())
      .map("Number", () => 0)
      .withCoder(INTEGERS);
    const input = numbers.apply(
      "Pairs",
      withKeys(() => ""),
    );
    return { pipeline, numbers, input };
  }

  async function run(stage: FakeStage, input: string, values: readonly unknown[], output: string): Promise<unknown[]> {
    const instructionId = runner.instruct({ case: "processBundle", value: { processBundleDescriptorId: stage.id } });
    runner.send({
      data: [{ instructionId, transformId: `source ${input}`, data: stage.encoded(input, values), isLast: true }],
    });
    await runner.processed(instructionId);
    return stage.decoded(output, await runner.output(instructionId, `sink ${output}`));
  }

  const coder = (components: Components, id: string, urn: string, ...componentCoderIds: string[]): string => {
    components.coders[id] = create(CoderSchema, { spec: { urn }, componentCoderIds });
    return id;
  };

  /** A transform between PCollections that are like another, but for their coders. */
  function made(
    components: Components,
    like: string,
    spec: Pick<FunctionSpec, "urn" | "payload"> | { readonly urn: string },
    inputCoder: string,
    outputCoder: string,
  ): void {
    const { pcollections, transforms } = components;
    pcollections["made.in"] = { ...pcollections[like]!, coderId: inputCoder };
    pcollections["made.out"] = { ...pcollections[like]!, coderId: outputCoder };
    transforms["Made"] = create(PTransformSchema, {
      uniqueName: "Made",
      spec,
      inputs: { in: "made.in" },
      outputs: { out: "made.out" },
    });
  }

  it("combines before grouping, merges accumulators, extracts outputs, and makes accumulators of values", async () => {
    const { pipeline, input } = pairs();
    input.apply("Mean", combinePerKey(MEAN));
    const worker = runner.worker(pipeline);
    const stageOf = (id: string, urn: string, from: string, to: string): FakeStage =>
      fakeStage(runner, pipeline, ["Made"], ["made.in"], ["made.out"], id, (components) => {
        const { payload } = components.transforms["Mean"]!.spec!;
        const { accumulatorCoderId } = fromBinary(CombinePayloadSchema, payload);
        const [key, value] = components.coders[components.pcollections[input.id]!.coderId]!.componentCoderIds;
        const [, output] =
          components.coders[
            components.pcollections[Object.values(components.transforms["Mean"]!.outputs)[0]!]!.coderId
          ]!.componentCoderIds;
        const pair = (of: string): string => coder(components, `pair of ${of}`, KV, key!, of);
        const coders: Record<string, string> = {
          values: pair(value!),
          accumulators: pair(accumulatorCoderId),
          "grouped accumulators": pair(coder(components, "several", ITERABLE, accumulatorCoderId)),
          "grouped values": pair(coder(components, "many", ITERABLE, value!)),
          outputs: pair(output!),
        };
        made(components, input.id, { urn, payload }, coders[from]!, coders[to]!);
      });
    const parts: readonly (readonly [keyof typeof CombineComponents, string, string, unknown[], unknown[]])[] = [
      ["COMBINE_PER_KEY_PRECOMBINE", "values", "accumulators", [1, 5, 3], [[9, 3]]],
      [
        "COMBINE_PER_KEY_MERGE_ACCUMULATORS",
        "grouped accumulators",
        "accumulators",
        [
          [
            [9, 3],
            [1, 1],
          ],
        ],
        [[10, 4]],
      ],
      ["COMBINE_PER_KEY_EXTRACT_OUTPUTS", "accumulators", "outputs", [[10, 4]], ["2.5"]],
      ["COMBINE_PER_KEY_CONVERT_TO_ACCUMULATORS", "values", "accumulators", [7], [[7, 1]]],
      ["COMBINE_GROUPED_VALUES", "grouped values", "outputs", [[1, 2, 6]], ["3"]],
    ];
    for (const [name, from, to, given, expected] of parts) {
      const stage = stageOf(name, CombineComponents[name], from, to);
      const keyed = (values: readonly unknown[]) => values.map((value) => ({ key: "k", value }));
      assert.deepEqual(await run(stage, "made.in", keyed(given), "made.out"), keyed(expected), name);
    }
    await worker.stop();
  });

  it("combines by several CombineFns at once, and takes their outputs apart", async () => {
    const { pipeline, input } = pairs();
    const max: CombineFn<number, number, number> = {
      createAccumulator: () => 0,
      addInput: Math.max,
      mergeAccumulators: (accumulators) => Math.max(...accumulators),
      extractOutput: (value) => value,
    };
    input.apply("Mean", combinePerKey(MEAN));
    input.apply("Max", combinePerKey(max));
    runner.worker(pipeline);
    const fnOf = ({ transforms }: Components, name: string) =>
      fromBinary(CombinePayloadSchema, transforms[name]!.spec!.payload);
    const packed = fakeStage(runner, pipeline, ["Made"], ["made.in"], ["made.out"], "packed", (components) => {
      const [mean, most] = [fnOf(components, "Mean"), fnOf(components, "Max")];
      const payload = toBinary(
        CombinePayloadSchema,
        create(CombinePayloadSchema, {
          combineFn: packedCombineFn([mean.combineFn!, most.combineFn!]),
          accumulatorCoderId: mean.accumulatorCoderId,
        }),
      );
      const [key, value] = components.coders[components.pcollections[input.id]!.coderId]!.componentCoderIds;
      const grouped = coder(components, "grouped", KV, key!, coder(components, "many", ITERABLE, value!));
      const output = coder(components, "output", KV, key!, mean.accumulatorCoderId);
      made(components, input.id, { urn: CombineComponents.COMBINE_GROUPED_VALUES, payload }, grouped, output);
    });
    const combined = [{ key: "k", value: ["3", 6] }];
    assert.deepEqual(await run(packed, "made.in", [{ key: "k", value: [1, 2, 6] }], "made.out"), combined);
    const taken = fakeStage(runner, pipeline, ["Made"], ["made.in"], ["made.out"], "taken", (components) => {
      const { accumulatorCoderId } = fnOf(components, "Mean");
      const [key] = components.coders[components.pcollections[input.id]!.coderId]!.componentCoderIds;
      const tuple = coder(components, "tuple", KV, key!, accumulatorCoderId);
      made(components, input.id, unpackSpec(1), tuple, tuple);
    });
    assert.deepEqual(await run(taken, "made.in", combined, "made.out"), [{ key: "k", value: 6 }]);
  });

  it("passes on what has no meaning for it, and writes values as strings", async () => {
    const { pipeline, numbers } = pairs();
    runner.worker(pipeline);
    const urns = [
      Primitives.FLATTEN,
      Composites.RESHUFFLE,
      Composites.REDISTRIBUTE_ARBITRARILY,
      Composites.REDISTRIBUTE_BY_KEY,
      Primitives.TO_STRING,
    ];
    for (const urn of urns) {
      const isText = urn === Primitives.TO_STRING;
      const stage = fakeStage(runner, pipeline, ["Made"], ["made.in"], ["made.out"], urn, (components) => {
        const { coderId } = components.pcollections[numbers.id]!;
        const text = coder(components, "text", StandardCoders.Enum.STRING_UTF8);
        made(components, numbers.id, { urn }, coderId, isText ? text : coderId);
      });
      assert.deepEqual(await run(stage, "made.in", [3, 4], "made.out"), isText ? ["3", "4"] : [3, 4], urn);
    }
  });

  it("pairs elements with restrictions, splits and sizes them, and truncates them", async () => {
    const pipeline = new Pipeline();
    const names = pipeline.root
      .apply("In", impulse())
      .map("Names", () => "")
      .withCoder(STRING_CODER);
    names.apply(
      splittable("Numbers", {
        initialRestriction: (name: string) => ({ from: 0, to: name.length }),
        split: (_, { from, to }) => [
          { from, to: 1 },
          { from: 1, to },
        ],
        truncate: (_, { from }) => ({ from, to: from + 1 }),
        process: () => undefined,
      }),
    );
    runner.worker(pipeline);
    const stageOf = (urn: string, from: string, to: string): FakeStage =>
      fakeStage(runner, pipeline, ["Made"], ["made.in"], ["made.out"], urn, (components) => {
        const { payload } = components.transforms["Numbers"]!.spec!;
        const { restrictionCoderId } = fromBinary(ParDoPayloadSchema, payload);
        const name = components.pcollections[names.id]!.coderId;
        const paired = coder(components, "paired", KV, name, restrictionCoderId);
        const coders: Record<string, string> = {
          names: name,
          paired,
          sized: coder(components, "sized", KV, paired, coder(components, "size", DOUBLE)),
        };
        made(components, names.id, { urn, payload }, coders[from]!, coders[to]!);
      });
    const { PAIR_WITH_RESTRICTION, SPLIT_AND_SIZE_RESTRICTIONS, TRUNCATE_SIZED_RESTRICTION } =
      SplittableParDoComponents;
    const pairing = stageOf(PAIR_WITH_RESTRICTION, "names", "paired");
    const paired = await run(pairing, "made.in", ["abc"], "made.out");
    const ranges = (elements: readonly unknown[]): unknown[] =>
      (elements as { key: { value: { key: unknown } }; value: number }[]).map(({ key, value }) => [
        key.value.key,
        value,
      ]);
    const sized = await run(stageOf(SPLIT_AND_SIZE_RESTRICTIONS, "paired", "sized"), "made.in", paired, "made.out");
    assert.deepEqual(ranges(sized), [
      [{ from: 0, to: 1 }, 1],
      [{ from: 1, to: 3 }, 2],
    ]);
    const left = await run(stageOf(TRUNCATE_SIZED_RESTRICTION, "sized", "sized"), "made.in", sized, "made.out");
    assert.deepEqual(ranges(left), [
      [{ from: 0, to: 1 }, 1],
      [{ from: 1, to: 2 }, 1],
    ]);
  });
});
