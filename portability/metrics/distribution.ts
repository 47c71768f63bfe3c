import { addIntegers, INT64_MAX, INT64_MIN, type Integer, requireMetricInteger } from "./integer.js";
import type { MetricCell } from "./metric-cell.js";
import { decodeIntegers, encodeIntegers } from "./payload.js";

/** What is known of the integers recorded. `min` and `max` of none are undefined. */
export interface DistributionResult {
  readonly count: Integer;
  readonly sum: Integer;
  readonly min: Integer | undefined;
  readonly max: Integer | undefined;
}

/** Number, sum, least and greatest of integers (`beam:metrics:distribution_int64:v1`). */
export class DistributionCell implements MetricCell<Integer, DistributionResult> {
  readonly kind = "distribution";
  #count: Integer = 0;
  #sum: Integer = 0;
  #min: Integer = INT64_MAX;
  #max: Integer = INT64_MIN;

  get isEmpty(): boolean {
    return this.#count === 0;
  }

  update(value: Integer): void {
    requireMetricInteger(value);
    this.#add(1, value, value, value);
  }

  merge(other: this): void {
    this.#add(other.#count, other.#sum, other.#min, other.#max);
  }

  result(): DistributionResult {
    const bounds = this.isEmpty ? { min: undefined, max: undefined } : { min: this.#min, max: this.#max };
    return { count: this.#count, sum: this.#sum, ...bounds };
  }

  /** Count, sum, min, max. Those of nothing are 0, 0 and the bounds of 64 bits, which merge into anything. */
  encode(): Uint8Array {
    return encodeIntegers([this.#count, this.#sum, this.#min, this.#max]);
  }

  snapshot(): this {
    const copy = new DistributionCell();
    copy.#add(this.#count, this.#sum, this.#min, this.#max);
    return copy as this;
  }

  #add(count: Integer, sum: Integer, min: Integer, max: Integer): void {
    this.#count = addIntegers(this.#count, count);
    this.#sum = addIntegers(this.#sum, sum);
    if (min < this.#min) this.#min = min;
    if (max > this.#max) this.#max = max;
  }

  /** @throws GirderError `malformed-data` */
  static decode(payload: Uint8Array): DistributionCell {
    const [count, sum, min, max] = decodeIntegers(payload, 4, "distribution") as [Integer, Integer, Integer, Integer];
    const cell = new DistributionCell();
    if (count > 0) cell.#add(count, sum, min, max);
    return cell;
  }
}
