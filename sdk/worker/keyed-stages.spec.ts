import assert from "node:assert/strict";
import { create as createMessage, fromBinary, toBinary } from "@bufbuild/protobuf";
import {
  ByteReader,
  type Coder,
  encodeToBytes,
  GLOBAL_WINDOW_CODER,
  JS_VALUE_CODER,
  type KV,
  KVCoder,
  LengthPrefixCoder,
  STRING_CODER,
  TimerCoder,
  VARINT_CODER,
} from "../../portability/coders/index.js";
import { NO_FIRING } from "../../portability/execution/pane.js";
import { type BoundedWindow, GLOBAL_WINDOW } from "../../portability/execution/window.js";
import type { StateRequest } from "../../portability/gen/org/apache/beam/model/fn_execution/v1/beam_fn_api_pb.js";
import {
  CoderSchema,
  type Components,
  ParDoPayloadSchema,
} from "../../portability/gen/org/apache/beam/model/pipeline/v1/beam_runner_api_pb.js";
import { StandardCoders } from "../../portability/urns.js";
import { sum } from "../combiners/sum.js";
import type { Context } from "../pipeline/context.js";
import { timestampParam } from "../pipeline/context.js";
import type { DoFn, HandlesTimers } from "../pipeline/do-fn.js";
import { Pipeline } from "../pipeline/pipeline.js";
import { bundleFinalizer } from "../state/bundle-finalizer.js";
import {
  bagState,
  combiningState,
  mapState,
  multimapState,
  orderedListState,
  setState,
  valueState,
} from "../state/state-param.js";
import { eventTimer } from "../state/timers.js";
import { impulse } from "../transforms/impulse.js";
import { FakeRunner, type FakeStage, fakeStage, type StateAnswer } from "./testing/fake-runner.js";

const INTEGERS = VARINT_CODER as Coder<unknown> as Coder<number>;
const PAIRS = new KVCoder(STRING_CODER, INTEGERS);
const TIMERS = new TimerCoder(STRING_CODER, GLOBAL_WINDOW_CODER as Coder<BoundedWindow>);

/** What a runner keeps: lists of bytes, by state key. */
class Store {
  readonly values = new Map<string, Buffer>();
  readonly asked: string[] = [];

  answer = ({ stateKey, request }: StateRequest): StateAnswer => {
    const type = stateKey!.type;
    const value = type.value as { userStateId: string; key: Uint8Array; mapKey?: Uint8Array };
    const key = [type.case, value.userStateId, text(value.key), text(value.mapKey ?? new Uint8Array())].join(" ");
    this.asked.push(`${request.case} ${key}`.trim());
    switch (request.case) {
      case "get":
        return { case: "get", value: { data: this.#get(key, value) } };
      case "append":
        this.values.set(key, Buffer.concat([this.values.get(key) ?? Buffer.alloc(0), request.value.data]));
        return { case: "append", value: {} };
      default:
        this.#clear(key, value.userStateId);
        return { case: "clear", value: {} };
    }
  };

  /** Keys of a map are those that have values. */
  #get(key: string, { userStateId, key: owner }: { readonly userStateId: string; readonly key: Uint8Array }): Buffer {
    if (!key.startsWith("multimapKeysUserState")) return this.values.get(key) ?? Buffer.alloc(0);
    const prefix = `multimapUserState ${userStateId} ${text(owner)} `;
    const keys = [...this.values.keys()].filter((each) => each.startsWith(prefix));
    return Buffer.from(keys.map((each) => each.slice(prefix.length)).join(""), "latin1");
  }

  #clear(key: string, state: string): void {
    this.values.delete(key);
    if (!key.startsWith("multimapKeysUserState")) return;
    for (const each of this.values.keys()) if (each.startsWith(`multimapUserState ${state} `)) this.values.delete(each);
  }
}

function text(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("latin1");
}

describe("a worker of stages that keep something by key", () => {
  let runner: FakeRunner;
  let store: Store;

  beforeEach(async () => {
    runner = await FakeRunner.start();
    store = new Store();
    runner.state = store.answer;
  });

  afterEach(() => runner[Symbol.asyncDispose]());

  function staged<O, C extends Context>(
    doFn: DoFn<KV<string, number>, O, C> & HandlesTimers<C>,
    context: C,
    change?: (components: Components) => void,
  ): FakeStage {
    const pipeline = new Pipeline();
    const pair = (): KV<string, number> => ({ key: "", value: 0 });
    const input = pipeline.root.apply("In", impulse()).map("Pair", pair).withCoder(PAIRS);
    input.parDo("Keyed", doFn, context);
    const stage = fakeStage(runner, pipeline, ["Keyed"], ["Pair.out"], ["Keyed.out"], "stage", change);
    runner.worker(pipeline);
    return stage;
  }

  interface Given {
    readonly pairs?: readonly KV<string, number>[];
    readonly timers?: readonly { readonly key: string; readonly at: number; readonly tag?: string }[];
    readonly family?: string;
    readonly token?: string;
  }

  function begin(stage: FakeStage, { pairs = [], timers = [], family, token }: Given): string {
    const cacheTokens =
      token === undefined ? [] : [{ type: { case: "userState", value: {} } as const, token: Buffer.from(token) }];
    const value = { processBundleDescriptorId: stage.id, cacheTokens };
    const instructionId = runner.instruct({ case: "processBundle", value });
    const data = stage.encoded("Pair.out", pairs);
    runner.send({ data: [{ instructionId, transformId: "source Pair.out", data, isLast: true }] });
    if (family === undefined) return instructionId;
    const bytes = timers.map(({ key: userKey, at, tag: dynamicTimerTag = "" }) =>
      encodeToBytes(
        TIMERS,
        {
          userKey,
          dynamicTimerTag,
          windows: [GLOBAL_WINDOW],
          clearBit: false,
          fireTimestamp: at,
          holdTimestamp: at,
          pane: NO_FIRING,
        },
        true,
      ),
    );
    const about = { instructionId, transformId: "Keyed", timerFamilyId: family };
    // Cut in two, as any stream may be.
    const all = Buffer.concat(bytes);
    runner.send({ timers: [{ ...about, timers: all.subarray(0, all.length - 3) }] });
    runner.send({ timers: [{ ...about, timers: all.subarray(all.length - 3), isLast: true }] });
    return instructionId;
  }

  async function run(stage: FakeStage, given: Given): Promise<unknown[]> {
    const instruction = begin(stage, given);
    await runner.processed(instruction);
    return stage.decoded("Keyed.out", await runner.output(instruction, "sink Keyed.out"));
  }

  const pair = (key: string, value: number) => ({ key, value });

  it("reads what is committed before the first element of a key, once, and sends what was done at the end", async () => {
    const stage = staged(
      {
        process({ key, value }, { last, all, total, distinct }) {
          const before = last.read();
          last.write(value);
          all.add(value);
          total.add(value);
          distinct.add(value % 2);
          return [[key, before ?? null, all.read(), total.read(), [...distinct.read()].sort()]];
        },
      },
      {
        last: valueState<number>("last", INTEGERS),
        all: bagState<number>("all", INTEGERS),
        total: combiningState("total", sum),
        distinct: setState<number>("distinct"),
      },
    );
    const first = await run(stage, { pairs: [pair("a", 1), pair("b", 5), pair("a", 2)] });
    assert.deepEqual(first, [
      ["a", null, [1], 1, [1]],
      ["b", null, [5], 5, [1]],
      ["a", 1, [1, 2], 3, [0, 1]],
    ]);
    assert.equal(store.asked.filter((each) => each.startsWith("get")).length, 8);
    assert.ok(store.asked.includes("get bagUserState last \u0001a"));
    const second = await run(stage, { pairs: [pair("a", 9)] });
    assert.deepEqual(second, [["a", 2, [1, 2, 9], 12, [0, 1]]]);
  });

  it("reads and writes values as the runner wants them coded", async () => {
    const prefixed = ({ coders, transforms }: Components): void => {
      const { spec } = transforms["Keyed"]!;
      const payload = fromBinary(ParDoPayloadSchema, spec!.payload);
      const state = payload.stateSpecs["seen"]!.spec;
      assert.ok(state.case === "bagSpec");
      coders["prefixed"] = createMessage(CoderSchema, {
        spec: { urn: StandardCoders.Enum.LENGTH_PREFIX },
        componentCoderIds: [state.value.elementCoderId],
      });
      state.value.elementCoderId = "prefixed";
      spec!.payload = toBinary(ParDoPayloadSchema, payload);
    };
    const seen = bagState<unknown>("seen");
    const process: DoFn<KV<string, number>, unknown, { seen: typeof seen }>["process"] = ({ value }, context) => {
      context.seen.add({ value });
      return [context.seen.read().length];
    };
    const stage = staged({ process }, { seen }, prefixed);
    assert.deepEqual(await run(stage, { pairs: [pair("a", 1), pair("a", 2)] }), [1, 2]);
    const reader = new ByteReader(store.values.get("bagUserState seen \u0001a ")!);
    const coder = new LengthPrefixCoder(JS_VALUE_CODER);
    assert.deepEqual([coder.decode(reader, true), coder.decode(reader, true)], [{ value: 1 }, { value: 2 }]);
    assert.deepEqual(await run(stage, { pairs: [pair("a", 3)] }), [3]);
  });

  it("asks for entries of maps and ranges of lists when they are read, and clears what is cleared", async () => {
    const stage = staged(
      {
        async process({ value }, { map, many, list }): Promise<unknown[]> {
          if (value === 0) {
            map.set("x", 1);
            map.set("y", 2);
            many.add("k", "v1");
            many.add("k", "v2");
            list.add(5, "five");
            list.add(-3, "minus three");
            return [];
          }
          if (value === 1) {
            const seen = [await map.get("x"), await map.keys(), await many.get("k"), await list.read(0, 10)];
            map.delete("x");
            many.clear();
            await list.clearRange(0, 6);
            return [seen];
          }
          return [[await map.entries(), await many.isEmpty(), await list.read()]];
        },
      },
      {
        map: mapState<string, number>("map", { key: STRING_CODER, value: INTEGERS }),
        many: multimapState<string, string>("many", { key: STRING_CODER }),
        list: orderedListState<string>("list", STRING_CODER),
      },
    );
    // The list is one piece to this store: what is cleared of it is cleared whole.
    assert.deepEqual(await run(stage, { pairs: [pair("a", 0)] }), []);
    assert.deepEqual(await run(stage, { pairs: [pair("a", 1)] }), [
      [1, ["x", "y"], ["v1", "v2"], [{ timestamp: 5, value: "five" }]],
    ]);
    assert.ok(store.asked.includes("get multimapUserState map \u0001a \u0001x"));
    assert.deepEqual(await run(stage, { pairs: [pair("a", 2)] }), [[[["y", 2]], true, []]]);
  });

  it("keeps what it has read and written while the runner's token is the same", async () => {
    const stage = staged(
      {
        process({ value }, { all }) {
          all.add(value);
          return [all.read().length];
        },
      },
      { all: bagState<number>("all", INTEGERS) },
    );
    const gets = (): number => store.asked.filter((each) => each.startsWith("get")).length;
    const counts: number[] = [];
    for (const token of ["t", "t", "u", undefined]) {
      const given = { pairs: [pair("a", 1)], ...(token === undefined ? {} : { token }) };
      const [length] = await run(stage, given);
      counts.push(length as number, gets());
    }
    assert.deepEqual(counts, [1, 1, 2, 1, 3, 2, 4, 3]);
  });

  it("sets and clears timers, and calls back for those that fire, with the state of their keys", async () => {
    const stage = staged(
      {
        process({ key, value }, { flush, total, at }) {
          total.add(value);
          if (value < 0) flush.clear();
          else flush.set(at + 100);
          return [`${key} ${value}`];
        },
        onTimer: {
          flush: ({ key, timestamp }, { total, flush }) => {
            flush.set(timestamp + 7);
            return [`${key} fires at ${timestamp} with ${total.read()}`];
          },
        },
      },
      { flush: eventTimer("flush"), total: combiningState("total", sum), at: timestampParam() },
    );
    const set = begin(stage, { pairs: [pair("a", 1), pair("b", 2), pair("b", -1)], family: "flush" });
    await runner.processed(set);
    const changes = await timersOf(set);
    assert.deepEqual(changes, [
      ["a", 100, 100],
      ["b", "cleared"],
    ]);
    const fired = begin(stage, { timers: [{ key: "a", at: 100 }], family: "flush" });
    await runner.processed(fired);
    const output = stage.decoded("Keyed.out", await runner.output(fired, "sink Keyed.out"));
    assert.deepEqual(output, ["a fires at 100 with 1"]);
    assert.deepEqual(await timersOf(fired), [["a", 107, 107]]);
  });

  async function timersOf(instruction: string, family = "flush"): Promise<unknown[]> {
    const reader = new ByteReader(await runner.output(instruction, `Keyed ${family}`));
    const timers: unknown[] = [];
    while (reader.remaining > 0) {
      const timer = TIMERS.decode(reader, true);
      timers.push(
        timer.clearBit ? [timer.userKey, "cleared"] : [timer.userKey, timer.fireTimestamp, timer.holdTimestamp],
      );
    }
    return timers;
  }

  it("leaves timers of windows that expire to the runner", async () => {
    const stage = staged(
      {
        process({ value }, { total }) {
          total.add(value);
        },
        onWindowExpiration: ({ key }, { total }) => [`${key} ${total.read()}`],
      },
      { total: combiningState("total", sum) },
    );
    const family = "girder:on_window_expiration";
    const first = begin(stage, { pairs: [pair("a", 4)], family });
    await runner.processed(first);
    assert.deepEqual(await timersOf(first, family), []);
    assert.deepEqual(await run(stage, { timers: [{ key: "a", at: 50 }], family }), ["a 4"]);
  });

  it("tells functions that their bundle is committed, when the runner says so", async () => {
    const told: string[] = [];
    const stage = staged(
      {
        process({ key }, { finalizer }) {
          finalizer.afterCommit(() => void told.push(key));
        },
      },
      { finalizer: bundleFinalizer() },
    );
    const instruction = begin(stage, { pairs: [pair("a", 1)] });
    const { requiresFinalization } = await runner.processed(instruction);
    assert.deepEqual([requiresFinalization, told], [true, []]);
    for (let i = 0; i < 2; i++) {
      const finalize = runner.instruct({ case: "finalizeBundle", value: { instructionId: instruction } });
      await runner.response(finalize);
      assert.deepEqual(told, ["a"]);
    }
  });

  it("fails the bundle where the runner takes no state", async () => {
    const stage = staged(
      { process: ({ value }, { last }) => last.write(value) as undefined },
      { last: valueState<number>("last", INTEGERS) },
    );
    runner.state = (request) => {
      if (request.request.case === "append") throw new Error("no room");
      return store.answer(request);
    };
    const { error } = await runner.response(begin(stage, { pairs: [pair("a", 1)] }));
    assert.match(error, /\[io\].*no room/);
  });
});
