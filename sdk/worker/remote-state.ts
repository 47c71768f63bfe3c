/** State of a runner elsewhere, as the cells of one bundle get it, and as what they have done is sent to it. */
import { ByteReader, ByteWriter, type Coder, encodeToBytes, type KVCoder } from "../../portability/coders/index.js";
import { GirderError } from "../../portability/errors.js";
import type { KeyIdentity } from "../../portability/execution/key-identity.js";
import { type Instant, instantFromWire, instantToWire } from "../../portability/execution/time.js";
import type { StateAddress, StateChange, StateContents, StatePart } from "../../portability/execution/user-state.js";
import type { CommittedState, StateQuery } from "../harness/state/committed-state.js";
import { fromStored } from "../harness/state/stored-value.js";
import type { StateDeclaration } from "../state/state-param.js";
import type { StateKeyInit } from "./state-channel.js";

/** A state of a stage, as it is known here and as it is written for the runner. */
export interface WireState {
  readonly transform: string;
  readonly id: string;
  readonly declaration: StateDeclaration;
  /** The values' coder, as the runner wants them written. */
  readonly coder: Coder<unknown>;
  /** Of maps, the coder of their keys, as the runner wants them written. */
  readonly mapKey: Coder<unknown> | undefined;
  /** The coder of the elements whose keys state is kept by. */
  readonly elements: KVCoder<unknown, unknown>;
  keyOf(identity: KeyIdentity): unknown;
}

/** Sends and asks, for one bundle. */
export interface StateCalls {
  get(key: StateKeyInit): Promise<Uint8Array>;
  append(key: StateKeyInit, data: Uint8Array): Promise<void>;
  clear(key: StateKeyInit): Promise<void>;
}

/** Keeps what bags hold from bundle to bundle. */
export interface StateKeeper {
  get(id: string): Uint8Array | undefined;
  put(id: string, bytes: Uint8Array): void;
  delete(id: string): void;
}

const NOTHING = new Uint8Array();
/** Instants of an ordered list, ms: all of them. */
const FIRST = -(2n ** 63n);
const LAST = 2n ** 63n - 1n;

export class RemoteState implements CommittedState {
  readonly isRemote = true;
  readonly #keys = new Map<KeyIdentity, Uint8Array>();

  constructor(
    readonly states: readonly WireState[],
    readonly calls: StateCalls,
    readonly keeper: StateKeeper,
  ) {}

  async load(address: StateAddress, query: StateQuery): Promise<StateContents | undefined> {
    const { kind } = this.states[address.state]!.declaration;
    if (kind === "map" || kind === "multimap") return this.#map(address, query);
    if (kind === "ordered-list") return this.#orderedList(address, query as { from: Instant; to: Instant | undefined });
    const values = this.#decoded(await this.#bag(address), address);
    return values.length === 0 ? undefined : new Map([["", values]]);
  }

  async #bag(address: StateAddress): Promise<Uint8Array> {
    const id = this.#id(address);
    const kept = this.keeper.get(id);
    if (kept !== undefined) return kept;
    const bytes = await this.calls.get(this.#bagKey(address));
    this.keeper.put(id, bytes);
    return bytes;
  }

  async #map(address: StateAddress, query: StateQuery): Promise<StateContents | undefined> {
    if ("part" in query) {
      const values = await this.#mapValues(address, query.part);
      return values.length === 0 ? undefined : new Map([[query.part, values]]);
    }
    const parts = await this.#mapParts(address);
    const isAll = "parts" in query && query.parts === "all";
    // Not every runner gives keys and values at once.
    const values = isAll ? await Promise.all(parts.map((part) => this.#mapValues(address, part))) : [];
    return new Map(parts.map((part, i) => [part, values[i] ?? []]));
  }

  async #mapParts(address: StateAddress): Promise<StatePart[]> {
    const { mapKey, declaration } = this.states[address.state]!;
    const own = keyCoderOf(declaration);
    const reader = new ByteReader(
      await this.calls.get({ case: "multimapKeysUserState", value: this.#stateKey(address) }),
    );
    const parts: StatePart[] = [];
    while (reader.remaining > 0) parts.push(latin1(encodeToBytes(own, mapKey!.decode(reader, true), true)));
    return parts;
  }

  async #mapValues(address: StateAddress, part: StatePart): Promise<unknown[]> {
    return this.#decoded(await this.calls.get(this.#mapPartKey(address, part)), address);
  }

  async #orderedList(
    address: StateAddress,
    { from, to }: { readonly from: Instant; readonly to: Instant | undefined },
  ): Promise<StateContents | undefined> {
    const range = { start: instantToWire(from), end: to === undefined ? LAST : instantToWire(to) };
    const reader = new ByteReader(await this.calls.get(this.#listKey(address, range.start, range.end)));
    const { coder } = this.states[address.state]!;
    const contents = new Map<StatePart, unknown[]>();
    while (reader.remaining > 0) {
      const at = instantFromWire(BigInt(reader.readVarint()));
      const value = coder.decode(reader, true);
      const values = contents.get(at);
      if (values === undefined) contents.set(at, [value]);
      else values.push(value);
    }
    return contents.size === 0 ? undefined : contents;
  }

  #decoded(bytes: Uint8Array, { state }: StateAddress): unknown[] {
    const { coder } = this.states[state]!;
    const reader = new ByteReader(bytes);
    const values: unknown[] = [];
    while (reader.remaining > 0) values.push(coder.decode(reader, true));
    return values;
  }

  /** Sends what a bundle has done; resolves when the runner has all of it. */
  async send(changes: readonly StateChange[]): Promise<void> {
    const sent: Promise<void>[] = [];
    for (const change of changes) {
      const { kind } = this.states[change.address.state]!.declaration;
      switch (kind) {
        case "map":
        case "multimap":
          this.#sendMap(change, sent);
          break;
        case "ordered-list":
          this.#sendList(change, sent);
          break;
        default:
          this.#sendBag(change, sent);
      }
    }
    await Promise.all(sent);
  }

  #sendBag({ address, cleared, parts }: StateChange, sent: Promise<void>[]): void {
    const key = this.#bagKey(address);
    const part = parts.get("");
    const isCleared = cleared || part?.cleared === true;
    if (isCleared) sent.push(this.calls.clear(key));
    const appended = this.#encoded(address, part?.appended ?? []);
    if (appended.length > 0) sent.push(this.calls.append(key, appended));
    const id = this.#id(address);
    const before = isCleared ? NOTHING : this.keeper.get(id);
    if (before === undefined) this.keeper.delete(id);
    else this.keeper.put(id, before.length === 0 ? appended : Buffer.concat([before, appended]));
  }

  #sendMap({ address, cleared, parts }: StateChange, sent: Promise<void>[]): void {
    const all: StateKeyInit = { case: "multimapKeysUserState", value: this.#stateKey(address) };
    if (cleared) sent.push(this.calls.clear(all));
    for (const [part, { cleared: isCleared, appended }] of parts) {
      const key = this.#mapPartKey(address, part);
      if (isCleared && !cleared) sent.push(this.calls.clear(key));
      if (appended.length > 0) sent.push(this.calls.append(key, this.#encoded(address, appended)));
    }
  }

  #sendList({ address, cleared, parts }: StateChange, sent: Promise<void>[]): void {
    if (cleared) sent.push(this.calls.clear(this.#listKey(address, FIRST, LAST)));
    const { coder, declaration } = this.states[address.state]!;
    const out = new ByteWriter();
    for (const [part, { cleared: isCleared, appended }] of parts) {
      const at = instantToWire(part as Instant);
      if (isCleared && !cleared) sent.push(this.calls.clear(this.#listKey(address, at, at + 1n)));
      for (const value of appended) {
        out.writeVarint64(at);
        coder.encode(fromStored(value, declaration.coder), out, true);
      }
    }
    if (out.length > 0) sent.push(this.calls.append(this.#listKey(address, FIRST, LAST), out.finish()));
  }

  #encoded({ state }: StateAddress, values: readonly unknown[]): Uint8Array {
    if (values.length === 0) return NOTHING;
    const { coder, declaration } = this.states[state]!;
    const out = new ByteWriter();
    for (const value of values) coder.encode(fromStored(value, declaration.coder), out, true);
    return out.finish();
  }

  #stateKey({ state, key, window }: StateAddress) {
    const { transform: transformId, id: userStateId } = this.states[state]!;
    return { transformId, userStateId, window: Buffer.from(window.key, "latin1"), key: this.#keyBytes(state, key) };
  }

  /** Keys are written as the runner has them, so that it finds what it has grouped by them. */
  #keyBytes(state: number, identity: KeyIdentity): Uint8Array {
    let bytes = this.#keys.get(identity);
    if (bytes === undefined) {
      const { elements, keyOf } = this.states[state]!;
      bytes = encodeToBytes(elements.key, keyOf(identity), true);
      this.#keys.set(identity, bytes);
    }
    return bytes;
  }

  #bagKey(address: StateAddress): StateKeyInit {
    return { case: "bagUserState", value: this.#stateKey(address) };
  }

  #mapPartKey(address: StateAddress, part: StatePart): StateKeyInit {
    const { mapKey, declaration } = this.states[address.state]!;
    const own = keyCoderOf(declaration).decode(new ByteReader(Buffer.from(part as string, "latin1")), true);
    return {
      case: "multimapUserState",
      value: { ...this.#stateKey(address), mapKey: encodeToBytes(mapKey!, own, true) },
    };
  }

  #listKey(address: StateAddress, start: bigint, end: bigint): StateKeyInit {
    return { case: "orderedListUserState", value: { ...this.#stateKey(address), range: { start, end } } };
  }

  #id({ state, key, window }: StateAddress): string {
    const { transform, id } = this.states[state]!;
    return JSON.stringify([transform, id, latin1(this.#keyBytes(state, key)), window.key]);
  }
}

function keyCoderOf(declaration: StateDeclaration): Coder<unknown> {
  if (declaration.kind === "map" || declaration.kind === "multimap") return declaration.key;
  throw new GirderError("internal", `a ${declaration.kind} state has no keys`);
}

function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("latin1");
}
