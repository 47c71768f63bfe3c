import type { Coder } from "../../../portability/coders/index.js";
import type { StateAddress, StateChange, StatePart } from "../../../portability/execution/user-state.js";
import type { MapState } from "../../state/cells.js";
import type { Cell } from "./cell.js";
import type { CommittedState } from "./committed-state.js";
import type { MapKeys } from "./map-keys.js";
import { fromStored, toStored } from "./stored-value.js";

/** What is known of one key. */
interface Entry {
  readonly value: unknown;
  readonly isThere: boolean;
  /** Whether the bundle has made it so. */
  readonly changed: boolean;
}

export class MapCell implements Cell, MapState<unknown, unknown> {
  readonly #entries = new Map<StatePart, Entry>();
  /** Whether nothing of what is committed is left, but for what is in the entries. */
  #cleared = false;

  constructor(
    readonly address: StateAddress,
    readonly mapKeys: MapKeys,
    readonly coder: Coder<unknown>,
    readonly committed: CommittedState,
  ) {}

  /** What a key has now: what is done while it is loaded makes no difference. */
  async #entry(key: unknown): Promise<Entry> {
    const part = this.mapKeys.partOf(key);
    const known = this.#entries.get(part);
    if (known !== undefined) return known;
    if (this.#cleared) return NOTHING;
    const contents = await this.committed.load(this.address, { part });
    return this.#learn(part, contents?.get(part));
  }

  /** What is committed for a key, of which note is taken unless the bundle knows better by now. */
  #learn(part: StatePart, values: readonly unknown[] | undefined): Entry {
    const isThere = values !== undefined && values.length > 0;
    const entry = { value: isThere ? fromStored(values.at(-1), this.coder) : undefined, isThere, changed: false };
    if (!this.#cleared && !this.#entries.has(part)) this.#entries.set(part, entry);
    return entry;
  }

  /** All keys that have a value now, with what is known of them. */
  async #all(parts: "all" | "keys"): Promise<Map<StatePart, Entry | undefined>> {
    const now = new Map<StatePart, Entry | undefined>(this.#entries);
    const contents = this.#cleared ? undefined : await this.committed.load(this.address, { parts });
    for (const [part, values] of contents ?? []) {
      if (!now.has(part)) now.set(part, parts === "all" ? this.#learn(part, values) : undefined);
    }
    for (const [part, entry] of now) if (entry?.isThere === false) now.delete(part);
    return now;
  }

  async get(key: unknown): Promise<unknown> {
    return (await this.#entry(key)).value;
  }

  async has(key: unknown): Promise<boolean> {
    return (await this.#entry(key)).isThere;
  }

  set(key: unknown, value: unknown): void {
    this.#entries.set(this.mapKeys.partOf(key), { value, isThere: true, changed: true });
  }

  delete(key: unknown): void {
    this.#entries.set(this.mapKeys.partOf(key), { value: undefined, isThere: false, changed: true });
  }

  async keys(): Promise<readonly unknown[]> {
    return Array.from((await this.#all("keys")).keys(), (part) => this.mapKeys.keyOf(part));
  }

  async entries(): Promise<readonly (readonly [unknown, unknown])[]> {
    return Array.from(await this.#all("all"), ([part, entry]) => [this.mapKeys.keyOf(part), entry!.value]);
  }

  async isEmpty(): Promise<boolean> {
    return (await this.#all("keys")).size === 0;
  }

  clear(): void {
    this.#entries.clear();
    this.#cleared = true;
  }

  change(): StateChange | undefined {
    const changed = [...this.#entries].filter(([, entry]) => entry.changed);
    if (!this.#cleared && changed.length === 0) return undefined;
    const { transform } = this.mapKeys;
    return {
      address: this.address,
      cleared: this.#cleared,
      parts: new Map(
        changed.map(([part, { value, isThere }]) => [
          part,
          { cleared: true, appended: isThere ? [toStored(value, this.coder, transform)] : [] },
        ]),
      ),
    };
  }
}

const NOTHING: Entry = { value: undefined, isThere: false, changed: false };
