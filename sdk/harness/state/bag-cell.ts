import type { Coder } from "../../../portability/coders/index.js";
import type { StateAddress, StateChange } from "../../../portability/execution/user-state.js";
import type { BagState } from "../../state/cells.js";
import { type Cell, changeOfWhole } from "./cell.js";
import { fromStored } from "./stored-value.js";

export class BagCell implements Cell, BagState<unknown> {
  #committed: readonly unknown[] = [];
  #appended: unknown[] = [];
  #cleared = false;

  constructor(
    readonly address: StateAddress,
    readonly coder: Coder<unknown>,
  ) {}

  load(values: readonly unknown[]): void {
    this.#committed = values;
  }

  add(value: unknown): void {
    this.#appended.push(value);
  }

  read(): readonly unknown[] {
    return [...this.#committed.map((value) => fromStored(value, this.coder)), ...this.#appended];
  }

  isEmpty(): boolean {
    return this.#committed.length === 0 && this.#appended.length === 0;
  }

  clear(): void {
    this.#committed = [];
    this.#appended = [];
    this.#cleared = true;
  }

  change(): StateChange | undefined {
    if (!this.#cleared && this.#appended.length === 0) return undefined;
    return changeOfWhole(this.address, this.#cleared, this.#appended);
  }
}
