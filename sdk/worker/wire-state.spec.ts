import assert from "node:assert/strict";
import { create } from "@bufbuild/protobuf";
import {
  type Coder,
  encodeToBytes,
  IterableCoder,
  JS_VALUE_CODER,
  KVCoder,
  LengthPrefixCoder,
  STRING_CODER,
  VARINT_CODER,
} from "../../portability/coders/index.js";
import type { StateAddress } from "../../portability/execution/user-state.js";
import { WindowTable } from "../../portability/execution/window-table.js";
import { StateSpecSchema } from "../../portability/gen/org/apache/beam/model/pipeline/v1/beam_runner_api_pb.js";
import { StoredValue } from "../harness/state/stored-value.js";
import type { StateDeclaration } from "../state/state-param.js";
import type { StateKeyInit } from "./state-channel.js";
import { type GetState, WireState } from "./wire-state.js";

const address: StateAddress = { state: 0, key: "k", window: new WindowTable().interval(0, 10) };

/** Coders as a runner describes them: it knows strings and numbers, and not the values of JavaScript. */
const CODERS: Readonly<Record<string, Coder<unknown>>> = {
  string: STRING_CODER as Coder<unknown>,
  varint: VARINT_CODER as Coder<unknown>,
  js: new LengthPrefixCoder(JS_VALUE_CODER) as Coder<unknown>,
};

type Spec = Parameters<typeof create<typeof StateSpecSchema>>[1];

function state(spec: NonNullable<Spec>["spec"], declaration: StateDeclaration): WireState {
  const proto = create(StateSpecSchema, { spec: spec! });
  return new WireState(
    "Step",
    "s",
    proto,
    declaration,
    (id) => CODERS[id]!,
    () => Buffer.from("key bytes"),
  );
}

/** Answers with these bytes, and remembers what was asked. */
function answering(bytes: Uint8Array): { get: GetState; asked: StateKeyInit[] } {
  const asked: StateKeyInit[] = [];
  return {
    asked,
    get: async (key) => {
      asked.push(key);
      return bytes;
    },
  };
}

const hex = (bytes: Uint8Array | undefined) => (bytes === undefined ? undefined : Buffer.from(bytes).toString("hex"));
const encoded = (coder: Coder<unknown>, ...values: unknown[]) =>
  Buffer.concat(values.map((value) => encodeToBytes(coder, value, true)));

const names = { transformId: "Step", userStateId: "s", window: Buffer.from(address.window.key, "latin1") };
const key = Buffer.from("key bytes");

describe("a state at a worker", () => {
  const bag = state({ case: "bagSpec", value: { elementCoderId: "js" } }, { kind: "bag", coder: JS_VALUE_CODER });
  const map = state(
    { case: "mapSpec", value: { keyCoderId: "js", valueCoderId: "js" } },
    { kind: "map", key: JS_VALUE_CODER, coder: JS_VALUE_CODER },
  );
  const list = state(
    { case: "orderedListSpec", value: { elementCoderId: "string" } },
    { kind: "ordered-list", coder: STRING_CODER as Coder<unknown> },
  );
  /** Cells know keys of maps by the bytes of their author's coder. */
  const part = Buffer.from(encodeToBytes(JS_VALUE_CODER, "m", true)).toString("latin1");

  it("of one part is asked for as a bag", async () => {
    const { get, asked } = answering(encoded(CODERS["js"]!, 1, { a: 2 }));
    assert.deepEqual(await bag.load(address, { part: "" }, get), new Map([["", [1, { a: 2 }]]]));
    assert.deepEqual(asked, [{ case: "bagUserState", value: { ...names, key } }]);
  });

  it("of a map is asked for by key, by all keys, or whole", async () => {
    const mapKey = Buffer.from(encoded(CODERS["js"]!, "m"));
    const one = answering(encoded(CODERS["js"]!, 7));
    assert.deepEqual(await map.load(address, { part }, one.get), new Map([[part, [7]]]));
    const [asked] = one.asked as [StateKeyInit & { readonly case: "multimapUserState" }];
    assert.equal(asked.case, "multimapUserState");
    assert.equal(hex(asked.value.mapKey), hex(mapKey));
    const keys = answering(mapKey);
    assert.deepEqual(await map.load(address, { parts: "keys" }, keys.get), new Map([[part, []]]));
    assert.equal(keys.asked[0]?.case, "multimapKeysUserState");
    const entries = new KVCoder(CODERS["js"]!, new IterableCoder(CODERS["js"]!)) as Coder<unknown>;
    const whole = answering(encoded(entries, { key: "m", value: [7, 8] }));
    assert.deepEqual(await map.load(address, { parts: "all" }, whole.get), new Map([[part, [7, 8]]]));
    assert.equal(whole.asked[0]?.case, "multimapEntriesUserState");
  });

  it("of an ordered list is asked for by ranges", async () => {
    const entry = (at: number, text: string) =>
      Buffer.concat([encoded(CODERS["varint"]!, BigInt(at)), encoded(CODERS["string"]!, text)]);
    const { get, asked } = answering(Buffer.concat([entry(3, "a"), entry(3, "b"), entry(5, "c")]));
    const contents = await list.load(address, { from: 3, to: 9 }, get);
    assert.deepEqual(
      contents,
      new Map<number, string[]>([
        [3, ["a", "b"]],
        [5, ["c"]],
      ]),
    );
    const range = { start: 3n, end: 9n };
    assert.deepEqual(asked, [{ case: "orderedListUserState", value: { ...names, key, range } }]);
  });

  it("is cleared and appended to as its bundle has done", () => {
    const writes = [
      ...bag.writes({
        address,
        cleared: false,
        parts: new Map([
          ["", { cleared: true, appended: [1, new StoredValue(encodeToBytes(JS_VALUE_CODER, { a: 2 }, true))] }],
        ]),
      }),
      ...bag.writes({ address, cleared: false, parts: new Map([["", { cleared: true, appended: [] }]]) }),
      ...map.writes({ address, cleared: true, parts: new Map([[part, { cleared: true, appended: [7] }]]) }),
      ...map.writes({ address, cleared: false, parts: new Map([[part, { cleared: true, appended: [] }]]) }),
      ...list.writes({ address, cleared: false, parts: new Map([[3, { cleared: true, appended: ["a", "b"] }]]) }),
      ...list.writes({ address, cleared: true, parts: new Map() }),
    ].map((write) => [write.key.case, write.clear, hex(write.append)]);
    assert.deepEqual(writes, [
      ["bagUserState", true, hex(encoded(CODERS["js"]!, 1, { a: 2 }))],
      ["bagUserState", true, undefined],
      ["multimapKeysUserState", true, undefined],
      ["multimapUserState", false, hex(encoded(CODERS["js"]!, 7))],
      ["multimapUserState", true, undefined],
      ["orderedListUserState", true, undefined],
      ["orderedListUserState", false, "03016103" + "0162"],
      ["orderedListUserState", true, undefined],
    ]);
  });
});
