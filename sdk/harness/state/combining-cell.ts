import type { Coder } from "../../../portability/coders/index.js";
import type { StateAddress, StateChange } from "../../../portability/execution/user-state.js";
import type { CombineFn } from "../../combiners/combine-fn.js";
import type { CombiningState } from "../../state/cells.js";
import { type Cell, changeOfWhole } from "./cell.js";
import { fromStored, toStored } from "./stored-value.js";

export class CombiningCell implements Cell, CombiningState<unknown, unknown> {
  #accumulator: unknown;
  #isEmpty = true;
  #changed = false;

  constructor(
    readonly address: StateAddress,
    readonly fn: CombineFn<unknown, unknown, unknown>,
    readonly coder: Coder<unknown>,
    readonly transform: string,
  ) {}

  load(values: readonly unknown[]): void {
    if (values.length === 0) return;
    const accumulators = values.map((value) => fromStored(value, this.coder));
    this.#accumulator = accumulators.length === 1 ? accumulators[0] : this.fn.mergeAccumulators(accumulators);
    this.#isEmpty = false;
  }

  add(value: unknown): void {
    this.#accumulator = this.fn.addInput(this.#isEmpty ? this.fn.createAccumulator() : this.#accumulator, value);
    this.#isEmpty = false;
    this.#changed = true;
  }

  read(): unknown {
    return this.fn.extractOutput(this.#isEmpty ? this.fn.createAccumulator() : this.#accumulator);
  }

  isEmpty(): boolean {
    return this.#isEmpty;
  }

  clear(): void {
    this.#accumulator = undefined;
    this.#isEmpty = true;
    this.#changed = true;
  }

  change(): StateChange | undefined {
    if (!this.#changed) return undefined;
    if (this.#isEmpty) return changeOfWhole(this.address, true, []);
    const small = this.fn.compact?.(this.#accumulator) ?? this.#accumulator;
    return changeOfWhole(this.address, true, [toStored(small, this.coder, this.transform)]);
  }
}
