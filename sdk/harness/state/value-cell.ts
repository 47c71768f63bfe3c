import type { Coder } from "../../../portability/coders/index.js";
import type { StateAddress, StateChange } from "../../../portability/execution/user-state.js";
import type { ValueState } from "../../state/cells.js";
import { type Cell, changeOfWhole } from "./cell.js";
import { fromStored, toStored } from "./stored-value.js";

export class ValueCell implements Cell, ValueState<unknown> {
  #value: unknown;
  #has = false;
  #changed = false;

  constructor(
    readonly address: StateAddress,
    readonly coder: Coder<unknown>,
    readonly transform: string,
  ) {}

  load(values: readonly unknown[]): void {
    if (values.length === 0) return;
    this.#value = fromStored(values.at(-1), this.coder);
    this.#has = true;
  }

  read(): unknown {
    return this.#value;
  }

  write(value: unknown): void {
    this.#value = value;
    this.#has = true;
    this.#changed = true;
  }

  clear(): void {
    this.#value = undefined;
    this.#has = false;
    this.#changed = true;
  }

  change(): StateChange | undefined {
    if (!this.#changed) return undefined;
    return changeOfWhole(this.address, true, this.#has ? [toStored(this.#value, this.coder, this.transform)] : []);
  }
}
