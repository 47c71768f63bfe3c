import assert from "node:assert/strict";
import { DOUBLE_CODER, type KV, KVCoder, STRING_CODER } from "../../portability/coders/index.js";
import type { DoFn } from "../pipeline/do-fn.js";
import type { PCollection } from "../pipeline/pcollection.js";
import { Pipeline } from "../pipeline/pipeline.js";
import { create } from "../transforms/create.js";
import { partition } from "../transforms/partition.js";
import { globalWindows, sessions } from "../windowing/window-fns.js";
import { assignTimestamps, windowInto } from "../windowing/window-into.js";
import { bagState, mapState, setState, valueState } from "./state-param.js";
import { eventTimer } from "./timers.js";

function pairs(): PCollection<KV<string, number>> {
  return new Pipeline().apply(create([{ key: "a", value: 1 }]));
}

/** As a program has it that does not mind its types. */
const untyped = (input: PCollection<unknown>) => input as PCollection<KV<string, number>>;

const process = (): void => {};

describe("what a function declares is refused, with its name,", () => {
  const cases: readonly [string, () => unknown, { code: string; message: RegExp }][] = [
    [
      "where the elements of a stateful one have no keys",
      () =>
        untyped(new Pipeline().apply(create(["a"])).withCoder(STRING_CODER)).parDo(
          "Step",
          { process },
          { seen: valueState("seen") },
        ),
      { code: "invalid-pipeline", message: /state, which is kept by key.*string_utf8.*withKeys/ },
    ],
    [
      "where the elements of one with timers have no keys",
      () =>
        untyped(new Pipeline().apply(create(["a"])).withCoder(STRING_CODER)).parDo(
          "Step",
          { process, onTimer: { t: () => {} } },
          { t: eventTimer("t") },
        ),
      { code: "invalid-pipeline", message: /timers, which is kept by key/ },
    ],
    [
      "where the elements of one that is told of expired windows have no keys",
      () =>
        new Pipeline()
          .apply(create(["a"]))
          .withCoder(STRING_CODER)
          .parDo("Step", { process, onWindowExpiration: () => {} }),
      { code: "invalid-pipeline", message: /onWindowExpiration, which is kept by key/ },
    ],
    [
      "where keys may be written as different bytes",
      () =>
        new Pipeline()
          .apply(create([{ key: 1.5, value: 1 }]))
          .withCoder(new KVCoder(DOUBLE_CODER, DOUBLE_CODER))
          .parDo("Step", { process }, { seen: valueState("seen") }),
      { code: "nondeterministic-key", message: /its keys cannot be told apart/ },
    ],
    [
      "where keys of a map, or values of a set, may be written as different bytes",
      () => pairs().parDo("Step", { process }, { m: mapState("m", { key: DOUBLE_CODER }) }),
      { code: "nondeterministic-key", message: /state "m" cannot be told apart/ },
    ],
    [
      "where values of a set may be written as different bytes",
      () => pairs().parDo("Step", { process }, { s: setState("s", DOUBLE_CODER) }),
      { code: "nondeterministic-key", message: /state "s" cannot be told apart/ },
    ],
    [
      "where two states have one name",
      () => pairs().parDo("Step", { process }, { a: valueState("seen"), b: bagState("seen") }),
      { code: "invalid-argument", message: /Two states are called "seen"/ },
    ],
    [
      "where two timers have one name",
      () =>
        pairs().parDo(
          "Step",
          { process, onTimer: { a: () => {}, b: () => {} } },
          { a: eventTimer("t"), b: eventTimer("t") },
        ),
      { code: "invalid-argument", message: /Two timers are called "t"/ },
    ],
    [
      "where a state has no name",
      () => pairs().parDo("Step", { process }, { a: valueState("") }),
      { code: "invalid-argument", message: /"" is no name for states/ },
    ],
    [
      "where a timer has no callback",
      () => pairs().parDo("Step", { process }, { flush: eventTimer("f") }),
      { code: "invalid-argument", message: /Nothing is called when the timer "flush" \(f\) fires.*onTimer: \{ flush/ },
    ],
    [
      "where a callback has no timer",
      () =>
        pairs().parDo(
          "Step",
          { process, onTimer: { flush: () => {}, flash: () => {} } },
          { flush: eventTimer("flush") },
        ),
      { code: "invalid-argument", message: /a callback for "flash", which is no timer; there are flush/ },
    ],
    [
      "where a callback has no timer at all",
      () => pairs().parDo("Step", { process, onTimer: { flash: () => {} } } as DoFn<KV<string, number>, never>),
      { code: "invalid-argument", message: /which is no timer; there are none/ },
    ],
    [
      "where timers are given to a function that cannot be called back",
      () => pairs().map("Step", () => 1, { flush: eventTimer("flush") }),
      { code: "invalid-argument", message: /takes a DoFn.*parDo/ },
    ],
    [
      "where state is given to a function that has none",
      () =>
        pairs().apply(
          "Step",
          assignTimestamps(() => 1, { seen: valueState("seen") }),
        ),
      { code: "invalid-argument", message: /This kind of function has no state/ },
    ],
    [
      "where state is given to a partition",
      () =>
        pairs().apply(
          "Step",
          partition(() => 0, 2, { seen: valueState("seen") }),
        ),
      { code: "invalid-argument", message: /This kind of function has no state/ },
    ],
    [
      "where windows merge",
      () =>
        pairs()
          .apply(windowInto(sessions(10)))
          .parDo("Step", { process }, { seen: valueState("seen") }),
      { code: "invalid-pipeline", message: /state.*session windows, which merge.*windowInto/ },
    ],
    [
      "where elements without keys are to be sorted",
      () =>
        new Pipeline()
          .apply(create(["a"]))
          .withCoder(STRING_CODER)
          .parDo("Step", { process, requiresTimeSortedInput: true }),
      { code: "invalid-pipeline", message: /requiresTimeSortedInput, which is kept by key/ },
    ],
  ];
  for (const [what, build, expected] of cases) {
    it(what, () =>
      assert.throws(build, (thrown: { where?: string }) => {
        assert.match(thrown.where ?? "", /^Step/);
        assert.throws(() => {
          throw thrown;
        }, expected);
        return true;
      }),
    );
  }

  it("but not in new windows after sessions, nor with one state in two functions", () => {
    const shared = valueState<number>("seen");
    const step = (input: PCollection<KV<string, number>>) =>
      input.map(({ key, value }) => ({ key, value }), { shared }) as PCollection<KV<string, number>>;
    step(
      step(
        pairs()
          .apply(windowInto(sessions(10)))
          .apply(windowInto(globalWindows())),
      ),
    );
  });
});
