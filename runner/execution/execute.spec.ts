import assert from "node:assert/strict";
import { create } from "@bufbuild/protobuf";
import {
  BYTES_CODER,
  ByteReader,
  type Coder,
  encodeToBytes,
  GLOBAL_WINDOW_CODER,
  IterableCoder,
  type KV,
  KVCoder,
  TimerCoder,
  WindowedValueCoder,
} from "../../portability/coders/index.js";
import { GirderError } from "../../portability/errors.js";
import { NO_FIRING } from "../../portability/execution/pane.js";
import { type BoundedWindow, GLOBAL_WINDOW } from "../../portability/execution/window.js";
import {
  CoderSchema,
  MergeStatus_Enum,
  type Pipeline,
  TimeDomain_Enum,
} from "../../portability/gen/org/apache/beam/model/pipeline/v1/beam_runner_api_pb.js";
import { StandardCoders, StandardPTransforms } from "../../portability/urns.js";
import {
  type FakeBundle,
  FakeRunner,
  type FakeRunnerOptions,
  type Process,
} from "../environment/fn-api/testing/fake-worker.js";
import { PORTABLE_CAPABILITIES } from "../graph/capabilities.js";
import { PipelineBuilder } from "../graph/testing.js";
import { execute } from "./execute.js";
import type { ExecutionOptions } from "./options.js";

const { Enum: URN } = StandardCoders;
const GLOBAL = GLOBAL_WINDOW_CODER as Coder<BoundedWindow>;
const PAIR = new WindowedValueCoder(new KVCoder(BYTES_CODER, BYTES_CODER), GLOBAL);
const GROUP = new WindowedValueCoder(new KVCoder(BYTES_CODER, new IterableCoder(BYTES_CODER)), GLOBAL);
const TIMER = new TimerCoder(BYTES_CODER, GLOBAL);

/** Pairs of strings as elements. */
function pairs(...all: readonly (readonly [key: string, value: string])[]): Buffer {
  return Buffer.concat(
    all.map(([key, value]) => {
      const pair = { key: Buffer.from(key), value: Buffer.from(value) };
      return encodeToBytes(PAIR, { value: pair, timestamp: 0, windows: [GLOBAL_WINDOW], pane: NO_FIRING }, true);
    }),
  );
}

/** Groups that have come in as text: `a: 1,2`. */
function groups(bytes: Buffer): string[] {
  const input = new ByteReader(bytes);
  const all: KV<Uint8Array, Iterable<Uint8Array>>[] = [];
  while (input.remaining > 0) all.push(GROUP.decode(input, true).value);
  const text = (value: Uint8Array): string => Buffer.from(value).toString();
  return all.map(({ key, value }) => `${text(key)}: ${[...value].map(text).join()}`);
}

/** Whether the bundle runs this transform. */
const runs = (bundle: FakeBundle, transform: string): boolean => transform in bundle.descriptor.transforms;

/** The impulse's elements are bytes. */
function impulse(builder: PipelineBuilder): string {
  const output = builder.impulse("impulse");
  builder.tamper(({ pcollections }) => {
    pcollections[output]!.coderId = "bytes";
  });
  return output;
}

/** `source` makes pairs, which are grouped and given to `sink`. */
function grouping(): Pipeline {
  const builder = new PipelineBuilder();
  const made = builder.parDo("source", impulse(builder));
  builder.parDo("sink", builder.groupByKey("group", made));
  return builder.build();
}

const isError =
  (code: string, text = /./) =>
  (thrown: unknown): boolean =>
    thrown instanceof GirderError && thrown.code === code && text.test(thrown.message);

/** A job of fake workers. */
async function job(process: Process, options: FakeRunnerOptions = {}) {
  const runner = await FakeRunner.start(process, options);
  const run = (pipeline: Pipeline, more: Partial<ExecutionOptions> = {}) =>
    execute(pipeline, { worker: (_, id) => runner.newWorker(id), capabilities: PORTABLE_CAPABILITIES, ...more });
  return { runner, run, [Symbol.asyncDispose]: () => runner[Symbol.asyncDispose]() };
}

describe("a job of workers behind the Fn API", () => {
  it("runs to its end, and leaves no worker", async () => {
    const seen: string[] = [];
    await using test = await job((bundle) => {
      if (runs(bundle, "source")) bundle.output(pairs(["a", "1"], ["b", "2"], ["a", "3"]));
      else seen.push(...groups(bundle.input));
    });
    const { progress } = await test.run(grouping());
    assert.deepEqual(seen.toSorted(), ["a: 1,3", "b: 2"]);
    assert.deepEqual([progress.bundles, progress.elements.get("source.out")], [2, 3]);
    assert.deepEqual(
      test.runner.started.map(({ stops }) => stops),
      [1],
    );
  });

  it("runs bundles of a worker that dies on another, as if nothing had been", async () => {
    const seen: string[] = [];
    const finalized: string[] = [];
    const died = new Set<string>();
    await using test = await job(
      (bundle) => {
        const transform = runs(bundle, "source") ? "source" : "sink";
        if (transform === "source") bundle.output(pairs(["a", "1"], ["b", "2"]));
        if (!died.has(transform)) {
          died.add(transform);
          bundle.worker.die();
          return {};
        }
        if (transform === "sink") seen.push(...groups(bundle.input));
        return { requiresFinalization: true };
      },
      {
        start: (worker) => {
          worker.answers.set("finalizeBundle", ({ request }) => {
            if (request.case === "finalizeBundle") finalized.push(request.value.instructionId);
            return { case: "finalizeBundle", value: {} };
          });
          worker.connect();
        },
      },
    );
    const { progress } = await test.run(grouping());
    assert.deepEqual(seen.toSorted(), ["a: 1", "b: 2"]);
    assert.equal(progress.bundles, 2);
    // The worker is told of what has committed only; of the last bundle perhaps not any more.
    assert.ok(finalized.length <= 2 && new Set(finalized).size === finalized.length);
    assert.deepEqual(
      test.runner.started.map(({ id, stops }) => [id, stops]),
      [
        ["main-1", 1],
        ["main-2", 1],
        ["main-3", 1],
      ],
    );
  });

  it("fails if a bundle's worker dies again and again", async () => {
    await using test = await job((bundle) => bundle.worker.die());
    await assert.rejects(
      test.run(grouping(), { bundleAttempts: 3 }),
      isError("worker-lost", /A bundle failed 3 times: .*stream of worker main-3/),
    );
    assert.equal(test.runner.started.length, 3);
  });

  it("fails at once if a function throws", async () => {
    await using test = await job(() => {
      throw new Error("ValueError: no");
    });
    await assert.rejects(test.run(grouping()), isError("user-exception", /ValueError: no/));
    assert.deepEqual(
      test.runner.started.map(({ instructions }) => instructions),
      [["processBundle"]],
    );
  });

  it("fails soon if no worker comes, and does not wait for another", async () => {
    await using test = await job(() => undefined, { start: () => undefined, connectTimeout: 20 });
    await assert.rejects(test.run(grouping()), isError("io", /did not connect within 20 ms/));
    assert.deepEqual(
      test.runner.started.map(({ stops }) => stops),
      [1],
    );
  });

  it("fails for garbage", async () => {
    await using test = await job((bundle) => bundle.output(Buffer.from("garbage")));
    await assert.rejects(test.run(grouping()), isError("malformed-data"));
  });

  it("ends when it is cancelled, be its worker busy or not there yet", async () => {
    for (const connects of [true, false]) {
      const cancel = new AbortController();
      await using test = await job(
        () => {
          cancel.abort();
          return new Promise(() => undefined);
        },
        {
          start: (worker) => {
            if (connects) worker.connect();
            else setImmediate(() => cancel.abort());
          },
        },
      );
      await assert.rejects(test.run(grouping(), { signal: cancel.signal }), isError("cancelled"));
      assert.deepEqual(
        test.runner.started.map(({ stops }) => stops),
        [1],
      );
    }
  });

  it("does not wait for the worker of another environment when it fails", async () => {
    const builder = new PipelineBuilder();
    const input = impulse(builder);
    builder.parDo("here", input);
    builder.parDo("there", input, { environment: "other" });
    const begun = new Set<string>();
    let fail!: () => void;
    const bothBegun = new Promise<void>((resolve) => {
      fail = resolve;
    });
    await using test = await job(
      async () => {
        await bothBegun;
        throw new Error("no");
      },
      {
        start: (worker) => {
          begun.add(worker.id);
          if (begun.size === 2) fail();
          if (worker.id.startsWith("main")) worker.connect();
        },
        connectTimeout: 60_000,
      },
    );
    await assert.rejects(test.run(builder.build()), isError("user-exception"));
    assert.ok(test.runner.started.every(({ stops }) => stops === 1));
  });
});

describe("timers of processing time", () => {
  /** `source` makes a pair; `keyed` has a timer. */
  function timers(): Pipeline {
    const builder = new PipelineBuilder();
    const made = builder.parDo("source", impulse(builder));
    const timerFamilySpecs = { f: { timeDomain: TimeDomain_Enum.PROCESSING_TIME, timerFamilyCoderId: "timer" } };
    builder.parDo("keyed", made, { payload: { doFn: { urn: "test:dofn" }, timerFamilySpecs } as never });
    builder.tamper(({ coders }) => {
      coders["timer"] = create(CoderSchema, { spec: { urn: URN.TIMER }, componentCoderIds: ["bytes", "window"] });
    });
    return builder.build();
  }

  const timerAt = (fireTimestamp: number): Uint8Array =>
    encodeToBytes(
      TIMER,
      {
        userKey: Buffer.from("a"),
        dynamicTimerTag: "",
        windows: [GLOBAL_WINDOW],
        clearBit: false,
        fireTimestamp,
        holdTimestamp: 0,
        pane: NO_FIRING,
      },
      true,
    );

  /** Sets a timer each time, `count` in all, of `ms` from then. */
  async function setting(count: number, ms: number) {
    const fired: number[] = [];
    let sets = 0;
    let last = 0;
    const test = await job((bundle) => {
      if (runs(bundle, "source")) bundle.output(pairs(["a", "1"]));
      if (!runs(bundle, "keyed")) return;
      if (bundle.timers("keyed", "f").length > 0) fired.push(Date.now() - last);
      if (sets++ < count) {
        last = Date.now() + ms;
        bundle.set("keyed", "f", timerAt(last));
      }
    });
    return { test, fired };
  }

  it("fire when it has come, though the input has ended, and the job waits for them", async () => {
    const { test, fired } = await setting(3, 10);
    await using _ = test;
    await test.run(timers());
    assert.equal(fired.length, 3);
    assert.ok(
      fired.every((late) => late >= 0),
      fired.join(),
    );
  });

  it("do not fire before, be they set for next year, and a job that is cancelled does not wait", async () => {
    const { test, fired } = await setting(1, 365 * 86_400_000);
    await using _ = test;
    const cancel = new AbortController();
    const before = timeouts();
    const running = test.run(timers(), { signal: cancel.signal });
    const isSet = (): boolean => test.runner.started.some(({ instructions }) => instructions.length === 2);
    while (!isSet()) await new Promise((resolve) => setTimeout(resolve, 1));
    await new Promise((resolve) => setTimeout(resolve, 20));
    assert.deepEqual(fired, []);
    cancel.abort();
    await assert.rejects(running, isError("cancelled"));
    assert.ok(timeouts() <= before);
  });
});

describe("a window function in a worker that dies", () => {
  it("is asked again on another", async () => {
    const builder = new PipelineBuilder();
    builder.windowing("own", {
      windowFn: { urn: "own:windows" },
      environmentId: "main",
      mergeStatus: MergeStatus_Enum.NEEDS_MERGE,
    });
    const made = builder.parDo("source", impulse(builder), { windowing: "own" });
    builder.parDo(
      "sink",
      builder.transform(
        "group",
        { spec: { urn: StandardPTransforms.Primitives.GROUP_BY_KEY }, inputs: { in: made } },
        "own",
      ),
    );
    let asked = 0;
    const seen: string[] = [];
    await using test = await job((bundle) => {
      if (runs(bundle, "source")) bundle.output(pairs(["a", "1"]));
      else if (runs(bundle, "sink")) seen.push(...groups(bundle.input));
      else if (++asked === 1) bundle.worker.die();
      // One question: its nonce, no windows that are left, none that were merged.
      else bundle.output(Buffer.from("8000000000000000" + "00000001" + "0f" + "0130" + "00000000" + "00000000", "hex"));
    });
    await test.run(builder.build());
    assert.deepEqual([asked, seen], [2, ["a: 1"]]);
  });
});

function timeouts(): number {
  return process.getActiveResourcesInfo().filter((name) => name === "Timeout").length;
}
