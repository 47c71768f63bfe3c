import assert from "node:assert/strict";
import { fromBinary, toJson } from "@bufbuild/protobuf";
import { type KV, KVCoder, STRING_CODER, VARINT_CODER } from "../../portability/coders/index.js";
import { IntervalWindow } from "../../portability/execution/window.js";
import { TestStreamPayloadSchema } from "../../portability/gen/org/apache/beam/model/pipeline/v1/beam_runner_api_pb.js";
import { timestampParam } from "../pipeline/context.js";
import { P } from "../pipeline/p.js";
import { Pipeline } from "../pipeline/pipeline.js";
import { runEmbedded } from "../runners/embedded/embedded.js";
import { bagState } from "../state/state-param.js";
import { eventTimer, processingTimer } from "../state/timers.js";
import { countPerElement } from "../transforms/count.js";
import { flatten } from "../transforms/flatten.js";
import { groupByKey } from "../transforms/group-by-key.js";
import { reify } from "../transforms/reify.js";
import { asList } from "../transforms/side-inputs.js";
import { afterCount, afterProcessingTime, afterWatermark, repeatedly } from "../windowing/triggers.js";
import { fixedWindows, globalWindows } from "../windowing/window-fns.js";
import { windowInto } from "../windowing/window-into.js";
import { collect } from "./collect-array.js";
import { passert } from "./passert.js";
import { testPipeline } from "./test-pipeline.js";
import { type TestStream, testStream, testStreams } from "./test-stream.js";

describe("a test stream", () => {
  it("is written as the protocol has it", () => {
    const pipeline = new Pipeline();
    pipeline.apply(
      testStream(STRING_CODER)
        .add(5, "a")
        .advanceWatermark(7)
        .advanceProcessingTime(9)
        .addAll([{ timestamp: 3, value: "b" }]),
    );
    const { spec, outputs } = pipeline.toProto().components!.transforms["TestStream"]!;
    assert.equal(spec?.urn, "beam:transform:teststream:v1");
    assert.deepEqual(Object.keys(outputs), ["out"]);
    const element = (text: string, timestamp: string) => ({
      elements: [{ encodedElement: Buffer.from(text).toString("base64"), timestamp }],
    });
    assert.deepEqual(toJson(TestStreamPayloadSchema, fromBinary(TestStreamPayloadSchema, spec!.payload)), {
      coderId: "c_string_utf8",
      events: [
        { elementEvent: element("a", "5") },
        { watermarkEvent: { newWatermark: "7" } },
        { processingTimeEvent: { advanceDuration: "9" } },
        { elementEvent: element("b", "3") },
        { watermarkEvent: { newWatermark: "9223372036854775" } },
      ],
    });
  });

  it("has no end, and a watermark where it says", async () => {
    await testPipeline((root) => {
      const stream = testStream<string>().add(1, "a", "b").advanceWatermark(10).add(2, "late").add(12, "c");
      const input = root.apply(stream);
      assert.equal(input.bounded, false);
      const counts = input.apply(windowInto(fixedWindows(10), { allowedLateness: 5 })).apply(countPerElement());
      const [first, second] = [new IntervalWindow(0, 10), new IntervalWindow(10, 20)];
      passert(counts)
        .inOnTimePane(first)
        .containsInAnyOrder([
          { key: "a", value: 1 },
          { key: "b", value: 1 },
        ]);
      passert(counts)
        .inLatePanes(first)
        .containsInAnyOrder([{ key: "late", value: 1 }]);
      passert(counts).inOnlyPane(second).isSingleton({ key: "c", value: 1 });
    });
  });

  it("gives its elements their timestamps, of any kind that its coder writes", async () => {
    await testPipeline((root) => {
      const values = [{ a: [1, "x"] }, null, new Date(5), 7n];
      const stream = testStream<unknown>().addAll(values.map((value, timestamp) => ({ timestamp, value })));
      const timed = root.apply(stream).map((value, { at }) => [value, at], { at: timestampParam() });
      passert(timed).containsInAnyOrder(values.map((value, i) => [value, i]));
    });
  });

  for (const coder of [undefined, new KVCoder(STRING_CODER, VARINT_CODER)] as const) {
    it(`of pairs may be grouped at once${coder === undefined ? "" : ", with a coder of pairs"}`, async () => {
      await testPipeline((root) => {
        const stream = testStream<KV<string, unknown>>(coder as never)
          .add(1, { key: "a", value: 1 }, { key: "b", value: 2 })
          .add(2, { key: "a", value: 3 });
        const grouped = root
          .apply(stream)
          .apply(windowInto(fixedWindows(10)))
          .apply(groupByKey())
          .map(({ key, value }) => `${key}: ${[...value].sort()}`);
        passert(grouped).containsInAnyOrder(["a: 1,3", "b: 2"]);
      });
      // Even without a step in between.
      await testPipeline((root) => {
        const grouped = root
          .apply(testStream<KV<string, unknown>>(coder as never).add(1, { key: "a", value: 1 }, { key: "a", value: 3 }))
          .apply(
            windowInto(globalWindows(), { trigger: repeatedly(afterCount(2)), onTimeBehavior: "FIRE_IF_NONEMPTY" }),
          )
          .apply(groupByKey())
          .map(({ key, value }) => `${key}: ${[...value].sort()}`);
        passert(grouped).isSingleton("a: 1,3");
      });
    });
  }

  it("may keep state and set timers of both times", async () => {
    const stream = testStream<KV<string, number>>()
      .add(1, { key: "a", value: 1 })
      .advanceProcessingTime(1000)
      .add(2, { key: "a", value: 2 })
      .advanceWatermark(6)
      .add(7, { key: "a", value: 3 })
      .advanceProcessingTime(1000);
    await testPipeline((root) => {
      const log = root.apply(stream).parDo(
        {
          process({ value }, { seen, flush, tick }) {
            seen.add(value);
            if (value !== 1) return;
            flush.set(5);
            tick.setAfter(1500);
          },
          onTimer: {
            flush: (_, { seen }) => [`flush ${seen.read()}`],
            tick: (_, { seen }) => [`tick ${seen.read()}`],
          },
        },
        { seen: bagState<number>("seen"), flush: eventTimer("flush"), tick: processingTimer("tick") },
      );
      passert(log).containsInAnyOrder(["flush 1,2", "tick 1,2,3"]);
    });
  });

  it("moves processing time for triggers, without waiting for it", async () => {
    const begun = performance.now();
    await testPipeline((root) => {
      const panes = root
        .apply(
          testStream<string>()
            .add(1, "a")
            .advanceProcessingTime(3_600_000)
            .add(2, "a")
            .advanceProcessingTime(1_800_000)
            .add(3, "a")
            .advanceProcessingTime(1_800_000)
            .add(4, "a"),
        )
        .apply(
          windowInto(fixedWindows(10), {
            trigger: afterWatermark({ early: afterProcessingTime({ delay: 3_600_000 }) }),
          }),
        )
        .apply(countPerElement())
        .apply(reify())
        .map(({ value, pane }) => `${value.value} ${pane.timing} ${pane.index}`);
      passert(panes).containsInAnyOrder(["1 EARLY 0", "2 EARLY 1", "1 ON_TIME 2"]);
    });
    assert.ok(performance.now() - begun < 10_000);
  });

  it("takes a step when nothing else can be done", async () => {
    const pipeline = new Pipeline();
    const order: string[] = [];
    pipeline
      .apply(testStream<number>().add(0, 1).add(0, 2).add(0, 3))
      .map(async (n) => {
        await new Promise((resolve) => setTimeout(resolve, 4 - n));
        order.push(`first ${n}`);
        return n;
      })
      .map((n) => order.push(`second ${n}`));
    await runEmbedded(pipeline);
    assert.deepEqual(order, ["first 1", "second 1", "first 2", "second 2", "first 3", "second 3"]);
  });

  it("may be one of several under tags, whose steps are in one order", async () => {
    const streams = testStreams<{ left: string; right: number }>(["left", "right"])
      .add("left", 1, "a")
      .add("right", 2, 7)
      .advanceWatermark("left", 20)
      .advanceProcessingTime(5)
      .add("right", 3, 8)
      .advanceWatermarkToInfinity("right");
    await testPipeline((root) => {
      const { left, right } = root.apply(streams);
      passert(left).containsInAnyOrder(["a"]);
      passert(right).containsInAnyOrder([7, 8]);
      // The watermark of both together is that of the one that is behind.
      const both = P([left.map(String), right.map(String)])
        .apply(flatten())
        .apply(windowInto(fixedWindows(10)))
        .apply(countPerElement())
        .apply(reify())
        .map(({ value, pane }) => `${value.key} ${pane.timing}`);
      passert(both).containsInAnyOrder(["a ON_TIME", "7 ON_TIME", "8 ON_TIME"]);
    });
  });

  it("may be looked up beside another, window by window", async () => {
    const streams = testStreams<{ main: string; side: string }>(["main", "side"])
      .add("main", 1, "m1")
      .add("side", 1, "s1")
      .advanceWatermark("side", 10)
      .add("side", 11, "s2")
      .add("main", 12, "m2");
    await testPipeline((root) => {
      const { main, side } = root.apply(streams);
      const windowed = side.apply(windowInto(fixedWindows(10)));
      const seen = main
        .apply(windowInto(fixedWindows(10)))
        .map((each, { beside }) => `${each} ${beside}`, { beside: asList(windowed) });
      passert(seen).containsInAnyOrder(["m1 s1", "m2 s2"]);
    });
  });

  it("is the same however bundles are lost and split", async () => {
    for (let seed = 1; seed <= 3; seed++) {
      const pipeline = new Pipeline();
      const stream = testStream<KV<string, number>>()
        .add(1, ...[1, 2, 3, 4].map((value) => ({ key: "a", value })))
        .advanceWatermark(5)
        .add(6, { key: "a", value: 5 });
      const seen = collect(
        pipeline.apply(stream).parDo(
          {
            process({ value }, { all, flush }) {
              all.add(value);
              flush.set(4);
            },
            onTimer: { flush: (_, { all }) => [all.read().join()] },
          },
          { all: bagState<number>("all"), flush: eventTimer("flush") },
        ),
      );
      await runEmbedded(pipeline, {
        failBundles: 0.4,
        splitBundles: 0.5,
        bundleAttempts: 30,
        seed,
        restoreAlways: true,
      });
      assert.deepEqual(seen, ["1,2,3,4", "1,2,3,4,5"]);
    }
  });

  it("is refused with steps that cannot be", () => {
    const wrong: readonly (() => unknown)[] = [
      () => testStream().advanceWatermark(7).advanceWatermark(6),
      () => testStream().advanceWatermarkToInfinity().advanceWatermark(7),
      () => testStream().advanceWatermarkToInfinity().add(1, "a"),
      () => testStream().add(1.5, "a"),
      () => testStream().add(Number.POSITIVE_INFINITY, "a"),
      () => testStream().advanceWatermark(Number.NaN),
      () => testStream().advanceProcessingTime(0),
      () => testStream().advanceProcessingTime(-1),
      () => testStreams<{ a: string }>([]),
      () => testStreams<{ a: string }>(["a", "a"]),
      () => testStreams<{ a: string }>(["a"]).add("b" as "a", 1, "x"),
    ];
    for (const make of wrong) assert.throws(make, { code: "invalid-argument" });
    assert.throws(wrong[0]!, /The watermark would go back from 7 to 6/);
  });

  it("is left as it is by each of its methods", async () => {
    const begun: TestStream<string> = testStream<string>().add(1, "a");
    const ended = begun.advanceWatermarkToInfinity();
    await testPipeline((root) => {
      passert(root.apply(begun.add(2, "b"))).containsInAnyOrder(["a", "b"]);
      passert(root.apply(ended)).containsInAnyOrder(["a"]);
    });
  });
});
