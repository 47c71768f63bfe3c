import assert from "node:assert/strict";
import { create, type MessageInitShape } from "@bufbuild/protobuf";
import fc from "fast-check";
import { ByteWriter } from "../../../portability/coders/index.js";
import { GirderError } from "../../../portability/errors.js";
import type { SideInputContents } from "../../../portability/execution/side-input.js";
import { WindowTable } from "../../../portability/execution/window-table.js";
import {
  type StateKeySchema,
  type StateRequest,
  StateRequestSchema,
} from "../../../portability/gen/org/apache/beam/model/fn_execution/v1/beam_fn_api_pb.js";
import { SideInputStore } from "../../engine/side-input-store.js";
import { StateStore } from "../../engine/state-store.js";
import { type DescribedStage, describeStage } from "./bundle-descriptor.js";
import { SideInputReader } from "./side-input-reader.js";
import { StateRequests } from "./state-requests.js";
import { DO, keyBytes, pairs, stageWith, taskWith, windowBytes } from "./testing/stage.js";

type KeyInit = NonNullable<MessageInitShape<typeof StateKeySchema>["type"]>;
type RequestInit = NonNullable<MessageInitShape<typeof StateRequestSchema>["request"]>;

const STAGE = stageWith({
  states: {
    bag: { case: "bagSpec", value: { elementCoderId: "bytes" } },
    multimap: { case: "multimapSpec", value: { keyCoderId: "string", valueCoderId: "bytes" } },
    list: { case: "orderedListSpec", value: { elementCoderId: "bytes" } },
  },
  sideInputs: ["side"],
});

/** Requests of bundles over one store of state. */
class Harness {
  readonly windows = new WindowTable();
  readonly described: DescribedStage = describeStage("descriptor", STAGE, this.windows, "localhost:1");
  readonly store = new StateStore();
  readonly #readers = this.described.sideInputs.map((codec) => new SideInputReader(codec));
  requests: StateRequests;

  constructor(readonly sideInputs: readonly SideInputContents[] = []) {
    this.requests = this.bundle();
  }

  /** Begins a bundle: what the one before did is forgotten unless it was committed. */
  bundle(): StateRequests {
    const windows = this.described.sources[0]!.codec.windows;
    const task = taskWith({ state: this.store, sideInputs: this.sideInputs });
    this.requests = new StateRequests(STAGE, this.described, this.#readers, () => windows, task);
    return this.requests;
  }

  commit(): void {
    this.store.apply(this.requests.state.changes);
    this.bundle();
  }

  ask(type: KeyInit, request: RequestInit): StateAnswerOf {
    const message = create(StateRequestSchema, { id: "1", instructionId: "i", stateKey: { type }, request });
    return this.requests.answer(message as StateRequest) as StateAnswerOf;
  }

  /** All that there is, fetched page by page. */
  get(type: KeyInit): Buffer {
    const parts: Uint8Array[] = [];
    let continuationToken: Uint8Array = new Uint8Array();
    do {
      const { value } = this.ask(type, { case: "get", value: { continuationToken } });
      parts.push(value.data);
      continuationToken = value.continuationToken;
    } while (continuationToken.length > 0);
    return Buffer.concat(parts);
  }

  append(type: KeyInit, data: Uint8Array): void {
    assert.equal(this.ask(type, { case: "append", value: { data } }).case, "append");
  }

  clear(type: KeyInit): void {
    assert.equal(this.ask(type, { case: "clear", value: {} }).case, "clear");
  }
}

interface StateAnswerOf {
  readonly case: string;
  readonly value: { readonly data: Uint8Array; readonly continuationToken: Uint8Array };
}

const cell = (userStateId: string, key = "k", start = 0) => ({
  transformId: DO,
  userStateId,
  window: windowBytes(start),
  key: keyBytes(key),
});
const bag = (key = "k", start = 0): KeyInit => ({ case: "bagUserState", value: cell("bag", key, start) });
const mapValues = (mapKey: string, key = "k"): KeyInit => ({
  case: "multimapUserState",
  value: { ...cell("multimap", key), mapKey: keyBytes(mapKey) },
});
const mapKeys = (key = "k"): KeyInit => ({ case: "multimapKeysUserState", value: cell("multimap", key) });
const mapEntries = (key = "k"): KeyInit => ({ case: "multimapEntriesUserState", value: cell("multimap", key) });
const list = (range?: readonly [bigint, bigint]): KeyInit => ({
  case: "orderedListUserState",
  value: { ...cell("list"), ...(range === undefined ? {} : { range: { start: range[0], end: range[1] } }) },
});
const side = { transformId: DO, sideInputId: "side", window: windowBytes(0) };

/** Values as the coder of bytes has them, one after another. */
const values = (...texts: readonly string[]): Buffer => Buffer.concat(texts.map(keyBytes));

/** Entries of an ordered list as workers write them. */
function entries(...all: readonly (readonly [at: bigint, value: string])[]): Buffer {
  return Buffer.concat(
    all.map(([at, value]) => {
      const writer = new ByteWriter();
      writer.writeVarint64(at);
      writer.writeBytes(keyBytes(value));
      return writer.finish();
    }),
  );
}

const isError =
  (code: string) =>
  (thrown: unknown): boolean =>
    thrown instanceof GirderError && thrown.code === code;

describe("state requests for a bag", () => {
  it("append, clear and read, apart for each key and window", () => {
    const harness = new Harness();
    harness.append(bag(), values("a"));
    harness.append(bag(), values("b", "c"));
    harness.append(bag("other"), values("x"));
    harness.append(bag("k", 10), values("y"));
    assert.deepEqual(harness.get(bag()), values("a", "b", "c"));
    harness.clear(bag());
    assert.equal(harness.get(bag()).length, 0);
    assert.deepEqual(harness.get(bag("other")), values("x"));
    assert.deepEqual(harness.get(bag("k", 10)), values("y"));
  });

  it("leave no trace when the bundle is lost, and are there when it has committed", () => {
    const harness = new Harness();
    harness.append(bag(), values("a"));
    harness.bundle();
    assert.equal(harness.get(bag()).length, 0);
    harness.append(bag(), values("a"));
    harness.commit();
    harness.append(bag(), values("b"));
    assert.deepEqual(harness.get(bag()), values("a", "b"));
    harness.clear(bag());
    harness.bundle();
    assert.deepEqual(harness.get(bag()), values("a"));
  });

  it("read more than fits into one answer", () => {
    const harness = new Harness();
    const value = Buffer.alloc(600_000, 7);
    for (let i = 0; i < 5; i++) harness.append(bag(), value);
    const first = harness.ask(bag(), { case: "get", value: {} }).value;
    assert.equal(first.data.length, 1_200_000);
    assert.ok(first.continuationToken.length > 0);
    assert.equal(harness.get(bag()).length, 3_000_000);
  });
});

describe("state requests for a multimap", () => {
  it("read keys, the values of a key, and both", () => {
    const harness = new Harness();
    harness.append(mapValues("a"), values("1", "2"));
    harness.append(mapValues("b"), values("3"));
    harness.append(mapValues("a"), values("4"));
    assert.deepEqual(harness.get(mapKeys()), values("a", "b"));
    assert.deepEqual(harness.get(mapValues("a")), values("1", "2", "4"));
    assert.equal(harness.get(mapValues("c")).length, 0);
    const both = Buffer.concat([
      Buffer.concat([keyBytes("a"), Buffer.from([0, 0, 0, 3]), values("1", "2", "4")]),
      Buffer.concat([keyBytes("b"), Buffer.from([0, 0, 0, 1]), values("3")]),
    ]);
    assert.deepEqual(harness.get(mapEntries()), both);
  });

  it("clear one key, or all of them, by either name", () => {
    const harness = new Harness();
    const fill = (): void => {
      for (const key of ["a", "b"]) harness.append(mapValues(key), values("1"));
      harness.commit();
    };
    fill();
    harness.clear(mapValues("a"));
    assert.deepEqual(harness.get(mapKeys()), values("b"));
    for (const all of [mapKeys(), mapEntries()]) {
      fill();
      harness.clear(all);
      assert.equal(harness.get(mapEntries()).length, 0);
      harness.append(mapValues("c"), values("2"));
      harness.commit();
      assert.deepEqual(harness.get(mapKeys()), values("c"));
    }
  });

  it("cannot append to its keys", () => {
    const harness = new Harness();
    for (const all of [mapKeys(), mapEntries()]) {
      assert.throws(() => harness.append(all, values("a")), isError("invalid-argument"));
    }
  });

  it("do what a map of lists does, over bundles that commit or are lost", () => {
    const step = fc.oneof(
      fc.record({ does: fc.constantFrom("append", "clear"), key: fc.constantFrom("a", "b", "c"), value: fc.string() }),
      fc.record({ does: fc.constantFrom("clear-all", "commit", "lose"), key: fc.constant(""), value: fc.constant("") }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (all) => {
        const harness = new Harness();
        let committed = new Map<string, string[]>();
        let model = new Map<string, string[]>();
        for (const { does, key, value } of all) {
          if (does === "append") {
            harness.append(mapValues(key), values(value));
            model.set(key, [...(model.get(key) ?? []), value]);
          } else if (does === "clear") {
            harness.clear(mapValues(key));
            model.delete(key);
          } else if (does === "clear-all") {
            harness.clear(mapKeys());
            model.clear();
          } else if (does === "commit") {
            harness.commit();
            committed = new Map(model);
          } else {
            harness.bundle();
            model = new Map(committed);
          }
          for (const each of ["a", "b", "c"]) {
            assert.deepEqual(harness.get(mapValues(each)), values(...(model.get(each) ?? [])));
          }
          const keys = harness.get(mapKeys());
          assert.equal(keys.length, model.size * 2);
          for (const each of model.keys()) assert.ok(keys.includes(Buffer.from(keyBytes(each))));
        }
      }),
      { numRuns: 60 },
    );
  });
});

describe("state requests for an ordered list", () => {
  it("read in the order of time, and of appending where times are the same", () => {
    const harness = new Harness();
    harness.append(list(), entries([5n, "e"], [-3n, "c"]));
    harness.append(list(), entries([5n, "f"], [0n, "d"], [-(2n ** 63n), "a"]));
    const all = entries([-(2n ** 63n), "a"], [-3n, "c"], [0n, "d"], [5n, "e"], [5n, "f"]);
    assert.deepEqual(harness.get(list()), all);
    harness.commit();
    harness.append(list(), entries([5n, "g"]));
    assert.deepEqual(harness.get(list([0n, 6n])), entries([0n, "d"], [5n, "e"], [5n, "f"], [5n, "g"]));
  });

  it("tell instants at the bounds of the model apart to the millisecond", () => {
    const harness = new Harness();
    const max = 9223372036854775n;
    harness.append(list(), entries([max + 1n, "y"], [max, "x"], [max - 1n, "w"], [-max, "b"], [-max - 1n, "a"]));
    assert.deepEqual(harness.get(list([max, max + 1n])), entries([max, "x"]));
    assert.deepEqual(harness.get(list([-max - 1n, -max])), entries([-max - 1n, "a"]));
    harness.clear(list([max, max + 1n]));
    assert.deepEqual(harness.get(list([max - 1n, max + 2n])), entries([max - 1n, "w"], [max + 1n, "y"]));
  });

  it("do what a sorted list does", () => {
    const times = fc.oneof(fc.bigInt(-5n, 5n), fc.bigInt(-(2n ** 63n), 2n ** 63n - 1n));
    const step = fc.record({
      does: fc.constantFrom("append", "append", "clear", "commit", "lose"),
      range: fc.tuple(times, times),
      added: fc.array(fc.tuple(times, fc.string({ maxLength: 3 })), { maxLength: 3 }),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30 }), (all) => {
        const harness = new Harness();
        let committed: (readonly [bigint, string])[] = [];
        let model: (readonly [bigint, string])[] = [];
        for (const { does, range, added } of all) {
          const within = ([at]: readonly [bigint, string]): boolean => at >= range[0] && at < range[1];
          if (does === "append") {
            harness.append(list(), entries(...added));
            model = [...model, ...added];
          } else if (does === "clear") {
            harness.clear(list(range));
            model = model.filter((entry) => !within(entry));
          } else if (does === "commit") {
            harness.commit();
            committed = model;
          } else {
            harness.bundle();
            model = committed;
          }
          const sorted = model.toSorted(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
          assert.deepEqual(harness.get(list()), entries(...sorted));
          assert.deepEqual(harness.get(list(range)), entries(...sorted.filter(within)));
        }
      }),
      { numRuns: 100 },
    );
  });

  it("refuse entries that do not end, and take none of what came with them", () => {
    const harness = new Harness();
    const whole = entries([1n, "a"], [2n, "bcd"]);
    for (const end of [1, 2, 4, 5, 6, 7]) {
      assert.throws(() => harness.append(list(), whole.subarray(0, end)), isError("malformed-data"), `${end}`);
    }
    for (const hex of ["80", "ff".repeat(12), "01ffffffffffffffffff01"]) {
      assert.throws(() => harness.append(list(), Buffer.from(hex, "hex")), isError("malformed-data"), hex);
    }
    assert.equal(harness.get(list()).length, 0);
  });
});

describe("state requests for a side input", () => {
  function withSide(): Harness {
    const harness = new Harness();
    const { codec } = harness.described.sources[0]!;
    const contents = new SideInputStore();
    contents.add(codec.decode(pairs(["a", "1", 3], ["b", "2", 4], ["a", "3", 13])));
    contents.add(codec.decode(pairs(["a", "4", 5])));
    const sideInput: SideInputContents = {
      get: () => undefined,
      values: () => [],
      entries: () => [],
      at: (key) => contents.at(key),
    };
    return new Harness([sideInput]);
  }

  it("read all elements of a window", () => {
    const all = withSide().get({ case: "iterableSideInput", value: side });
    assert.equal(all.toString("latin1"), "\x01a\x011\x01b\x012\x01a\x014");
    const other = withSide().get({ case: "iterableSideInput", value: { ...side, window: windowBytes(10) } });
    assert.equal(other.toString("latin1"), "\x01a\x013");
  });

  it("read the values of a key, the keys, and both", () => {
    const harness = withSide();
    const ofKey = (key: string): Buffer =>
      harness.get({ case: "multimapSideInput", value: { ...side, key: keyBytes(key) } });
    assert.deepEqual(ofKey("a"), values("1", "4"));
    assert.equal(ofKey("c").length, 0);
    assert.deepEqual(harness.get({ case: "multimapKeysSideInput", value: side }), values("a", "b"));
    const both = Buffer.concat([
      Buffer.concat([keyBytes("a"), Buffer.from([0, 0, 0, 2]), values("1", "4")]),
      Buffer.concat([keyBytes("b"), Buffer.from([0, 0, 0, 1]), values("2")]),
    ]);
    assert.deepEqual(harness.get({ case: "multimapKeysValuesSideInput", value: side }), both);
  });

  it("find nothing in a window that has nothing", () => {
    const window = windowBytes(100);
    const harness = withSide();
    assert.equal(harness.get({ case: "iterableSideInput", value: { ...side, window } }).length, 0);
    assert.equal(harness.get({ case: "multimapKeysSideInput", value: { ...side, window } }).length, 0);
  });
});

describe("state requests that make no sense", () => {
  it("are refused with what is wrong, and do not end the bundle", () => {
    const harness = new Harness();
    const get: RequestInit = { case: "get", value: {} };
    const refused = (type: KeyInit, code: string, request: RequestInit = get): void => {
      assert.throws(() => harness.ask(type, request), isError(code));
    };
    refused({ case: "bagUserState", value: { ...cell("nobody's") } }, "not-found");
    refused({ case: "bagUserState", value: { ...cell("bag"), transformId: "another" } }, "not-found");
    refused({ case: "iterableSideInput", value: { ...side, sideInputId: "another" } }, "not-found");
    refused({ case: "runner", value: { key: Uint8Array.of(1) } }, "not-found");
    refused({ case: "runner", value: { key: Uint8Array.of(1) } }, "invalid-argument", { case: "clear", value: {} });
    for (const window of ["", "80", "8000000000000000", "800000000000000080", "80000000000000000a00"]) {
      refused(
        { case: "bagUserState", value: { ...cell("bag"), window: Buffer.from(window, "hex") } },
        "malformed-data",
      );
    }
    const nothing = create(StateRequestSchema, { id: "1", stateKey: { type: bag() } });
    assert.throws(() => harness.requests.answer(nothing), isError("invalid-argument"));
    assert.throws(() => harness.requests.answer(create(StateRequestSchema, {})), isError("unsupported"));
    // A bag has no entries.
    harness.append(bag(), values("a"));
    refused({ case: "multimapEntriesUserState", value: cell("bag") }, "unsupported");
  });
});
