import assert from "node:assert/strict";
import { create } from "@bufbuild/protobuf";
import type { Coder } from "../../../portability/coders/index.js";
import { encodeToBytes, INTERVAL_WINDOW_CODER, STRING_CODER, TimerCoder } from "../../../portability/coders/index.js";
import { GirderError } from "../../../portability/errors.js";
import type { Batch } from "../../../portability/execution/batch.js";
import { NO_FIRING } from "../../../portability/execution/pane.js";
import type { BundleResult, BundleTask } from "../../../portability/execution/stage.js";
import type { Timer } from "../../../portability/execution/timer.js";
import { type BoundedWindow, IntervalWindow } from "../../../portability/execution/window.js";
import { WindowTable } from "../../../portability/execution/window-table.js";
import {
  type ProcessBundleSplitRequest_DesiredSplit as DesiredSplit,
  type InstructionRequest,
  StateKeySchema,
} from "../../../portability/gen/org/apache/beam/model/fn_execution/v1/beam_fn_api_pb.js";
import { SideInputStore } from "../../engine/side-input-store.js";
import { StateStore } from "../../engine/state-store.js";
import { SINK_URN, SOURCE_URN } from "./bundle-descriptor.js";
import { RemoteStage } from "./remote-stage.js";
import { FakeRunner, type FakeRunnerOptions, type FakeWorker, type Process } from "./testing/fake-worker.js";
import { DO, IN, keyBytes, pairs, type StageInit, stageWith, taskWith, windowBytes } from "./testing/stage.js";

const windows = new WindowTable();

/** A stage whose bundles a fake worker processes. */
class StageUnderTest implements AsyncDisposable {
  private constructor(
    readonly runner: FakeRunner,
    readonly stage: RemoteStage,
  ) {}

  static async start(process: Process, init: StageInit = {}, options?: FakeRunnerOptions): Promise<StageUnderTest> {
    const runner = await FakeRunner.start(process, options);
    return new StageUnderTest(runner, new RemoteStage(stageWith(init), runner.worker, windows));
  }

  batch(bytes: Buffer): Batch {
    return this.stage.codec(IN).decode(bytes);
  }

  async run(bytes: Buffer, task: Partial<BundleTask> = {}): Promise<BundleResult> {
    return this.stage.run(taskWith({ inputs: [{ input: 0, batch: this.batch(bytes) }], ...task }));
  }

  bytesOf(batch: Batch): Buffer {
    return Buffer.from(this.stage.codec(IN).encode(batch));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.stage.close();
    await this.runner[Symbol.asyncDispose]();
  }
}

const isError =
  (code: string, text = /./) =>
  (thrown: unknown): boolean =>
    thrown instanceof GirderError && thrown.code === code && text.test(thrown.message);

const TIMERS = new TimerCoder(STRING_CODER, INTERVAL_WINDOW_CODER as Coder<BoundedWindow>);

/** A timer in the window [0, 10), as a worker writes it. */
function timerBytes(key: string, fire: number): Uint8Array {
  return encodeToBytes(
    TIMERS,
    {
      userKey: key,
      dynamicTimerTag: "",
      windows: [new IntervalWindow(0, 10)],
      clearBit: false,
      fireTimestamp: fire,
      holdTimestamp: fire - 1,
      pane: NO_FIRING,
    },
    true,
  );
}

function timer(key: string, fire: number, family = 0): Timer {
  const address = { family, key: Buffer.from(keyBytes(key)).toString("latin1"), tag: "" };
  return { ...address, window: windows.interval(0, 10), fire, hold: fire - 1, pane: NO_FIRING };
}

describe("a remote stage", () => {
  it("gives the worker its elements, and takes what it outputs, by output", async () => {
    const [one, two] = [pairs(["a", "1", 3], ["b", "2", 4]), pairs(["c", "3", 13])];
    await using test = await StageUnderTest.start(
      (bundle) => {
        assert.equal(bundle.transforms(SOURCE_URN).length, 1);
        bundle.output(bundle.input, 1);
        bundle.output(one, 0);
        bundle.output(two, 0);
      },
      { outputs: ["first", "second"] },
    );
    const { outputs, residuals, timers, state } = await test.stage.run(
      taskWith({
        inputs: [
          { input: 0, batch: test.batch(one) },
          { input: 0, batch: test.batch(two) },
        ],
      }),
    );
    assert.deepEqual(
      outputs.map(({ output, batch }) => [output, test.bytesOf(batch)]),
      [
        [1, Buffer.concat([one, two])],
        [0, one],
        [0, two],
      ],
    );
    assert.deepEqual([residuals, timers, state], [[], [], []]);
  });

  it("takes a bundle for done when response and ends of outputs have come, in either order", async () => {
    for (const respondsFirst of [true, false]) {
      await using test = await StageUnderTest.start((bundle) => {
        bundle.respondsFirst = respondsFirst;
        bundle.output(bundle.input);
      });
      const { outputs } = await test.run(pairs(["a", "1", 3]));
      assert.equal(outputs.length, 1);
    }
  });

  it("does not take a bundle for done before the ends of its outputs", async () => {
    await using test = await StageUnderTest.start((bundle) => {
      bundle.endsOutputs = false;
      // The end comes only when the response is certain to have.
      setImmediate(() => setTimeout(() => bundle.output(pairs(["late", "1", 3]), 0, true), 20));
    });
    const { outputs } = await test.run(pairs(["a", "1", 3]));
    assert.deepEqual(
      outputs.map(({ batch }) => test.bytesOf(batch)),
      [pairs(["late", "1", 3])],
    );
  });

  it("gives tokens to SDKs that keep state, the same until a bundle was lost or done without", async () => {
    const seen: string[] = [];
    const process: Process = ({ request: { cacheTokens }, worker }) => {
      seen.push(cacheTokens.map(({ token, type }) => `${type.case} ${Buffer.from(token)}`).join());
      if (seen.length === 3) worker.die();
    };
    const init: StageInit = { states: { sum: { case: "bagSpec", value: { elementCoderId: "bytes" } } } };
    await using test = await StageUnderTest.start(process, init, { sdk: { cachesState: true } });
    const elements = pairs(["a", "1", 3]);
    await test.run(elements);
    await test.run(elements);
    await assert.rejects(test.run(elements), isError("worker-lost"));
    (await test.run(elements)).discarded!();
    await test.run(elements);
    assert.match(seen[0]!, /^userState \d+$/);
    assert.deepEqual(seen.slice(1, 3), [seen[0], seen[0]]);
    assert.equal(new Set(seen.slice(2)).size, 3);
    await using other = await StageUnderTest.start(process, init);
    await other.run(elements);
    assert.equal(seen.at(-1), "");
  });

  it("sends the elements of a small bundle with the request to workers that take them so", async () => {
    const seen: [embedded: number, input: number][] = [];
    const process: Process = ({ request, input }) => {
      seen.push([request.elements?.data.length ?? 0, input.length]);
    };
    const [small, large] = [pairs(["a", "1", 3]), pairs(["a", "x".repeat(100_000), 3])];
    await using test = await StageUnderTest.start(process, {}, { sdk: { takesEmbeddedElements: true } });
    await test.run(small);
    await test.run(large);
    await using other = await StageUnderTest.start(process);
    await other.run(small);
    // Of the embedded ones, one has the elements, another says that there are no more.
    assert.deepEqual(seen, [
      [2, small.length],
      [0, large.length],
      [0, small.length],
    ]);
  });

  it("gives bundles that are out together data streams of their own, which later ones use again", async () => {
    const streams: string[] = [];
    let meet = (): void => undefined;
    const met = new Promise<void>((resolve) => {
      meet = resolve;
    });
    const process: Process = async ({ request }) => {
      if (streams.push(request.dataStreamId) === 2) meet();
      await met;
    };
    await using test = await StageUnderTest.start(process, {}, { sdk: { opensNamedStreams: true } });
    const elements = pairs(["a", "1", 3]);
    const both = await Promise.all([test.run(elements), test.run(elements)]);
    assert.deepEqual(
      both.map(({ outputs }) => outputs.length),
      [0, 0],
    );
    await test.run(elements);
    assert.deepEqual(streams.toSorted(), ["", "", "1"]);
    assert.equal(streams[2], "");
  });

  it("fails with the element that a worker has kept of the failure", async () => {
    const failing: Process = () => {
      throw new Error("ZeroDivisionError: division by zero");
    };
    let sampled: { element: Uint8Array; exception?: { instructionId: string; transformId: string } }[] = [];
    let bundle = "";
    const start = (worker: FakeWorker): void => {
      worker.answers.set("sampleData", () => ({
        case: "sampleData",
        value: { elementSamples: { [IN]: { elements: sampled } } },
      }));
      worker.connect();
    };
    const process: Process = (it) => {
      bundle = it.instruction;
      sampled = sampled.map((one) => (one.exception === undefined ? one : { ...one, exception: failed() }));
      return failing(it) as undefined;
    };
    const failed = () => ({ instructionId: bundle, transformId: DO });
    // Behind timestamp, window and pane.
    const value = (bytes: Buffer): Buffer => bytes.subarray(22);
    await using test = await StageUnderTest.start(process, {}, { sdk: { samplesData: true }, start });
    const elements = pairs(["a", "1", 3], ["b", "0", 4]);
    sampled = [{ element: value(pairs(["a", "1", 3])) }, { element: value(pairs(["b", "0", 4])), exception: failed() }];
    await assert.rejects(
      test.run(elements),
      isError(
        "user-exception",
        /division by zero \(at do\) Element: \{ key: 'b', value: Uint8Array\(1\) \[ 48 \] \}\./,
      ),
    );
    // Bytes that are of no coder of ours are shown for what they are.
    sampled = [{ element: Buffer.from("\x80\x04K\x00.", "latin1"), exception: failed() }];
    await assert.rejects(test.run(elements), isError("user-exception", /Element: \\x80\\x04K\\x00\.\./));
    sampled = [];
    await assert.rejects(test.run(elements), (thrown) => thrown instanceof GirderError && thrown.element === undefined);
  });

  it("takes outputs that come with the response", async () => {
    const bytes = pairs(["a", "1", 3]);
    await using test = await StageUnderTest.start((bundle) => {
      bundle.endsOutputs = false;
      const transformId = bundle.transforms(SINK_URN)[0]!;
      return { elements: { data: [{ instructionId: bundle.instruction, transformId, data: bytes, isLast: true }] } };
    });
    const { outputs } = await test.run(bytes);
    assert.deepEqual(
      outputs.map(({ batch }) => test.bytesOf(batch)),
      [bytes],
    );
  });

  it("gives the worker timers that fire and takes those that it sets, of each family", async () => {
    const fired: Buffer[] = [];
    await using test = await StageUnderTest.start(
      (bundle) => {
        for (const family of ["event", "processing"]) fired.push(bundle.timers(DO, family));
        bundle.set(DO, "processing", timerBytes("k", 8));
        bundle.set(DO, "event", Buffer.concat([timerBytes("k", 9), timerBytes("l", 5)]));
      },
      { timers: { event: "event-time", processing: "processing-time" } },
    );
    const result = await test.stage.run(taskWith({ timers: [timer("a", 4), timer("b", 6), timer("c", 7, 1)] }));
    assert.deepEqual(fired, [Buffer.concat([timerBytes("a", 4), timerBytes("b", 6)]), Buffer.from(timerBytes("c", 7))]);
    assert.deepEqual(
      result.timers!.map((change) => change.timer),
      [timer("k", 8, 1), timer("k", 9), timer("l", 5)].map((set) => ({ ...set, pane: { ...NO_FIRING } })),
    );
  });

  it("answers the worker's state requests, and gives what it did to state with the result", async () => {
    const store = new StateStore();
    const bag = {
      case: "bagUserState",
      value: { transformId: DO, userStateId: "bag", window: windowBytes(0), key: keyBytes("a") },
    } as const;
    const seen: string[] = [];
    await using test = await StageUnderTest.start(
      async (bundle) => {
        const read = async (): Promise<void> => {
          const { response, error } = await bundle.ask(bag, { case: "get", value: {} });
          assert.equal(error, "");
          if (response.case === "get") seen.push(Buffer.from(response.value.data).toString("latin1"));
        };
        await read();
        await bundle.ask(bag, { case: "append", value: { data: keyBytes("x") } });
        await read();
      },
      { states: { bag: { case: "bagSpec", value: { elementCoderId: "bytes" } } } },
    );
    const first = await test.run(pairs(["a", "1", 3]), { state: store });
    assert.equal(store.size, 0);
    // A bundle that is run again begins from where the first did.
    await test.run(pairs(["a", "1", 3]), { state: store });
    store.apply(first.state!);
    await test.run(pairs(["a", "1", 3]), { state: store });
    assert.deepEqual(seen, ["", "\x01x", "", "\x01x", "\x01x", "\x01x\x01x"]);
  });

  it("answers what it cannot with an error, and goes on", async () => {
    const errors: string[] = [];
    await using test = await StageUnderTest.start(async (bundle) => {
      const { type } = create(StateKeySchema, { type: { case: "runner", value: { key: Uint8Array.of(1) } } });
      errors.push((await bundle.ask(type as never, { case: "get", value: {} })).error);
      const request = { id: "1", instructionId: "nobody's", stateKey: { type: type as never } };
      errors.push((await bundle.worker.ask(request)).error);
    });
    await test.run(pairs(["a", "1", 3]));
    assert.match(errors[0]!, /No values of this bundle have this token/);
    assert.match(errors[1]!, /No bundle nobody's is being processed/);
  });

  it("lets the worker read side inputs", async () => {
    const contents = new SideInputStore();
    let read = "";
    await using test = await StageUnderTest.start(
      async (bundle) => {
        const value = { transformId: DO, sideInputId: "s", window: windowBytes(0), key: keyBytes("b") };
        const { response } = await bundle.ask({ case: "multimapSideInput", value }, { case: "get", value: {} });
        if (response.case === "get") read = Buffer.from(response.value.data).toString("latin1");
      },
      { sideInputs: ["s"] },
    );
    contents.add(test.batch(pairs(["a", "1", 3], ["b", "2", 3])));
    const sideInput = {
      get: () => undefined,
      values: () => [],
      entries: () => [],
      at: (key: string) => contents.at(key),
    };
    await test.run(pairs(["a", "1", 3]), { sideInputs: [sideInput] });
    assert.equal(read, "\x012");
  });

  it("gives back what the worker leaves for later, with delay and watermark", async () => {
    const rest = pairs(["a", "rest", 7]);
    await using test = await StageUnderTest.start(() => ({
      residualRoots: [
        {
          application: {
            transformId: DO,
            inputId: "main",
            element: rest,
            outputWatermarks: { out: { seconds: 0n, nanos: 5_000_000 }, other: { seconds: 1n, nanos: 0 } },
          },
          requestedTimeDelay: { seconds: 2n, nanos: 1 },
        },
        { application: { transformId: DO, inputId: "main", element: rest } },
      ],
    }));
    const { residuals } = await test.run(pairs(["a", "1", 3]));
    assert.deepEqual(
      residuals.map(({ input, batch, delay, watermark }) => [input, test.bytesOf(batch), delay, watermark]),
      [
        [0, rest, 2001, 5],
        [0, rest, 0, undefined],
      ],
    );
  });

  it("asks for metrics that come under short ids what they mean, once", async () => {
    const payload = encodeVarint(3);
    await using test = await StageUnderTest.start(
      () => ({ monitoringData: { x: payload } }),
      {},
      {
        start: (worker) => {
          worker.answers.set("monitoringInfos", ({ request }) => {
            assert.ok(request.case === "monitoringInfos");
            assert.deepEqual(request.value.monitoringInfoId, ["x"]);
            const info = {
              urn: "beam:metric:user:sum_int64:v1",
              type: "beam:metrics:sum_int64:v1",
              labels: { PTRANSFORM: DO, NAMESPACE: "n", NAME: "count" },
            };
            return { case: "monitoringInfos", value: { monitoringInfo: { x: info } } };
          });
          worker.connect();
        },
      },
    );
    for (let i = 0; i < 2; i++) {
      const { metrics } = await test.run(pairs(["a", "1", 3]));
      const infos = metrics.toMonitoringInfos();
      assert.deepEqual(
        infos.map(({ labels, payload: value }) => [labels["NAME"], Buffer.from(value)]),
        [["count", Buffer.from(payload)]],
      );
    }
    assert.deepEqual(test.runner.started[0]!.instructions, ["processBundle", "monitoringInfos", "processBundle"]);
  });

  it("tells a worker that wants to know when its bundle has committed, and not before", async () => {
    const finalized: unknown[] = [];
    let told!: () => void;
    const heard = new Promise<void>((resolve) => {
      told = resolve;
    });
    await using test = await StageUnderTest.start(
      () => ({ requiresFinalization: true }),
      {},
      {
        start: (worker) => {
          worker.answers.set("finalizeBundle", (request) => {
            finalized.push(request.request.value);
            told();
            return { case: "finalizeBundle", value: {} };
          });
          worker.connect();
        },
      },
    );
    const { finalize } = await test.run(pairs(["a", "1", 3]));
    assert.deepEqual(test.runner.started[0]!.instructions, ["processBundle"]);
    finalize!();
    await heard;
    assert.equal(finalized.length, 1);
    assert.equal((await test.run(pairs(["a", "1", 3]))).finalize === undefined, false);
  });

  it("has no finalization for a worker that does not want to know", async () => {
    await using test = await StageUnderTest.start(() => undefined);
    assert.equal((await test.run(pairs(["a", "1", 3]))).finalize, undefined);
  });

  it("fails with the worker's words where a function has thrown", async () => {
    await using test = await StageUnderTest.start(() => {
      throw new Error("ValueError: no\n  in user.py");
    });
    await assert.rejects(test.run(pairs(["a", "1", 3])), isError("user-exception", /ValueError: no\n {2}in user.py/));
    // Nothing is wrong with the worker.
    await assert.rejects(test.run(pairs(["a", "1", 3])), isError("user-exception"));
    assert.equal(test.runner.started.length, 1);
  });

  it("fails for elements that are none, of no output, and timers of no family", async () => {
    const fails = async (process: Process, text: RegExp): Promise<void> => {
      await using test = await StageUnderTest.start(process);
      await assert.rejects(test.run(pairs(["a", "1", 3])), isError("malformed-data", text));
    };
    const bytes = pairs(["a", "1", 3]);
    await fails((bundle) => bundle.output(Buffer.from("garbage")), /element that begins at byte 0/);
    await fails((bundle) => bundle.output(bytes.subarray(0, -1)), /element that begins at byte 0/);
    await fails((bundle) => bundle.set(DO, "none", timerBytes("k", 3)), /timers of none, which do has not/);
    await fails((bundle) => {
      const { instruction } = bundle;
      bundle.worker.send({ data: [{ instructionId: instruction, transformId: "nowhere", data: bytes }] });
    }, /elements of nowhere, which is no output/);
    await fails(
      () => ({ residualRoots: [{ application: { transformId: "x", inputId: "y", element: bytes } }] }),
      /y of x/,
    );
  });

  it("fails for an answer of another kind", async () => {
    await using test = await StageUnderTest.start((bundle) => {
      bundle.worker.respond(bundle.instruction, { case: "processBundleSplit", value: {} });
    });
    await assert.rejects(test.run(pairs(["a", "1", 3])), isError("malformed-data", /answered processBundleSplit/));
  });

  it("passes over what comes for bundles that nobody waits for", async () => {
    await using test = await StageUnderTest.start((bundle) => {
      bundle.worker.send({ data: [{ instructionId: "long ago", transformId: "x", data: Buffer.from("garbage") }] });
      bundle.worker.respond("long ago", { case: "processBundle", value: {} });
      bundle.output(bundle.input);
    });
    assert.equal((await test.run(pairs(["a", "1", 3]))).outputs.length, 1);
  });

  it("is lost with its worker, and runs on another then", async () => {
    let die = true;
    await using test = await StageUnderTest.start((bundle) => {
      if (die) bundle.worker.die();
      bundle.output(bundle.input);
    });
    await assert.rejects(test.run(pairs(["a", "1", 3])), isError("worker-lost"));
    die = false;
    const { outputs } = await test.run(pairs(["a", "1", 3]));
    assert.equal(outputs.length, 1);
    assert.deepEqual(
      test.runner.started.map(({ id }) => id),
      ["worker-1", "worker-2"],
    );
  });

  it("fails where what it is to send cannot be read any more", async () => {
    await using test = await StageUnderTest.start(() => undefined);
    const batch = test.batch(pairs(["a", "1", 3]));
    const gone = new Proxy(batch, {
      get(target, name) {
        if (name === "columns") throw new GirderError("io", "The temporary file is gone.");
        return Reflect.get(target, name, target) as unknown;
      },
      getPrototypeOf: () => null,
    });
    const task = taskWith({ inputs: [{ input: 0, batch: gone }] });
    await assert.rejects(test.stage.run(task), isError("io", /temporary file is gone/));
  });

  it("runs many bundles at once", async () => {
    await using test = await StageUnderTest.start(async (bundle) => {
      await new Promise((resolve) => setImmediate(resolve));
      bundle.output(bundle.input);
    });
    const results = await Promise.all(Array.from({ length: 20 }, (_, i) => test.run(pairs(["k", String(i), i]))));
    assert.deepEqual(
      results.map(({ outputs }) => test.bytesOf(outputs[0]!.batch)),
      Array.from({ length: 20 }, (_, i) => pairs(["k", String(i), i])),
    );
    assert.equal(test.runner.started.length, 1);
  });
});

describe("a remote stage that would never end", () => {
  /** A worker whose bundles end when they are split. */
  async function endless(answer: (worker: FakeWorker, request: InstructionRequest, release: () => void) => object) {
    let release!: () => void;
    const split = new Promise<void>((resolve) => {
      release = resolve;
    });
    return StageUnderTest.start(
      () => split,
      { endless: true },
      {
        start: (worker) => {
          worker.answers.set("processBundleSplit", async (request) => ({
            case: "processBundleSplit",
            value: await answer(worker, request, release),
          }));
          worker.connect();
        },
      },
    );
  }

  const input = pairs(["a", "1", 3], ["b", "2", 4], ["c", "3", 5]);

  it("is asked for its rest: restrictions, and elements that it has not begun", async () => {
    const root = pairs(["a", "rest", 3]);
    await using test = await endless((_, { request }, release) => {
      assert.ok(request.case === "processBundleSplit");
      const [[source, desired]] = Object.entries(request.value.desiredSplits) as [[string, DesiredSplit]];
      assert.deepEqual([desired.fractionOfRemainder, desired.estimatedInputElements], [0, 3n]);
      setImmediate(release);
      return {
        residualRoots: [{ application: { transformId: DO, inputId: "main", element: root } }],
        channelSplits: [{ transformId: source, lastPrimaryElement: -1n, firstResidualElement: 1n }],
      };
    });
    const { residuals } = await test.stage.run(
      taskWith({
        inputs: [
          { input: 0, batch: test.batch(input.subarray(0, input.length / 3)) },
          { input: 0, batch: test.batch(input.subarray(input.length / 3)) },
        ],
      }),
    );
    assert.deepEqual(
      residuals.map(({ batch }) => test.bytesOf(batch)),
      // Those that have not had their turn come before the one that has.
      [input.subarray(input.length / 3), root],
    );
  });

  it("loses nothing of a split that is answered after the bundle itself", async () => {
    const root = pairs(["a", "rest", 3]);
    await using test = await endless(async (_, { request }, release) => {
      assert.ok(request.case === "processBundleSplit");
      const [transformId] = Object.keys(request.value.desiredSplits);
      release();
      await new Promise((resolve) => setTimeout(resolve, 20));
      return {
        residualRoots: [{ application: { transformId: DO, inputId: "main", element: root } }],
        channelSplits: [{ transformId, lastPrimaryElement: 1n, firstResidualElement: 3n }],
      };
    });
    const { residuals } = await test.run(input);
    assert.deepEqual(
      residuals.map(({ batch }) => test.bytesOf(batch)),
      [root],
    );
  });

  it("fails where the worker gives back what cannot be read", async () => {
    await using test = await endless((_, __, release) => {
      setImmediate(release);
      return {
        residualRoots: [{ application: { transformId: DO, inputId: "main", element: Buffer.from("garbage") } }],
      };
    });
    await assert.rejects(test.run(input), isError("malformed-data"));
  });

  it("goes on where the worker cannot split", async () => {
    await using test = await endless((_, __, release) => {
      setImmediate(release);
      throw new Error("not now");
    });
    assert.deepEqual((await test.run(input)).residuals, []);
  });
});

describe("a remote stage that is asked to share", () => {
  const input = pairs(["a", "1", 3], ["b", "2", 4], ["c", "3", 5]);

  /** A stage with a bundle out, number 7, that ends when it is let go. */
  async function busy(answer: (request: InstructionRequest) => object) {
    let release!: () => void;
    const released = new Promise<void>((resolve) => {
      release = resolve;
    });
    let isRunning!: () => void;
    const running = new Promise<void>((resolve) => {
      isRunning = resolve;
    });
    const test = await StageUnderTest.start(
      () => {
        isRunning();
        return released;
      },
      {},
      {
        start: (worker) => {
          worker.answers.set("processBundleSplit", (request) => ({
            case: "processBundleSplit",
            value: answer(request),
          }));
          worker.connect();
        },
      },
    );
    const result = test.run(input, { bundle: 7 });
    await running;
    return { test, result, release, [Symbol.asyncDispose]: () => test[Symbol.asyncDispose]() };
  }

  it("gives away what the worker leaves, which is no part of its result", async () => {
    await using bundle = await busy(({ request }) => {
      assert.ok(request.case === "processBundleSplit");
      const [[transformId, desired]] = Object.entries(request.value.desiredSplits) as [[string, DesiredSplit]];
      assert.deepEqual([desired.fractionOfRemainder, desired.estimatedInputElements], [0.5, 3n]);
      return { channelSplits: [{ transformId, lastPrimaryElement: 0n, firstResidualElement: 1n }] };
    });
    const split = await bundle.test.stage.split(7);
    const bytes = (work: readonly { readonly batch: Batch }[]): Buffer =>
      Buffer.concat(work.map(({ batch }) => bundle.test.bytesOf(batch)));
    const third = input.length / 3;
    assert.deepEqual([bytes(split!.kept), bytes(split!.residuals)], [input.subarray(0, third), input.subarray(third)]);
    bundle.release();
    assert.deepEqual((await bundle.result).residuals, []);
  });

  it("gives away nothing of a bundle that cannot be divided, or is not there", async () => {
    await using bundle = await busy(() => {
      throw new Error("not now");
    });
    assert.equal(await bundle.test.stage.split(7), undefined);
    bundle.release();
    await bundle.result;
    assert.equal(await bundle.test.stage.split(7), undefined);
  });
});

function encodeVarint(value: number): Uint8Array {
  return Uint8Array.of(value);
}
