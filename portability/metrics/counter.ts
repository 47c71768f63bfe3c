import { addIntegers, type Integer, requireMetricInteger } from "./integer.js";
import type { MetricCell } from "./metric-cell.js";
import { decodeIntegers, encodeIntegers } from "./payload.js";

/** A sum of integers (`beam:metrics:sum_int64:v1`). Exact here; on the wire it stops at the bounds of 64 bits. */
export class CounterCell implements MetricCell<Integer, Integer> {
  readonly kind = "counter";
  #sum: Integer;
  #recorded: boolean;

  constructor(sum?: Integer) {
    this.#sum = sum ?? 0;
    this.#recorded = sum !== undefined;
  }

  get isEmpty(): boolean {
    return !this.#recorded;
  }

  /** Adds `amount`, which may be negative. */
  update(amount: Integer): void {
    requireMetricInteger(amount);
    this.#sum = addIntegers(this.#sum, amount);
    this.#recorded = true;
  }

  merge(other: this): void {
    if (!other.isEmpty) this.update(other.result());
  }

  /** A number while it is safe, else a bigint. */
  result(): Integer {
    return this.#sum;
  }

  encode(): Uint8Array {
    return encodeIntegers([this.#sum]);
  }

  snapshot(): this {
    return new CounterCell(this.isEmpty ? undefined : this.#sum) as this;
  }

  /** @throws GirderError `malformed-data` */
  static decode(payload: Uint8Array): CounterCell {
    const [sum] = decodeIntegers(payload, 1, "counter");
    return new CounterCell(sum as Integer);
  }
}
