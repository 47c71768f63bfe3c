import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { create } from "@bufbuild/protobuf";
import { NO_FIRING, type PaneInfo, type PaneTiming } from "../execution/pane.js";
import { type Instant, instantFromWire } from "../execution/time.js";
import { type BoundedWindow, GLOBAL_WINDOW, IntervalWindow } from "../execution/window.js";
import type { WindowedValue } from "../execution/windowed-value.js";
import {
  CoderSchema,
  ComponentsSchema,
  FunctionSpecSchema,
  type Coder as ProtoCoder,
} from "../gen/org/apache/beam/model/pipeline/v1/beam_runner_api_pb.js";
import { StandardCoders } from "../urns.js";
import type { Coder } from "./coder.js";
import { decodeFromBytes, encodeToBytes } from "./encoding.js";
import { CoderRegistry } from "./registry.js";
import { coderFromProto, STANDARD_CODERS } from "./standard-coders.js";
import { StateBackedIterableCoder } from "./state-backed-iterable-coder.js";

const { Enum } = StandardCoders;
const VECTORS = new URL("../../../portability/vectors/standard-coders.json", import.meta.url);

interface VectorCoder {
  readonly urn: string;
  readonly payload?: string;
  readonly components?: readonly VectorCoder[];
  readonly non_deterministic?: boolean;
  readonly state?: Readonly<Record<string, string>>;
}

interface Section {
  readonly coder: VectorCoder;
  readonly nested?: boolean;
  readonly examples: readonly { readonly encoded: string; readonly value: unknown }[];
}

type Fields = Readonly<Record<string, unknown>>;

const latin1 = (text: unknown): Uint8Array => new Uint8Array(Buffer.from(text as string, "latin1"));

function integer(json: unknown): number | bigint {
  if (typeof json === "number") return json;
  return BigInt((json as { int64: string }).int64);
}

const instant = (json: unknown): Instant => instantFromWire(BigInt(integer(json)));

function window(json: unknown): BoundedWindow {
  if (json === "global" || json === "") return GLOBAL_WINDOW;
  const { end, span } = json as Fields;
  return new IntervalWindow(instantFromWire(BigInt(integer(end)) - BigInt(integer(span))), instant(end));
}

function pane(json: unknown): PaneInfo {
  const fields = json as Fields;
  return {
    timing: fields["timing"] as PaneTiming,
    isFirst: fields["is_first"] as boolean,
    isLast: fields["is_last"] as boolean,
    index: fields["index"] as number,
    nonSpeculativeIndex: fields["on_time_index"] as number,
  };
}

/** Of the schemas in the vectors, what a field's name says of its notation. */
function rowField(name: string, json: unknown): unknown {
  if (json === null) return null;
  switch (name) {
    case "f64":
      return Number(json);
    case "f_float":
      return Math.fround(Number(json));
    case "f_bytes":
    case "f_varbytes":
      return latin1(json);
    case "f_map":
      return new Map(Object.entries(json as Fields).map(([key, x]) => [key, x === null ? null : integer(x)]));
    case "f_timestamp":
      // For millis_instant the vectors give the wire's 64 bits, whose sign is flipped.
      return "int64" in (json as Fields) ? Number(BigInt(integer(json)) + 2n ** 63n) : json;
    default:
      return json;
  }
}

function fromJson(coder: VectorCoder, json: unknown): unknown {
  const part = (i: number, value: unknown) => fromJson(coder.components![i]!, value);
  const fields = json as Fields;
  switch (coder.urn) {
    case Enum.BYTES:
      return latin1(json);
    case Enum.BOOL:
    case Enum.STRING_UTF8:
      return json;
    case Enum.VARINT:
      return integer(json);
    case Enum.DOUBLE:
      return Number(json);
    case Enum.KV:
      return { key: part(0, fields["key"]), value: part(1, fields["value"]) };
    case Enum.ITERABLE:
    case Enum.STATE_BACKED_ITERABLE:
      return (json as unknown[]).map((element) => part(0, element));
    case Enum.NULLABLE:
      return json === null ? null : part(0, json);
    case Enum.GLOBAL_WINDOW:
    case Enum.INTERVAL_WINDOW:
      return window(json);
    case Enum.CUSTOM_WINDOW:
      return part(0, fields["window"]);
    case Enum.SHARDED_KEY:
      return { key: part(0, fields["key"]), shardId: latin1(fields["shardId"]) };
    case Enum.ROW:
      return Object.fromEntries(Object.entries(fields).map(([name, field]) => [name, rowField(name, field)]));
    case Enum.WINDOWED_VALUE:
    case Enum.PARAM_WINDOWED_VALUE:
      return {
        value: part(0, fields["value"]),
        timestamp: instant(fields["timestamp"]),
        windows: (fields["windows"] as unknown[]).map(window),
        pane: pane(fields["pane"]),
      } satisfies WindowedValue<unknown>;
    case Enum.TIMER: {
      const { userKey, dynamicTimerTag, windows, clearBit } = fields;
      const address = {
        userKey: part(0, userKey),
        dynamicTimerTag,
        windows: (windows as unknown[]).map(window),
        clearBit,
      };
      if (clearBit === true) return address;
      const { fireTimestamp, holdTimestamp } = fields;
      return {
        ...address,
        fireTimestamp: instant(fireTimestamp),
        holdTimestamp: instant(holdTimestamp),
        pane: pane(fields["pane"]),
      };
    }
    default:
      throw new Error(`The vectors have a coder that this test does not know: ${coder.urn}`);
  }
}

function registryFor(coder: VectorCoder): CoderRegistry {
  const { state } = coder;
  if (state === undefined) return STANDARD_CODERS;
  const fetching = {
    components: 1,
    create: ([element]: readonly Coder<unknown>[]) =>
      new StateBackedIterableCoder(element!, {
        fetch: (token) => {
          const bytes = latin1(state[Buffer.from(token).toString("latin1")]!);
          return Array.from(bytes, (byte) => decodeFromBytes(element!, Uint8Array.of(byte)));
        },
      }),
  };
  const registry = new CoderRegistry();
  const inner = coder.components![0]!.urn;
  registry.register(coder.urn, fetching);
  registry.register(inner, {
    components: 0,
    create: () => coderFromProto("inner", protoOf(coder.components![0]!, "inner")),
  });
  return registry;
}

function protoOf(coder: VectorCoder, id: string, coders: Record<string, ProtoCoder> = {}) {
  const componentCoderIds = (coder.components ?? []).map((component, i) => {
    protoOf(component, `${id}.${i}`, coders);
    return `${id}.${i}`;
  });
  const spec = create(FunctionSpecSchema, { urn: coder.urn, payload: latin1(coder.payload ?? "") });
  coders[id] = create(CoderSchema, { spec, componentCoderIds });
  return create(ComponentsSchema, { coders });
}

describe("Beam's standard coder examples", () => {
  const sections = JSON.parse(readFileSync(VECTORS, "utf8")) as readonly Section[];
  let examples = 0;

  for (const [number, { coder: vector, nested, examples: cases }] of sections.entries()) {
    const contexts = nested === undefined ? [false, true] : [nested];
    const parts = vector.components?.map((component) => component.urn.split(":")[2]).join(", ") ?? "";
    describe(`section ${number}: ${vector.urn.split(":")[2]}(${parts})`, () => {
      const coder = registryFor(vector).fromProto("c", protoOf(vector, "c"));
      for (const [i, { encoded, value: json }] of cases.entries()) {
        examples++;
        for (const context of contexts) {
          it(`reads and writes example ${i}, ${context ? "nested" : "outer"}`, () => {
            const value = fromJson(vector, json);
            assert.deepEqual(decodeFromBytes(coder, latin1(encoded), context), value);
            const bytes = encodeToBytes(coder, value, context);
            if (vector.non_deterministic === true) assert.deepEqual(decodeFromBytes(coder, bytes, context), value);
            else assert.equal(Buffer.from(bytes).toString("latin1"), encoded);
          });
        }
      }
    });
  }

  it("are 124 in 45 sections, and none is left out", () => {
    assert.equal(sections.length, 45);
    assert.equal(examples, 124);
  });

  it("use panes that are shared where they are one byte", () => {
    const coder = coderFromProto(
      "c",
      protoOf({ urn: Enum.WINDOWED_VALUE, components: [{ urn: Enum.VARINT }, { urn: Enum.GLOBAL_WINDOW }] }, "c"),
    );
    const bytes = encodeToBytes(coder, { value: 1, timestamp: 0, windows: [GLOBAL_WINDOW], pane: NO_FIRING });
    assert.equal((decodeFromBytes(coder, bytes) as WindowedValue<number>).pane, NO_FIRING);
  });
});
