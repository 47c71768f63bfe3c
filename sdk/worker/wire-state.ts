/** One state of a stage as the runner keeps it: by which keys it is asked for, and how its values are written. */
import {
  ByteReader,
  ByteWriter,
  type Coder,
  encodeToBytes,
  IterableCoder,
  type KV,
  KVCoder,
} from "../../portability/coders/index.js";
import { GirderError } from "../../portability/errors.js";
import { type Instant, instantFromWire, instantToWire, MIN_TIMESTAMP } from "../../portability/execution/time.js";
import type { StateAddress, StateChange, StateContents, StatePart } from "../../portability/execution/user-state.js";
import type { StateSpec } from "../../portability/gen/org/apache/beam/model/pipeline/v1/beam_runner_api_pb.js";
import type { StateQuery } from "../harness/state/committed-state.js";
import { fromStored } from "../harness/state/stored-value.js";
import type { StateDeclaration } from "../state/state-param.js";
import type { StateKeyInit } from "./state-channel.js";

/** Asks the runner for all that a state key names. */
export type GetState = (key: StateKeyInit) => Promise<Uint8Array>;

/** What the runner is asked to do to a state, in this order. */
export interface StateWrite {
  readonly key: StateKeyInit;
  readonly clear: boolean;
  /** What is appended then; undefined for nothing. */
  readonly append: Uint8Array | undefined;
}

/** What a state key names, but for the kind of the state. */
interface Names {
  readonly transformId: string;
  readonly userStateId: string;
  readonly window: Uint8Array;
  readonly key: Uint8Array;
}

/** Instants of an ordered list, `to` excluded. */
const EVERYTHING = { start: -(2n ** 63n), end: 2n ** 63n - 1n };

export class WireState {
  /** Coders as the runner has described them: those that it does not know are framed by lengths. */
  readonly #value: Coder<unknown>;
  readonly #mapKey: Coder<unknown> | undefined;

  /**
   * @param spec As the runner has described it.
   * @param declaration As the author has declared it.
   * @param coder The coder of an id.
   * @param keyBytes The bytes by which the runner knows a key.
   */
  constructor(
    readonly transform: string,
    readonly id: string,
    { spec }: StateSpec,
    readonly declaration: StateDeclaration,
    coder: (id: string) => Coder<unknown>,
    readonly keyBytes: (address: StateAddress) => Uint8Array,
  ) {
    switch (spec.case) {
      case "readModifyWriteSpec":
        this.#value = coder(spec.value.coderId);
        break;
      case "bagSpec":
      case "setSpec":
      case "orderedListSpec":
        this.#value = coder(spec.value.elementCoderId);
        break;
      case "combiningSpec":
        this.#value = coder(spec.value.accumulatorCoderId);
        break;
      case "mapSpec":
      case "multimapSpec":
        this.#value = coder(spec.value.valueCoderId);
        this.#mapKey = coder(spec.value.keyCoderId);
        break;
      default:
        throw new GirderError("invalid-pipeline", `The state "${id}" is of no kind that this SDK knows.`, {
          where: transform,
        });
    }
  }

  #names(address: StateAddress): Names {
    return {
      transformId: this.transform,
      userStateId: this.id,
      window: Buffer.from(address.window.key, "latin1"),
      key: this.keyBytes(address),
    };
  }

  /** What is committed, as far as it is asked for. */
  async load(address: StateAddress, query: StateQuery, get: GetState): Promise<StateContents> {
    const names = this.#names(address);
    switch (this.declaration.kind) {
      case "ordered-list":
        return this.#loadList(names, query, get);
      case "map":
      case "multimap":
        return this.#loadMap(names, query, get);
      default: {
        const bytes = await get({ case: "bagUserState", value: names });
        return new Map([["", this.#decodeAll(bytes, this.#value)]]);
      }
    }
  }

  async #loadMap(names: Names, query: StateQuery, get: GetState): Promise<StateContents> {
    if ("part" in query) {
      const bytes = await get({ case: "multimapUserState", value: { ...names, mapKey: this.#mapKeyOf(query.part) } });
      return new Map([[query.part, this.#decodeAll(bytes, this.#value)]]);
    }
    if ("parts" in query && query.parts === "keys") {
      const bytes = await get({ case: "multimapKeysUserState", value: names });
      return new Map(this.#decodeAll(bytes, this.#mapKey!).map((key) => [this.#partOf(key), []]));
    }
    const bytes = await get({ case: "multimapEntriesUserState", value: names });
    const entries = new KVCoder(this.#mapKey!, new IterableCoder(this.#value)) as Coder<unknown>;
    const decoded = this.#decodeAll(bytes, entries) as KV<unknown, Iterable<unknown>>[];
    return new Map(decoded.map(({ key, value }) => [this.#partOf(key), [...value]]));
  }

  async #loadList(names: Names, query: StateQuery, get: GetState): Promise<StateContents> {
    const bounds = "from" in query ? rangeOf(query.from, query.to) : EVERYTHING;
    const reader = new ByteReader(await get({ case: "orderedListUserState", value: { ...names, range: bounds } }));
    const contents = new Map<StatePart, unknown[]>();
    while (reader.remaining > 0) {
      const at = instantFromWire(BigInt(reader.readVarint()));
      const value = this.#value.decode(reader, true);
      const values = contents.get(at);
      if (values === undefined) contents.set(at, [value]);
      else values.push(value);
    }
    return contents;
  }

  #decodeAll(bytes: Uint8Array, coder: Coder<unknown>): unknown[] {
    const reader = new ByteReader(bytes);
    const values: unknown[] = [];
    while (reader.remaining > 0) values.push(coder.decode(reader, true));
    return values;
  }

  /** A key of a map, of which cells know the bytes that its author's coder writes. */
  #mapKeyOf(part: StatePart): Uint8Array {
    const own = (this.declaration as StateDeclaration & { key: Coder<unknown> }).key;
    const key = own.decode(new ByteReader(Buffer.from(part as string, "latin1")), true);
    return encodeToBytes(this.#mapKey!, key, true);
  }

  #partOf(key: unknown): string {
    const own = (this.declaration as StateDeclaration & { key: Coder<unknown> }).key;
    return Buffer.from(encodeToBytes(own, key, true)).toString("latin1");
  }

  /** What the runner is to be asked for a change to take effect. */
  *writes({ address, cleared, parts }: StateChange): Generator<StateWrite, void, undefined> {
    const names = this.#names(address);
    const { kind } = this.declaration;
    if (kind === "ordered-list") {
      if (cleared) yield clearing({ case: "orderedListUserState", value: { ...names, range: EVERYTHING } });
      for (const [part, { cleared: gone, appended }] of parts) {
        const range = rangeOf(part as Instant, (part as Instant) + 1);
        if (gone && !cleared) yield clearing({ case: "orderedListUserState", value: { ...names, range } });
        if (appended.length === 0) continue;
        const append = this.#encode(appended, (out) => out.writeVarint64(range.start));
        yield { key: { case: "orderedListUserState", value: { ...names, range } }, clear: false, append };
      }
      return;
    }
    const isMap = kind === "map" || kind === "multimap";
    if (cleared) yield clearing({ case: isMap ? "multimapKeysUserState" : "bagUserState", value: names });
    for (const [part, { cleared: gone, appended }] of parts) {
      const key: StateKeyInit = isMap
        ? { case: "multimapUserState", value: { ...names, mapKey: this.#mapKeyOf(part) } }
        : { case: "bagUserState", value: names };
      const append = appended.length === 0 ? undefined : this.#encode(appended);
      yield { key, clear: gone && !cleared, append };
    }
  }

  #encode(values: readonly unknown[], before: (out: ByteWriter) => void = () => undefined): Uint8Array {
    const out = new ByteWriter(64);
    for (const stored of values) {
      before(out);
      this.#value.encode(fromStored(stored, this.declaration.coder), out, true);
    }
    return out.finish();
  }
}

function clearing(key: StateKeyInit): StateWrite {
  return { key, clear: true, append: undefined };
}

function rangeOf(from: Instant, to: Instant | undefined): { start: bigint; end: bigint } {
  const start = from <= MIN_TIMESTAMP ? EVERYTHING.start : instantToWire(from);
  return { start, end: to === undefined ? EVERYTHING.end : instantToWire(to) };
}
