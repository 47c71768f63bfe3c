import assert from "node:assert/strict";
import fc from "fast-check";
import { StandardRequirements } from "../../portability/urns.js";
import { type Capabilities, DEFAULT_CAPABILITIES } from "./capabilities.js";
import { plan } from "./plan.js";
import { checkPlan, randomPipeline, STEP, type Step } from "./random-pipelines.js";
import { fusedTransforms, PipelineBuilder, stageOf } from "./testing.js";

const PERMISSIVE: Capabilities = {
  ...DEFAULT_CAPABILITIES,
  requirements: new Set(Object.values(StandardRequirements.Enum)),
};

describe("fuse", () => {
  it("makes one stage of a diamond, flatten included", () => {
    const pipeline = new PipelineBuilder();
    const a = pipeline.parDo("a", pipeline.impulse("impulse"));
    const both = pipeline.flatten("flatten", pipeline.parDo("left", a), pipeline.parDo("right", a));
    pipeline.parDo("z", both);
    const planned = plan(pipeline.build());
    assert.deepEqual(fusedTransforms(planned), [["a", "left", "right", "flatten", "z"]]);
    assert.deepEqual(
      stageOf(planned, "z").inputs.map((input) => input.pcollection),
      ["impulse.out"],
    );
  });

  it("gives siblings that read one grouping one stage with one input", () => {
    const pipeline = new PipelineBuilder();
    const grouped = pipeline.groupByKey("group", pipeline.parDo("read", pipeline.impulse("impulse")));
    pipeline.parDo("left", grouped);
    pipeline.parDo("right", grouped);
    const stage = stageOf(plan(pipeline.build()), "left");
    assert.deepEqual(stage.transforms, ["left", "right"]);
    assert.deepEqual(stage.inputs, [
      {
        pcollection: "group.out",
        consumers: [
          { transform: "left", localName: "in" },
          { transform: "right", localName: "in" },
        ],
      },
    ]);
  });

  it("keeps environments apart", () => {
    const pipeline = new PipelineBuilder();
    const a = pipeline.parDo("a", pipeline.impulse("impulse"));
    pipeline.parDo("b", a, { environment: "other" });
    pipeline.parDo("c", a);
    const planned = plan(pipeline.build());
    assert.deepEqual(fusedTransforms(planned), [["a", "c"], ["b"]]);
    assert.deepEqual(stageOf(planned, "a").outputs, ["a.out"]);
    assert.equal(stageOf(planned, "b").environment, "other");
  });

  it("materialises only those of several outputs that are read elsewhere", () => {
    const pipeline = new PipelineBuilder();
    pipeline.parDo("a", pipeline.impulse("impulse"), { outputs: ["main", "errors", "unread"] });
    pipeline.parDo("b", "a.main");
    pipeline.groupByKey("group", "a.errors");
    pipeline.parDo("c", "group.out");
    assert.deepEqual(stageOf(plan(pipeline.build()), "a").outputs, ["a.errors"]);
  });

  it("separates the producer of a side input from its consumer", () => {
    const pipeline = new PipelineBuilder();
    const a = pipeline.parDo("a", pipeline.impulse("impulse"));
    pipeline.parDo("b", a, { sideInputs: { side: a } });
    const planned = plan(pipeline.build());
    assert.deepEqual(fusedTransforms(planned), [["a"], ["b"]]);
    assert.deepEqual(stageOf(planned, "b").sideInputs, [{ transform: "b", localName: "side", pcollection: "a.out" }]);
    assert.deepEqual(
      stageOf(planned, "b").inputs.map((input) => input.pcollection),
      ["a.out"],
    );
  });

  it("does not fuse where a side input comes back through a grouping", () => {
    const pipeline = new PipelineBuilder();
    const a = pipeline.parDo("a", pipeline.impulse("impulse"));
    const counted = pipeline.parDo("counted", pipeline.groupByKey("group", a));
    const b = pipeline.parDo("b", a, { sideInputs: { side: counted } });
    pipeline.parDo("c", b);
    assert.deepEqual(fusedTransforms(plan(pipeline.build())), [["a"], ["counted"], ["b", "c"]]);
  });

  it("fuses a consumer of a side input that comes from elsewhere with its producer", () => {
    const pipeline = new PipelineBuilder();
    const side = pipeline.parDo("side", pipeline.groupByKey("group", pipeline.impulse("other impulse")));
    const a = pipeline.parDo("a", pipeline.impulse("impulse"));
    pipeline.parDo("b", a, { sideInputs: { side } });
    assert.deepEqual(fusedTransforms(plan(pipeline.build())), [["side"], ["a", "b"]]);
  });

  it("does not fuse siblings of which one is a side input of the other", () => {
    const pipeline = new PipelineBuilder();
    const grouped = pipeline.groupByKey("group", pipeline.impulse("impulse"));
    const left = pipeline.parDo("left", grouped);
    pipeline.parDo("right", grouped, { sideInputs: { left } });
    assert.deepEqual(fusedTransforms(plan(pipeline.build())), [["left"], ["right"]]);
  });

  it("does not fuse a flatten into a stage that feeds its other input through a grouping", () => {
    const pipeline = new PipelineBuilder();
    const a = pipeline.parDo("a", pipeline.impulse("impulse"));
    const again = pipeline.parDo("again", pipeline.groupByKey("group", a));
    pipeline.parDo("z", pipeline.flatten("flatten", a, again));
    assert.deepEqual(fusedTransforms(plan(pipeline.build())), [["a"], ["again", "flatten", "z"]]);
  });

  it("looks side inputs up in windows that the runner sees, so not behind a change of windows", () => {
    const pipeline = new PipelineBuilder();
    const side = pipeline.parDo("side", pipeline.impulse("other impulse"));
    const a = pipeline.parDo("a", pipeline.impulse("impulse"), { windowing: "fixed" });
    const b = pipeline.parDo("b", a, { sideInputs: { side }, windowing: "fixed" });
    pipeline.parDo("c", b, { sideInputs: { side }, windowing: "fixed" });
    assert.deepEqual(fusedTransforms(plan(pipeline.build())), [["side"], ["a"], ["b", "c"]]);
  });

  it("looks side inputs up in the windows of one main input, whatever others of the stage have", () => {
    const pipeline = new PipelineBuilder();
    const side = pipeline.parDo("side", pipeline.impulse("other impulse"));
    const a = pipeline.parDo("a", pipeline.impulse("impulse"));
    pipeline.parDo("b", a, { sideInputs: { side } });
    const windowed = pipeline.parDo("windowed", a, { windowing: "fixed" });
    pipeline.parDo("c", windowed, { sideInputs: { side }, windowing: "fixed" });
    assert.deepEqual(fusedTransforms(plan(pipeline.build())), [["side"], ["a", "b", "windowed"], ["c"]]);
  });

  it("pulls no producers together of which one comes back through a grouping", () => {
    const pipeline = new PipelineBuilder();
    const a = pipeline.parDo("a", pipeline.impulse("impulse"));
    const b = pipeline.parDo("b", pipeline.impulse("other impulse"));
    const grouped = pipeline.groupByKey("group", b);
    pipeline.parDo("z", pipeline.flatten("flatten", a, b, grouped));
    assert.deepEqual(fusedTransforms(plan(pipeline.build())), [["b"], ["a", "flatten", "z"]]);
  });

  it("lets no output wait for an unbounded side input that it does not depend on", () => {
    const pipeline = new PipelineBuilder();
    const a = pipeline.parDo("a", pipeline.impulse("impulse"));
    pipeline.parDo("grouped", pipeline.groupByKey("group", a));
    const side = pipeline.unbounded().parDo("side", pipeline.impulse("other impulse"));
    pipeline.parDo("b", a, { sideInputs: { side } });
    pipeline.parDo("c", pipeline.parDo("alone", pipeline.impulse("third")), { sideInputs: { side } });
    const transforms = fusedTransforms(plan(pipeline.build()));
    assert.deepEqual(transforms.map((it) => it.join()).sort(), ["a", "alone,c", "b", "grouped", "side"]);
  });

  it("starts a stage at state and at requests for stable input, and fuses on from there", () => {
    const pipeline = new PipelineBuilder();
    const a = pipeline.parDo("a", pipeline.impulse("impulse"));
    const b = pipeline.parDo("b", a, {
      payload: { stateSpecs: { bag: { spec: { case: "bagSpec", value: { elementCoderId: "bytes" } } } } },
    });
    pipeline.parDo("sibling", a, { environment: "main" });
    const c = pipeline.parDo("c", b);
    pipeline.parDo("d", c, { payload: { requiresStableInput: true } });
    const planned = plan(pipeline.build(), PERMISSIVE);
    assert.deepEqual(fusedTransforms(planned), [["a", "sibling"], ["b", "c"], ["d"]]);
    assert.deepEqual(
      planned.stages.flatMap((stage) => (stage.kind === "executable" ? [stage.stateful] : [])),
      [false, true, false],
    );
  });

  it("starts a stage at a request for sorted input, and fuses no sibling that would wait with it", () => {
    const pipeline = new PipelineBuilder();
    const grouped = pipeline.groupByKey("group", pipeline.impulse("impulse"));
    const a = pipeline.parDo("a", grouped);
    pipeline.parDo("sorted", a, { payload: { requiresTimeSortedInput: true } });
    pipeline.parDo("sorted too", grouped, { payload: { requiresTimeSortedInput: true } });
    pipeline.parDo("sibling", grouped);
    const planned = plan(pipeline.build(), PERMISSIVE);
    assert.deepEqual(fusedTransforms(planned), [["a", "sibling"], ["sorted too"], ["sorted"]]);
  });

  it("never fuses a sibling into a keyed stage", () => {
    const pipeline = new PipelineBuilder();
    const grouped = pipeline.groupByKey("group", pipeline.impulse("impulse"));
    pipeline.parDo("stateful", grouped, {
      payload: { stateSpecs: { bag: { spec: { case: "bagSpec", value: { elementCoderId: "bytes" } } } } },
    });
    pipeline.parDo("plain", grouped);
    assert.deepEqual(fusedTransforms(plan(pipeline.build(), PERMISSIVE)), [["stateful"], ["plain"]]);
  });

  it("gives a stage that splits restrictions no second input, even for a flatten behind it", () => {
    const pipeline = new PipelineBuilder();
    const plain = pipeline.parDo("plain", pipeline.impulse("impulse a"));
    const sdf = pipeline.parDo("sdf", pipeline.impulse("impulse b"), {
      payload: { restrictionCoderId: "restriction" },
    });
    pipeline.parDo("z", pipeline.flatten("flatten", plain, sdf));
    const planned = plan(pipeline.build());
    assert.deepEqual(
      stageOf(planned, "sdf").inputs.map((input) => input.pcollection),
      ["sdf/Sized"],
    );
    assert.deepEqual(stageOf(planned, "z").transforms, ["plain", "flatten", "z"]);
  });

  it("lets no output of groups that a flatten pulls together wait for what only the flatten reads", () => {
    const step = { kind: "parDo", first: 0, second: 0, third: 0, environment: "main", unbounded: false } as const;
    const steps: Step[] = [
      step,
      { ...step, kind: "impulse" },
      { ...step, kind: "impulse" },
      { ...step, environment: "other", unbounded: true },
      step,
      { ...step, kind: "side" },
      { ...step, kind: "flatten", first: 114, second: 327, third: 291 },
      step,
    ];
    checkPlan(plan(randomPipeline(steps).build()));
  });

  it("keeps every promise of a plan on random pipelines", () => {
    fc.assert(
      fc.property(fc.array(STEP, { minLength: 1, maxLength: 40 }), (steps) => {
        checkPlan(plan(randomPipeline(steps).build()));
      }),
      { numRuns: 300 },
    );
  });

  it("searches for cycles little more on a large pipeline than on a small one, transform for transform", () => {
    const small = searchSteps(200);
    const large = searchSteps(2000);
    assert.ok(large < 15 * small, `${small} steps for 200 transforms, ${large} for 2,000`);
  });

  it("goes through thousands of siblings little more often than through a few, transform for transform", () => {
    const small = iterationSteps(200);
    const large = iterationSteps(2000);
    assert.ok(large < 15 * small, `${small} elements of arrays iterated for 200 siblings, ${large} for 2,000`);
  });
});

/** Elements of arrays that are iterated, or spread, while so many siblings are planned. */
function iterationSteps(siblings: number): number {
  const builder = new PipelineBuilder();
  const input = builder.impulse("impulse");
  for (let i = 0; i < siblings; i++) builder.parDo(`sibling${i}`, input);
  const pipeline = builder.build();
  const original = Object.getOwnPropertyDescriptor(Array.prototype, Symbol.iterator)!;
  let steps = 0;
  try {
    Object.defineProperty(Array.prototype, Symbol.iterator, {
      ...original,
      *value(this: readonly unknown[]) {
        for (let i = 0; i < this.length; i++) {
          steps += 1;
          yield this[i];
        }
      },
    });
    plan(pipeline);
  } finally {
    Object.defineProperty(Array.prototype, Symbol.iterator, original);
  }
  return steps;
}

/** Look-ups and insertions in maps and sets while a tangled pipeline of about that many transforms is planned. */
function searchSteps(transforms: number): number {
  const pipeline = tangledPipeline(transforms).build();
  const patched = [
    [Map.prototype, "get"],
    [Map.prototype, "set"],
    [Set.prototype, "has"],
    [Set.prototype, "add"],
  ] as const;
  const originals = patched.map(([prototype, name]) => Object.getOwnPropertyDescriptor(prototype, name)!);
  let steps = 0;
  try {
    patched.forEach(([prototype, name], index) => {
      const original = originals[index]!.value;
      Object.defineProperty(prototype, name, {
        ...originals[index],
        value(this: unknown, ...args: unknown[]) {
          steps += 1;
          return original.apply(this, args);
        },
      });
    });
    plan(pipeline);
  } finally {
    patched.forEach(([prototype, name], index) => {
      Object.defineProperty(prototype, name, originals[index]!);
    });
  }
  return steps;
}

/** A long chain with branches that group, come back as side inputs, flatten, and stars of siblings. */
function tangledPipeline(transforms: number): PipelineBuilder {
  const pipeline = new PipelineBuilder();
  let main = pipeline.impulse("impulse");
  const star = pipeline.groupByKey("star", main);
  for (let part = 0; part < transforms / 8; part++) {
    const side = pipeline.parDo(
      `side${part}`,
      pipeline.groupByKey(`group${part}`, pipeline.parDo(`early${part}`, main)),
    );
    const looked = pipeline.parDo(`looked${part}`, main, { sideInputs: { side } });
    const left = pipeline.parDo(`left${part}`, looked);
    main = pipeline.flatten(`flatten${part}`, left, pipeline.parDo(`right${part}`, looked));
    pipeline.parDo(`ray${part}`, star);
  }
  return pipeline;
}
