import type { Coder } from "../../../portability/coders/index.js";
import type { KeyIdentity } from "../../../portability/execution/key-identity.js";
import type { StateAddress, StateChange } from "../../../portability/execution/user-state.js";
import type { SetState } from "../../state/cells.js";
import { encodingError } from "../encoding-error.js";
import { type Cell, changeOfWhole } from "./cell.js";
import { fromStored } from "./stored-value.js";

/** A set is committed as a bag without doubles. */
export class SetCell implements Cell, SetState<unknown> {
  #values = new Map<KeyIdentity, unknown>();
  #appended: unknown[] = [];
  /** Whether what is committed is replaced. */
  #rewritten = false;

  constructor(
    readonly address: StateAddress,
    readonly coder: Coder<unknown>,
    readonly transform: string,
  ) {}

  load(values: readonly unknown[]): void {
    for (const stored of values) {
      const value = fromStored(stored, this.coder);
      this.#values.set(this.#identity(value), value);
    }
  }

  #identity(value: unknown): KeyIdentity {
    try {
      return this.coder.keyIdentity(value);
    } catch (thrown) {
      throw encodingError(thrown, this.transform, value);
    }
  }

  add(value: unknown): void {
    const identity = this.#identity(value);
    if (this.#values.has(identity)) return;
    this.#values.set(identity, value);
    this.#appended.push(value);
  }

  delete(value: unknown): void {
    if (this.#values.delete(this.#identity(value))) this.#rewritten = true;
  }

  has(value: unknown): boolean {
    return this.#values.has(this.#identity(value));
  }

  read(): readonly unknown[] {
    return [...this.#values.values()];
  }

  isEmpty(): boolean {
    return this.#values.size === 0;
  }

  clear(): void {
    this.#values.clear();
    this.#rewritten = true;
  }

  change(): StateChange | undefined {
    if (this.#rewritten) return changeOfWhole(this.address, true, this.read());
    return this.#appended.length === 0 ? undefined : changeOfWhole(this.address, false, this.#appended);
  }
}
