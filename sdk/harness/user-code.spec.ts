import assert from "node:assert/strict";
import { GirderError } from "../../portability/errors.js";
import { sum } from "../combiners/index.js";
import type { DoFn } from "../pipeline/do-fn.js";
import type { PCollection } from "../pipeline/pcollection.js";
import { Pipeline } from "../pipeline/pipeline.js";
import { runEmbedded } from "../runners/embedded/embedded.js";
import { combinePerKey } from "../transforms/combine.js";
import { create } from "../transforms/create.js";
import { groupBy } from "../transforms/group-by.js";
import { asList } from "../transforms/side-inputs.js";
import { assignTimestamps } from "../windowing/window-into.js";

const boom = new TypeError("it went wrong");
const fail = (): never => {
  throw boom;
};
const failLater = async (): Promise<never> => fail();

async function failureOf(build: (input: PCollection<string>) => unknown): Promise<GirderError> {
  const pipeline = new Pipeline();
  build(pipeline.apply(create(["good", "culprit"])).filter((word) => word === "culprit"));
  try {
    await runEmbedded(pipeline);
  } catch (thrown) {
    assert.ok(thrown instanceof GirderError, String(thrown));
    return thrown;
  }
  throw new assert.AssertionError({ message: "the pipeline ran" });
}

const forms: Readonly<Record<string, (input: PCollection<string>) => unknown>> = {
  map: (input) => input.map("Step", fail),
  filter: (input) => input.filter("Step", fail),
  flatMap: (input) => input.flatMap("Step", fail),
  "a generator": (input) =>
    input.flatMap("Step", function* (word): Generator<string> {
      yield word;
      fail();
    }),
  "an async map": (input) => input.map("Step", failLater),
  "an async generator": (input) =>
    input.flatMap("Step", async function* (word): AsyncGenerator<string> {
      yield word;
      await failLater();
    }),
  "a map with a side input": (input) => input.map("Step", fail, { side: asList(input) }),
  "a DoFn": (input) => input.parDo("Step", { process: fail }),
  "an async DoFn": (input) => input.parDo("Step", { process: failLater }),
  assignTimestamps: (input) => input.apply("Step", assignTimestamps(fail)),
};

describe("an exception of the author's", () => {
  for (const [name, build] of Object.entries(forms)) {
    it(`in ${name} names transform and element, and is the cause`, async () => {
      const error = await failureOf(build);
      assert.equal(error.code, "user-exception");
      assert.equal(error.where, "Step");
      assert.equal(error.cause, boom);
      assert.match(error.message, /TypeError: it went wrong.*Element: 'culprit'/);
    });
  }

  it("by which a combine is given no pair names the combine", async () => {
    const error = await failureOf((input) =>
      input.map("Nothing", () => null as never).apply("Step", combinePerKey(sum)),
    );
    assert.match(error.where ?? "", /^Step/);
    assert.equal(error.code, "user-exception");
  });

  it("in a combine's addInput names the pair, be the key new or known", async () => {
    const failing = (at: number) => ({
      createAccumulator: () => 0,
      addInput: (held: number, input: number): number => (input === at ? fail() : held + input),
      mergeAccumulators: (held: Iterable<number>) => [...held].reduce((sum, each) => sum + each, 0),
      extractOutput: (held: number) => held,
    });
    for (const at of [1, 3]) {
      const error = await failureOf((input) =>
        input.flatMap((key) => [1, 2, 3].map((value) => ({ key, value }))).apply("Step", combinePerKey(failing(at))),
      );
      assert.match(error.where ?? "", /^Step/);
      assert.equal(error.cause, boom);
      assert.match(error.message, new RegExp(`TypeError: it went wrong.*Element: { key: 'culprit', value: ${at} }`));
    }
  });

  it("in a step behind others names that step alone", async () => {
    const error = await failureOf((input) =>
      input
        .map("Before", (x) => x)
        .map("Culprit", fail)
        .map("After", (x) => x),
    );
    assert.equal(error.where, "Culprit");
    assert.doesNotMatch(error.message, /Before|After/);
  });

  it("in the key of a grouping names the grouping", async () => {
    const error = await failureOf((input) => input.apply("Grouped", groupBy(fail)));
    assert.match(error.where ?? "", /^Grouped\//);
    assert.equal(error.cause, boom);
  });

  for (const method of ["setup", "startBundle", "finishBundle", "teardown"] as const) {
    for (const thrower of [fail, failLater]) {
      it(`in ${thrower === fail ? "a" : "an async"} ${method} names the transform`, async () => {
        const error = await failureOf((input) => {
          const doFn: DoFn<string, string> = { process: (word) => [word], [method]: thrower };
          return input.parDo("Step", doFn);
        });
        assert.equal(error.code, "user-exception");
        assert.equal(error.where, "Step");
        assert.equal(error.cause, boom);
      });
    }
  }

  it("that is no Error is kept as it is", async () => {
    const error = await failureOf((input) =>
      input.map("Step", () => {
        throw "text";
      }),
    );
    assert.equal(error.cause, "text");
    assert.match(error.message, /text/);
  });

  it("on a large element shows an excerpt", async () => {
    const error = await failureOf((input) => input.map(() => "x".repeat(1e6)).map("Step", fail));
    assert.ok(error.message.length < 1000);
  });
});

describe("a flatMap", () => {
  it("may return nothing, but not what holds no outputs", async () => {
    const pipeline = new Pipeline();
    pipeline.apply(create([1])).flatMap(() => undefined);
    await runEmbedded(pipeline);
    const error = await failureOf((input) => input.flatMap("Step", () => 7 as never));
    assert.match(error.message, /returned 7, which holds no outputs/);
    assert.equal(error.where, "Step");
  });
});

describe("a DoFn", () => {
  class Logging implements DoFn<number, number> {
    readonly log: string[] = [];
    constructor(readonly asynchronous: boolean) {}
    #add(what: string): void | Promise<void> {
      this.log.push(what);
      if (this.asynchronous) return Promise.resolve();
    }
    setup() {
      return this.#add("setup");
    }
    startBundle() {
      return this.#add("start");
    }
    process(element: number): number[] | Promise<number[]> {
      this.log.push("process");
      return this.asynchronous ? Promise.resolve([element]) : [element];
    }
    finishBundle() {
      return this.#add("finish");
    }
    teardown() {
      return this.#add("teardown");
    }
  }

  for (const asynchronous of [false, true]) {
    it(`${asynchronous ? "that is asynchronous " : ""}lives in order: set-up, bundles, tear-down`, async () => {
      const pipeline = new Pipeline();
      const doFn = new Logging(asynchronous);
      pipeline.apply(create([1, 2, 3, 4, 5])).parDo(doFn);
      await runEmbedded(pipeline, { maxBundleElements: 2 });
      const log = doFn.log.join(" ");
      // The first bundle is begun anew when it turns out that its functions return promises.
      assert.match(log, /^setup( start)?( start( process)* finish)+ teardown$/);
      if (!asynchronous) assert.doesNotMatch(log, /start start/);
      assert.ok(doFn.log.filter((what) => what === "finish").length >= 3, log);
    });
  }

  it("is torn down where its bundle fails", async () => {
    const pipeline = new Pipeline();
    const log: string[] = [];
    pipeline.apply(create([1])).parDo({ process: fail, teardown: () => void log.push("teardown") });
    await assert.rejects(runEmbedded(pipeline), { code: "user-exception" });
    assert.deepEqual(log, ["teardown"]);
  });
});
