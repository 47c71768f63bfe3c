import assert from "node:assert/strict";
import { type KV, VARINT_CODER } from "../../portability/coders/index.js";
import { GirderError } from "../../portability/errors.js";
import { GLOBAL_WINDOW, IntervalWindow } from "../../portability/execution/window.js";
import type { PCollection } from "../pipeline/pcollection.js";
import { Pipeline } from "../pipeline/pipeline.js";
import type { Root } from "../pipeline/root.js";
import { runEmbedded } from "../runners/embedded/embedded.js";
import { create } from "../transforms/create.js";
import { groupByKey } from "../transforms/group-by-key.js";
import { afterCount, afterWatermark } from "../windowing/triggers.js";
import { fixedWindows, slidingWindows } from "../windowing/window-fns.js";
import { assignTimestamps, type WindowIntoOptions, windowInto } from "../windowing/window-into.js";
import { collect } from "./collect.js";
import { passert } from "./passert.js";
import { testPipeline } from "./test-pipeline.js";
import { testStream } from "./test-stream.js";

const assertion =
  (...parts: (string | RegExp)[]) =>
  (thrown: unknown): boolean => {
    assert.ok(thrown instanceof GirderError, String(thrown));
    assert.equal(thrown.code, "assertion");
    for (const part of parts) {
      if (typeof part === "string") assert.ok(thrown.message.includes(part), `${thrown.message} lacks ${part}`);
      else assert.match(thrown.message, part);
    }
    return true;
  };

describe("passert", () => {
  it("holds where the elements are the expected ones, in any order, whatever happens to bundles", async () => {
    for (let seed = 0; seed < 5; seed++) {
      await testPipeline(
        (root) => {
          const numbers = root.apply(create([3, 1, 2, 3]));
          passert(numbers)
            .containsInAnyOrder([1, 2, 3, 3])
            .satisfies((elements) => assert.equal(elements.length, 4));
          passert(numbers.filter((n) => n > 5)).isEmpty();
          passert(numbers.filter((n) => n === 2)).isSingleton(2);
        },
        { failBundles: 0.3, splitBundles: 0.5, restoreAlways: true, seed },
      );
    }
  });

  it("names what is missing and what is unexpected, in order, and where it stands", async () => {
    await assert.rejects(
      testPipeline((root) => passert(root.apply(create(["b", "a", "a", "d"]))).containsInAnyOrder(["a", "c", "b"])),
      assertion("missing (1):\n    'c'", "unexpected (2):\n    'a'\n    'd'", /passert\.spec\.[jt]s:\d+:\d+/),
    );
  });

  it("cuts long lists and long elements short", async () => {
    const many = Array.from({ length: 25 }, (_, i) => `${i}${"x".repeat(300)}`);
    await assert.rejects(
      testPipeline((root) => passert(root.apply(create(many))).isEmpty()),
      (thrown: GirderError) => assertion("… and 15 more", "unexpected (25)")(thrown) && thrown.message.length < 3500,
    );
  });

  it("finds a PCollection empty that should not be", async () => {
    const empty = (check: (pcollection: ReturnType<typeof passert<number>>) => unknown) =>
      testPipeline((root) => check(passert(root.apply(create<number>([])))));
    await assert.rejects(
      empty((p) => p.containsInAnyOrder([1])),
      assertion("missing (1):\n    1"),
    );
    await assert.rejects(
      empty((p) => p.isSingleton(1)),
      assertion("expected: 1", "actual: no elements"),
    );
    await empty((p) => p.isEmpty().containsInAnyOrder([]));
  });

  it("tells a single element from others", async () => {
    const of = (values: number[]) => testPipeline((root) => passert(root.apply(create(values))).isSingleton(1));
    await of([1]);
    await assert.rejects(of([2]), assertion("expected: 1", "actual: 2"));
    await assert.rejects(of([1, 1]), assertion("actual: 2 elements"));
  });

  it("compares deeply: groups as arrays, objects whatever the order of their members, 0 and -0 apart", async () => {
    await testPipeline((root) => {
      const pair: KV<string, number> = { key: "k", value: 1 };
      const grouped = root.apply(create([pair, pair])).apply(groupByKey());
      passert(grouped).containsInAnyOrder([{ value: [1, 1], key: "k" }]);
    });
    await assert.rejects(
      testPipeline((root) => passert(root.apply(create([-0]))).containsInAnyOrder([0])),
      assertion("-0"),
    );
  });

  it("carries what a check threw as its cause", async () => {
    const cause = new Error("too few");
    const failing = (check: () => unknown) => testPipeline((root) => passert(root.apply(create([1]))).satisfies(check));
    for (const check of [
      () => {
        throw cause;
      },
      () => Promise.reject(cause),
    ]) {
      await assert.rejects(
        failing(check),
        (thrown: GirderError) => assertion("too few")(thrown) && thrown.cause === cause,
      );
    }
  });

  it("is about one window, or each", async () => {
    const seen: string[] = [];
    await testPipeline((root) => {
      const windowed = root
        .apply(create([1, 5, 11]))
        .apply(assignTimestamps((n) => n))
        .apply(windowInto(fixedWindows(10)));
      passert(windowed).containsInAnyOrder([1, 5, 11]);
      passert(windowed).inWindow(new IntervalWindow(0, 10)).containsInAnyOrder([5, 1]);
      passert(windowed).inWindow(new IntervalWindow(10, 20)).isSingleton(11);
      passert(windowed).inWindow(GLOBAL_WINDOW).isEmpty();
      passert(windowed).perWindow((elements, window) => void seen.push(`${window}: ${[...elements].sort()}`));
      const sliding = windowed.apply(windowInto(slidingWindows(10, 5)));
      passert(sliding).containsInAnyOrder([1, 5, 11]);
      passert(sliding).inWindow(new IntervalWindow(5, 15)).containsInAnyOrder([5, 11]);
    });
    assert.deepEqual(seen.sort(), ["[0, 10): 1,5", "[10, 20): 11"]);
    await assert.rejects(
      testPipeline((root) =>
        passert(root.apply(create([1])))
          .inWindow(new IntervalWindow(0, 10))
          .isSingleton(1),
      ),
      assertion("Window [0, 10) of the PCollection", "no elements"),
    );
  });

  describe("about panes", () => {
    const window = new IntervalWindow(0, 10);
    const stream = testStream<number>().add(1, 1, 2).add(3, 3, 4).add(5, 5).advanceWatermark(10).add(6, 6);
    const counts = (root: Root, options: WindowIntoOptions = {}): PCollection<string> =>
      root
        .apply(stream)
        .apply(
          windowInto(fixedWindows(10), {
            trigger: afterWatermark({ early: afterCount(2), late: afterCount(1) }),
            allowedLateness: 5,
            ...options,
          }),
        )
        .map((value) => ({ key: "k", value }))
        .apply(groupByKey())
        .map(({ value }) => [...value].sort().join());

    it("looks at those of one kind", async () => {
      await testPipeline((root) => {
        const panes = counts(root);
        passert(panes).inWindow(window).containsInAnyOrder(["1,2", "3,4", "5", "6"]);
        passert(panes).inEarlyPanes(window).containsInAnyOrder(["1,2", "3,4"]);
        passert(panes).inOnTimePane(window).isSingleton("5");
        passert(panes).inLatePanes(window).isSingleton("6");
        passert(panes).inNonLatePanes(window).containsInAnyOrder(["1,2", "3,4", "5"]);
        passert(panes).inFinalPane(window).isEmpty();
        passert(panes).inOnTimePane(new IntervalWindow(10, 20)).isEmpty();
        const closed = counts(root, { closingBehavior: "EMIT_ALWAYS", accumulationMode: "ACCUMULATING" });
        passert(closed).inFinalPane(window).isSingleton("1,2,3,4,5,6");
        const once = counts(root, { trigger: afterWatermark(), allowedLateness: 0 });
        passert(once).inOnlyPane(window).isSingleton("1,2,3,4,5");
      });
    });

    it("says which of them does not hold", async () => {
      await assert.rejects(
        testPipeline((root) => passert(counts(root)).inOnTimePane(window).isSingleton("6")),
        assertion("The pane on time of window [0, 10) of the PCollection is not the single element", "'5'"),
      );
      await assert.rejects(
        testPipeline((root) => passert(counts(root)).inOnlyPane(window).isEmpty()),
        assertion("Window [0, 10) of the PCollection has more than one pane: there is one with index 0"),
      );
    });
  });

  it("fails a job on whatever runner, without testPipeline too", async () => {
    const pipeline = new Pipeline();
    passert(pipeline.root.apply(create([1]))).isEmpty();
    await assert.rejects(runEmbedded(pipeline), assertion("is not empty"));
  });

  it("must have been checked", async () => {
    await assert.rejects(
      testPipeline((root) => passert(root.apply(create([1]))).isSingleton(1), {
        wrapWorker: (inner) => ({
          prepare: async (stage, windows) => {
            const prepared = await inner.prepare(stage, windows);
            const forgetful = (result: Awaited<ReturnType<typeof prepared.run>>) => ({
              ...result,
              metrics: new (result.metrics.constructor as new () => typeof result.metrics)(),
            });
            return {
              run: (task) => {
                const result = prepared.run(task);
                return result instanceof Promise ? result.then(forgetful) : forgetful(result);
              },
              codec: (pcollection) => prepared.codec(pcollection),
              close: () => prepared.close(),
            };
          },
        }),
      }),
      assertion("has 1 assertions, of which 0 were checked"),
    );
  });
});

describe("collect", () => {
  it("brings elements into the test once the pipeline has run", async () => {
    let collected!: ReturnType<typeof collect<number>>;
    await testPipeline(
      (root) => {
        collected = collect(root.apply(create([1, 2, 3])));
        assert.throws(() => collected.elements, assertion("before the pipeline had run"));
      },
      { failBundles: 0.5, seed: 3 },
    );
    assert.deepEqual([...collected.elements].sort(), [1, 2, 3]);
  });
});

describe("checked elements", () => {
  const failure =
    (code: string, ...parts: string[]) =>
    (thrown: unknown) => {
      assert.ok(thrown instanceof GirderError, String(thrown));
      assert.equal(thrown.code, code);
      for (const part of parts) assert.ok(thrown.message.includes(part), `${thrown.message} lacks ${part}`);
      return true;
    };

  it("may not be changed by who is given them", async () => {
    const mutating = (checkElements: boolean) =>
      testPipeline(
        (root) =>
          root.apply(create([{ n: 1 }, { n: 2 }])).map("Mutator", (element) => {
            element.n++;
            return element;
          }),
        { checkElements },
      );
    await mutating(false);
    await assert.rejects(mutating(true), failure("user-exception", "changed an element that it was given", "Mutator"));
  });

  it("may not be changed by who has output them", async () => {
    await assert.rejects(
      testPipeline(
        (root) => {
          const buffer = { n: 0 };
          const reusing = (n: number) => {
            buffer.n = n;
            return buffer;
          };
          passert(root.apply(create([1, 2])).map("Reuser", reusing)).satisfies(() => undefined);
        },
        { maxBundleElements: 1 },
      ),
      failure("user-exception", "after it had output it", "Reuser"),
    );
  });

  it("must fit their coder", async () => {
    await assert.rejects(
      testPipeline((root) =>
        passert(
          root
            .apply(create(["a"]))
            .map("Wrong", (text) => text as unknown as number)
            .withCoder(VARINT_CODER as never),
        ).isEmpty(),
      ),
      failure("cannot-encode", "at PAssert.IsEmpty/", "passert.spec", "Element: { key: null, value: 'a' }"),
    );
  });
});
