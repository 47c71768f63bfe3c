import assert from "node:assert/strict";
import type { Coder } from "../../portability/coders/index.js";
import { encodeToBytes, JS_VALUE_CODER, VARINT_CODER } from "../../portability/coders/index.js";
import { IntervalWindow } from "../../portability/execution/window.js";
import { CounterCell } from "../../portability/metrics/counter.js";
import { StandardRunnerProtocols } from "../../portability/urns.js";
import type { DoFn } from "../pipeline/do-fn.js";
import { counter } from "../pipeline/metrics.js";
import { Pipeline } from "../pipeline/pipeline.js";
import { create } from "../transforms/create.js";
import { impulse } from "../transforms/impulse.js";
import { asList } from "../transforms/side-inputs.js";
import { fixedWindows } from "../windowing/window-fns.js";
import { windowInto } from "../windowing/window-into.js";
import { Severity } from "./log-channel.js";
import { FakeRunner, type FakeStage, fakeStage } from "./testing/fake-runner.js";

const { MONITORING_INFO_SHORT_IDS, CONTROL_RESPONSE_ELEMENTS_EMBEDDING } = StandardRunnerProtocols.Enum;
const INTEGERS = VARINT_CODER as Coder<unknown> as Coder<number>;

function later<T>(value: T): Promise<T> {
  return new Promise((resolve) => setImmediate(() => resolve(value)));
}

/** Something that a function of a pipeline waits for. */
function gate() {
  let open!: () => void;
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { open, opened };
}

describe("a worker behind the Fn API", () => {
  let runner: FakeRunner;

  beforeEach(async () => {
    runner = await FakeRunner.start();
  });

  afterEach(() => runner[Symbol.asyncDispose]());

  /** A pipeline of numbers, to the first of which steps are to be applied. */
  function numbers() {
    const pipeline = new Pipeline();
    const input = pipeline.root
      .apply("In", impulse())
      .map("Number", () => 0)
      .withCoder(INTEGERS);
    return { pipeline, input };
  }

  const IN = "Number.out";

  function begin(stage: FakeStage): string {
    return runner.instruct({ case: "processBundle", value: { processBundleDescriptorId: stage.id } });
  }

  function feed(instructionId: string, data: Uint8Array, isLast = true, pcollection = IN): void {
    runner.send({ data: [{ instructionId, transformId: `source ${pcollection}`, data, isLast }] });
  }

  async function run(stage: FakeStage, values: readonly unknown[], output: string): Promise<unknown[]> {
    const instruction = begin(stage);
    feed(instruction, stage.encoded(IN, values));
    await runner.processed(instruction);
    return stage.decoded(output, await runner.output(instruction, `sink ${output}`));
  }

  it("processes bundles of a stage, whose description it asks for once", async () => {
    const { pipeline, input } = numbers();
    input.map("Twice", (n) => n * 2).flatMap("Both", (n) => [n, -n]);
    const stage = fakeStage(runner, pipeline, ["Twice", "Both"], [IN], ["Both.out"]);
    runner.worker(pipeline, { id: "worker 7" });
    assert.deepEqual(await run(stage, [1, 2], "Both.out"), [2, -2, 4, -4]);
    assert.deepEqual(await run(stage, [], "Both.out"), []);
    assert.deepEqual(runner.asked, [["stage", "worker 7"]]);
  });

  it("takes stages that were registered", async () => {
    const { pipeline, input } = numbers();
    input.map("Twice", (n) => n * 2);
    const stage = fakeStage(runner, pipeline, ["Twice"], [IN], ["Twice.out"]);
    runner.worker(pipeline);
    const register = { processBundleDescriptor: [stage.descriptor] };
    await runner.response(runner.instruct({ case: "register", value: register }));
    assert.deepEqual(await run(stage, [1], "Twice.out"), [2]);
    assert.deepEqual(runner.asked, []);
  });

  it("passes on what needs no step, from one coder to another", async () => {
    const { pipeline } = numbers();
    const stage = fakeStage(runner, pipeline, [], [IN], [IN]);
    runner.worker(pipeline);
    assert.deepEqual(await run(stage, [5, 6], IN), [5, 6]);
  });

  it("outputs before it has been given everything, and takes elements that messages cut in two", async () => {
    const { pipeline, input } = numbers();
    const text = input.map("Text", (n) => "x".repeat(n));
    const stage = fakeStage(runner, pipeline, ["Text"], [IN], [text.id]);
    runner.worker(pipeline);
    const instruction = begin(stage);
    // More than a message's worth of outputs.
    const many = stage.encoded(IN, new Array<number>(6000).fill(1000));
    feed(instruction, many.subarray(0, many.length - 5), false);
    await runner.until(() => (runner.received(instruction, `sink ${text.id}`).length > 0 ? true : undefined));
    assert.equal(runner.hasAnswered(instruction), false);
    feed(instruction, many.subarray(many.length - 5), false);
    feed(instruction, new Uint8Array());
    await runner.processed(instruction);
    const output = stage.decoded(text.id, await runner.output(instruction, `sink ${text.id}`));
    assert.equal(output.length, 6000);
    assert.ok(output.every((value) => value === output[0]));
  });

  it("refuses a stream that ends within an element, and elements of no source", async () => {
    const { pipeline, input } = numbers();
    input.map("Twice", (n) => n * 2);
    const stage = fakeStage(runner, pipeline, ["Twice"], [IN], ["Twice.out"]);
    runner.worker(pipeline);
    const cut = begin(stage);
    feed(cut, stage.encoded(IN, [1]).subarray(0, 10));
    assert.match((await runner.response(cut)).error, /\[malformed-data\].*source Number\.out/);
    const astray = begin(stage);
    feed(astray, stage.encoded(IN, [1]), true, "nothing");
    assert.match((await runner.response(astray)).error, /\[malformed-data\].*source nothing, which is no source/);
  });

  it("takes data that come before their bundle, and bundles whose data come with the instruction", async () => {
    const { pipeline, input } = numbers();
    input.map("Twice", (n) => n * 2);
    const stage = fakeStage(runner, pipeline, ["Twice"], [IN], ["Twice.out"]);
    runner.worker(pipeline);
    // Streams are opened by the first bundle.
    await run(stage, [1], "Twice.out");
    feed("early", stage.encoded(IN, [3]));
    await later(undefined);
    runner.instruct({ case: "processBundle", value: { processBundleDescriptorId: "stage" } }, "early");
    await runner.processed("early");
    assert.deepEqual(stage.decoded("Twice.out", await runner.output("early", "sink Twice.out")), [6]);
    const elements = { data: [{ transformId: `source ${IN}`, data: stage.encoded(IN, [4]), isLast: true }] };
    const embedded = runner.instruct({
      case: "processBundle",
      value: { processBundleDescriptorId: "stage", elements },
    });
    await runner.processed(embedded);
    assert.deepEqual(stage.decoded("Twice.out", await runner.output(embedded, "sink Twice.out")), [8]);
  });

  it("sends few outputs with the response where the runner takes them there", async () => {
    const { pipeline, input } = numbers();
    input.map("Text", (n) => "x".repeat(n));
    const stage = fakeStage(runner, pipeline, ["Text"], [IN], ["Text.out"]);
    runner.worker(pipeline, { runnerCapabilities: [CONTROL_RESPONSE_ELEMENTS_EMBEDDING] });
    const few = begin(stage);
    feed(few, stage.encoded(IN, [2]));
    const { elements } = await runner.processed(few);
    assert.deepEqual(
      elements?.data.map(({ transformId, isLast }) => [transformId, isLast]),
      [["sink Text.out", true]],
    );
    assert.deepEqual(stage.decoded("Text.out", elements!.data[0]!.data), ["xx"]);
    assert.deepEqual(runner.received(few, "sink Text.out"), []);
    const many = begin(stage);
    feed(many, stage.encoded(IN, [100_000]));
    assert.equal((await runner.processed(many)).elements, undefined);
    assert.equal(stage.decoded("Text.out", await runner.output(many, "sink Text.out")).length, 1);
  });

  describe("given several bundles of a stage at once", () => {
    async function twoBundles(doFn: DoFn<number, number>, calls: readonly string[]) {
      const { pipeline, input } = numbers();
      input.parDo("Wait", doFn);
      const stage = fakeStage(runner, pipeline, ["Wait"], [IN], ["Wait.out"]);
      const worker = runner.worker(pipeline);
      const [first, second] = [begin(stage), begin(stage)];
      feed(first, stage.encoded(IN, [0]));
      feed(second, stage.encoded(IN, [1]));
      await runner.until(() => (calls.includes("process 0") ? true : undefined));
      return { first, second, worker };
    }

    it("processes them side by side, and sets up the author's object once", async () => {
      const calls: string[] = [];
      const waiting = [gate(), gate()];
      const { first, second, worker } = await twoBundles(
        {
          setup: () => void calls.push("setup"),
          async process(n) {
            calls.push(`process ${n}`);
            await waiting[n]!.opened;
            return [n];
          },
          teardown: () => void calls.push("teardown"),
        },
        calls,
      );
      waiting[1]!.open();
      await runner.processed(second);
      assert.equal(runner.hasAnswered(first), false);
      waiting[0]!.open();
      await runner.processed(first);
      runner.release();
      await worker.ended;
      assert.deepEqual(calls, ["setup", "process 0", "process 1", "teardown"]);
    });

    it("processes one after the other where an object may keep something for its bundle", async () => {
      const calls: string[] = [];
      const { first, second } = await twoBundles(
        {
          startBundle: () => void calls.push("start"),
          async process(n) {
            calls.push(`process ${n}`);
            await later(n);
            return [n];
          },
          finishBundle: () => void calls.push("finish"),
        },
        calls,
      );
      await Promise.all([runner.processed(first), runner.processed(second)]);
      assert.deepEqual(calls, ["start", "process 0", "finish", "start", "process 1", "finish"]);
    });
  });

  it("awaits promises, also where a function says nothing of them before it returns one", async () => {
    const { pipeline, input } = numbers();
    const bundles: string[] = [];
    const plain = input.parDo("Watch", {
      startBundle: () => void bundles.push("start"),
      process: (n: number) => [n],
    });
    plain.map("Later", (n) => (n < 3 ? n : later(n * 10)));
    const stage = fakeStage(runner, pipeline, ["Watch", "Later"], [IN], ["Later.out"]);
    runner.worker(pipeline);
    assert.deepEqual(await run(stage, [1, 2, 3, 4], "Later.out"), [1, 2, 30, 40]);
    assert.deepEqual(bundles, ["start", "start"]);
    assert.deepEqual(await run(stage, [5, 1], "Later.out"), [50, 1]);
    assert.equal(bundles.length, 3);
  });

  it("refuses a promise that comes when it is too late to begin the bundle anew", async () => {
    const { pipeline, input } = numbers();
    input.map("Late", (n) => (n === 1 ? later(n) : n));
    const stage = fakeStage(runner, pipeline, ["Late"], [IN], ["Late.out"]);
    runner.worker(pipeline);
    const instruction = begin(stage);
    feed(instruction, stage.encoded(IN, [...new Array<number>(10_000).fill(0), 1]));
    assert.match((await runner.response(instruction)).error, /\[unsupported\].*promise.*Late.*Declare it async/);
  });

  it("tells the runner what went wrong: step, element, exception and stack; and goes on", async () => {
    const { pipeline, input } = numbers();
    const failures: unknown[] = [];
    input.map("Fail", (n) => {
      if (n === 2) throw new RangeError("too much");
      return n;
    });
    const stage = fakeStage(runner, pipeline, ["Fail"], [IN], ["Fail.out"]);
    runner.worker(pipeline, { logging: runner.address, onFailure: (error) => failures.push(error) });
    const instruction = begin(stage);
    feed(instruction, stage.encoded(IN, [1, 2]), false);
    const { error } = await runner.response(instruction);
    assert.match(error, /^\[user-exception\] RangeError: too much \(at Fail\) Element: 2\./);
    assert.match(error, /Caused by: RangeError: too much\n +at .*fn-api-worker\.spec/);
    assert.equal(failures.length, 1);
    // What still comes for the bundle is nobody's.
    feed(instruction, stage.encoded(IN, [1]));
    assert.deepEqual(await run(stage, [1], "Fail.out"), [1]);
    const [entry] = await runner.until(() => (runner.logged.length > 0 ? runner.logged : undefined));
    assert.deepEqual([entry!.severity, entry!.instructionId], [Severity.ERROR, instruction]);
    assert.match(entry!.message, /too much/);
  });

  it("gives elements that have come and gone, and the one that made a bundle fail", async () => {
    const { pipeline, input } = numbers();
    input
      .map("Twice", (n) => n * 2)
      .map("Fail", (n) => {
        if (n === 6) throw new RangeError("six");
        return n;
      });
    const stage = fakeStage(runner, pipeline, ["Twice", "Fail"], [IN], ["Fail.out"]);
    runner.worker(pipeline);
    await run(stage, [1, 2], "Fail.out");
    const failing = begin(stage);
    feed(failing, stage.encoded(IN, [3]));
    await runner.response(failing);
    const sampled = async (...pcollectionIds: string[]) => {
      const { response } = await runner.response(runner.instruct({ case: "sampleData", value: { pcollectionIds } }));
      assert.ok(response.case === "sampleData");
      return Object.entries(response.value.elementSamples).map(([id, { elements }]) => [
        id,
        elements.map(({ element, exception }) => [[...element], exception?.transformId, exception?.instructionId]),
      ]);
    };
    assert.deepEqual(await sampled(IN, "none"), [[IN, [[[2], undefined, undefined]]]]);
    const all = new Map((await sampled()) as [string, unknown][]);
    assert.deepEqual([...all.keys()].sort(), ["Fail.out", IN, "Twice.out"].sort());
    assert.deepEqual(all.get("Twice.out"), [[[...encodeToBytes(JS_VALUE_CODER, 6, true)], "Fail", failing]]);
  });

  it("says which function it does not have, and that it does not know an instruction", async () => {
    const { pipeline, input } = numbers();
    input.map("Twice", (n) => n * 2);
    fakeStage(runner, pipeline, ["Twice"], [IN], ["Twice.out"]);
    runner.worker(new Pipeline());
    const missing = runner.instruct({ case: "processBundle", value: { processBundleDescriptorId: "stage" } });
    assert.match((await runner.response(missing)).error, /\[invalid-pipeline\].*no such transform.*Twice/);
    // It has no metrics of its own: it does not announce that it is to be asked for them.
    const own = await runner.response(runner.instruct({ case: "harnessMonitoringInfos", value: {} }));
    assert.ok(own.response.case === "harnessMonitoringInfos");
    assert.deepEqual(own.response.value.monitoringData, {});
    const unknown = runner.instruct({ case: undefined } as never);
    assert.match((await runner.response(unknown)).error, /\[unsupported\]/);
  });

  it("counts elements of each PCollection, and what authors count, under short ids if the runner has agreed", async () => {
    const { pipeline, input } = numbers();
    const count = (n: number, { seen }: { seen: { inc(): void } }) => {
      seen.inc();
      return n;
    };
    const counted = input.map("Count", count, { seen: counter("seen") });
    counted
      .filter("Small", (n) => n < 3)
      .flatMap("Twice", (n) => [n, n])
      .map("Last", (n) => n);
    const steps = ["Count", "Small", "Twice", "Last"];
    const stage = fakeStage(runner, pipeline, steps, [IN], ["Last.out"]);
    const worker = runner.worker(pipeline);
    const countsOf = (infos: readonly { urn: string; labels: Record<string, string>; payload: Uint8Array }[]) =>
      Object.fromEntries(
        infos.map(({ urn, labels, payload }) => [
          `${urn.split(":")[2]} ${Object.values(labels).join(" ")}`,
          CounterCell.decode(payload).result(),
        ]),
      );
    const expected = {
      [`element_count ${IN}`]: 4,
      "element_count Count.out": 4,
      "element_count Small.out": 2,
      "element_count Twice.out": 4,
      "element_count Last.out": 4,
      [`data_channel source ${IN}`]: 3,
      "user Count girder seen": 4,
    };
    const long = begin(stage);
    feed(long, stage.encoded(IN, [1, 2, 3, 4]));
    const { monitoringInfos } = await runner.processed(long);
    assert.deepEqual(countsOf(monitoringInfos), expected);
    await worker.stop();

    await runner[Symbol.asyncDispose]();
    runner = await FakeRunner.start();
    const again = fakeStage(runner, pipeline, steps, [IN], ["Last.out"]);
    runner.worker(pipeline, { runnerCapabilities: [MONITORING_INFO_SHORT_IDS] });
    for (let bundle = 0; bundle < 2; bundle++) {
      const short = begin(again);
      feed(short, again.encoded(IN, [1, 2, 3, 4]));
      const { monitoringData, monitoringInfos: none } = await runner.processed(short);
      assert.deepEqual(none, []);
      const ids = Object.keys(monitoringData);
      const { response } = await runner.response(
        runner.instruct({ case: "monitoringInfos", value: { monitoringInfoId: [...ids, "unknown"] } }),
      );
      assert.ok(response.case === "monitoringInfos");
      const infos = Object.entries(response.value.monitoringInfo).map(([id, info]) => ({
        ...info,
        payload: monitoringData[id]!,
      }));
      assert.deepEqual(countsOf(infos), expected);
    }
  });

  describe("asked about a bundle that is being processed", () => {
    async function held(values: readonly number[]) {
      const { pipeline, input } = numbers();
      const first = gate();
      input.map("Hold", async (n) => {
        await first.opened;
        return n;
      });
      const stage = fakeStage(runner, pipeline, ["Hold"], [IN], ["Hold.out"]);
      runner.worker(pipeline, { status: runner.address });
      const instruction = begin(stage);
      feed(instruction, stage.encoded(IN, values));
      return { instruction, stage, first };
    }

    const split = (instructionId: string, fractionOfRemainder: number, estimatedInputElements: number) =>
      runner.instruct({
        case: "processBundleSplit",
        value: {
          instructionId,
          desiredSplits: {
            [`source ${IN}`]: { fractionOfRemainder, estimatedInputElements: BigInt(estimatedInputElements) },
          },
        },
      });

    it("says how far it has come, and gives back what it has not begun", async () => {
      const values = Array.from({ length: 1000 }, (_, i) => i);
      const { instruction, stage, first } = await held(values);
      const begun = await runner.until(() => true);
      assert.ok(begun);
      const progress = runner.instruct({ case: "processBundleProgress", value: { instructionId: instruction } });
      const { response } = await runner.response(progress);
      assert.equal(response.case, "processBundleProgress");
      let point: bigint | undefined;
      // The bundle may not have begun yet.
      while (point === undefined) {
        const answer = (await runner.response(split(instruction, 0.5, 1000))).response;
        assert.ok(answer.case === "processBundleSplit");
        const [channel] = answer.value.channelSplits;
        if (channel === undefined) continue;
        assert.equal(channel.lastPrimaryElement, channel.firstResidualElement - 1n);
        point = channel.firstResidualElement;
      }
      assert.ok(point >= 128n && point < 1000n, `${point}`);
      first.open();
      await runner.processed(instruction);
      const output = stage.decoded("Hold.out", await runner.output(instruction, "sink Hold.out"));
      assert.deepEqual(output, values.slice(0, Number(point)));
    });

    it("splits nothing where everything is begun, and has nothing to say of others", async () => {
      const { instruction, first } = await held([1, 2]);
      await runner.until(() => true);
      for (const [id, estimated] of [
        [instruction, 0],
        ["another", 100],
      ] as const) {
        const { response } = await runner.response(split(id, 0, estimated));
        assert.ok(response.case === "processBundleSplit");
        assert.deepEqual(response.value.channelSplits, []);
      }
      first.open();
      await runner.processed(instruction);
      const after = runner.instruct({ case: "processBundleProgress", value: { instructionId: instruction } });
      const { response } = await runner.response(after);
      assert.ok(response.case === "processBundleProgress");
      assert.deepEqual(response.value.monitoringInfos, []);
      const finalize = runner.instruct({ case: "finalizeBundle", value: { instructionId: instruction } });
      assert.equal((await runner.response(finalize)).response.case, "finalizeBundle");
    });

    it("says what it is doing", async () => {
      const { instruction, first } = await held([1, 2]);
      let text = "";
      for (let i = 0; !text.includes("2 elements begun"); i++) {
        runner.askStatus(String(i));
        const answer = await runner.until(() => runner.statuses.find(({ id }) => id === String(i)));
        text = answer.statusInfo;
      }
      assert.match(text, new RegExp(`${instruction} of stage for .* s, 2 elements begun: Hold`));
      first.open();
      await runner.processed(instruction);
    });
  });

  describe("with side inputs", () => {
    function withSide(windowed: boolean) {
      const pipeline = new Pipeline();
      const into = windowInto<number>(fixedWindows(10));
      const input = pipeline.root
        .apply("In", impulse())
        .map("Number", () => 0)
        .withCoder(INTEGERS);
      const given = pipeline.root
        .apply("Side", create([1]))
        .map("Given", (n) => n)
        .withCoder(INTEGERS);
      const [main, side] = windowed ? [input.apply("Main", into), given.apply("Windowed", into)] : [input, given];
      main.map("Add", (n, { side: all }) => n + all.reduce((sum, each) => sum + each, 0), { side: asList(side) });
      return { pipeline, main: main.id, side: side.id };
    }

    const integers = (...values: number[]) =>
      Buffer.concat(values.map((value) => encodeToBytes(VARINT_CODER, value, true)));

    it("asks for them page by page, before the first element of their window", async () => {
      const { pipeline, main } = withSide(false);
      const stage = fakeStage(runner, pipeline, ["Add"], [main], ["Add.out"]);
      runner.state = ({ request }) => {
        assert.ok(request.case === "get");
        const token = Buffer.from(request.value.continuationToken).toString();
        if (token === "")
          return { case: "get", value: { data: integers(1, 300), continuationToken: Buffer.from("2") } };
        return { case: "get", value: { data: integers(10) } };
      };
      runner.worker(pipeline);
      assert.deepEqual(await run(stage, [0, 1], "Add.out"), [311, 312]);
      assert.equal(runner.stateRequests.length, 2);
      const { type } = runner.stateRequests[0]!.stateKey!;
      assert.ok(type.case === "iterableSideInput");
      assert.deepEqual(
        [type.value.transformId, type.value.sideInputId, type.value.window.length],
        ["Add", "side:side", 0],
      );
    });

    it("looks up their window for that of the element", async () => {
      const { pipeline, main } = withSide(true);
      const stage = fakeStage(runner, pipeline, ["Add"], [main], ["Add.out"]);
      const windows: string[] = [];
      runner.state = ({ stateKey }) => {
        assert.ok(stateKey?.type.case === "iterableSideInput");
        const { window } = stateKey.type.value;
        windows.push(Buffer.from(window).toString("hex"));
        return { case: "get", value: { data: integers(windows.length) } };
      };
      runner.worker(pipeline);
      const instruction = begin(stage);
      const data = [new IntervalWindow(0, 10), new IntervalWindow(10, 20), new IntervalWindow(0, 10)].map((window) =>
        stage.encoded(main, [100], window),
      );
      feed(instruction, Buffer.concat(data), true, main);
      await runner.processed(instruction);
      const output = stage.decoded("Add.out", await runner.output(instruction, "sink Add.out"));
      assert.deepEqual(output, [101, 102, 101]);
      assert.deepEqual(windows, ["800000000000000a0a", "80000000000000140a"]);
    });

    it("asks for those of windows that the stage itself assigns when it comes to them", async () => {
      const { pipeline } = withSide(true);
      const stage = fakeStage(runner, pipeline, ["Main", "Add"], [IN], ["Add.out"]);
      runner.state = () => ({ case: "get", value: { data: integers(5) } });
      runner.worker(pipeline);
      assert.deepEqual(await run(stage, [1, 2], "Add.out"), [6, 7]);
      assert.equal(runner.stateRequests.length, 1);
    });

    it("keeps them from bundle to bundle while the runner's token is the same", async () => {
      const { pipeline, main } = withSide(false);
      const stage = fakeStage(runner, pipeline, ["Add"], [main], ["Add.out"]);
      let answered = 0;
      runner.state = () => ({ case: "get", value: { data: integers(++answered) } });
      runner.worker(pipeline);
      const outputs: unknown[] = [];
      for (const token of ["a", "a", "b", ""]) {
        const of = { case: "sideInput", value: { transformId: "Add", sideInputId: "side:side" } } as const;
        const cacheTokens = token === "" ? [] : [{ type: of, token: Buffer.from(token) }];
        const value = { processBundleDescriptorId: "stage", cacheTokens };
        const instruction = runner.instruct({ case: "processBundle", value });
        feed(instruction, stage.encoded(main, [0]), true, main);
        await runner.processed(instruction);
        outputs.push(...stage.decoded("Add.out", await runner.output(instruction, "sink Add.out")));
      }
      assert.deepEqual(outputs, [1, 1, 2, 3]);
    });

    it("fails the bundle with what the runner says where it has no answer", async () => {
      const { pipeline, main } = withSide(false);
      const stage = fakeStage(runner, pipeline, ["Add"], [main], ["Add.out"]);
      runner.state = () => {
        throw new Error("nothing of that kind");
      };
      runner.worker(pipeline);
      const instruction = begin(stage);
      feed(instruction, stage.encoded(main, [0]), true, main);
      assert.match((await runner.response(instruction)).error, /\[io\].*nothing of that kind/);
    });
  });

  it("ends when the runner ends the control stream, or cannot be reached", async () => {
    const { pipeline } = numbers();
    const worker = runner.worker(pipeline);
    runner.release();
    await worker.ended;
    await runner.worker(pipeline, { control: "127.0.0.1:1" }).ended;
  });
});
