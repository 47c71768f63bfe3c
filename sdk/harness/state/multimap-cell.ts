import type { Coder } from "../../../portability/coders/index.js";
import type { StateAddress, StateChange, StatePart } from "../../../portability/execution/user-state.js";
import type { MultimapState } from "../../state/cells.js";
import type { Cell } from "./cell.js";
import type { CommittedState } from "./committed-state.js";
import type { MapKeys } from "./map-keys.js";
import { PartLogs } from "./part-logs.js";
import { fromStored } from "./stored-value.js";

export class MultimapCell implements Cell, MultimapState<unknown, unknown> {
  readonly #logs: PartLogs;

  constructor(
    address: StateAddress,
    readonly mapKeys: MapKeys,
    readonly coder: Coder<unknown>,
    committed: CommittedState,
  ) {
    this.#logs = new PartLogs(address, committed);
  }

  #values(stored: readonly unknown[]): unknown[] {
    return stored.map((value) => fromStored(value, this.coder));
  }

  async get(key: unknown): Promise<readonly unknown[]> {
    return this.#values(await this.#logs.read(this.mapKeys.partOf(key)));
  }

  async has(key: unknown): Promise<boolean> {
    return (await this.#logs.read(this.mapKeys.partOf(key))).length > 0;
  }

  add(key: unknown, value: unknown): void {
    this.#logs.append(this.mapKeys.partOf(key), value);
  }

  delete(key: unknown): void {
    this.#logs.clearPart(this.mapKeys.partOf(key));
  }

  async keys(): Promise<readonly unknown[]> {
    const parts = await this.#logs.readMany({ parts: "keys" });
    return Array.from(parts.keys(), (part: StatePart) => this.mapKeys.keyOf(part));
  }

  async entries(): Promise<readonly (readonly [unknown, readonly unknown[]])[]> {
    const parts = await this.#logs.readMany({ parts: "all" });
    return Array.from(parts, ([part, values]) => [this.mapKeys.keyOf(part), this.#values(values)]);
  }

  async isEmpty(): Promise<boolean> {
    return (await this.#logs.readMany({ parts: "keys" })).size === 0;
  }

  clear(): void {
    this.#logs.clear();
  }

  change(): StateChange | undefined {
    return this.#logs.change();
  }
}
