import { type Integer, requireMetricInteger } from "./integer.js";
import type { MetricCell } from "./metric-cell.js";
import { decodeIntegers, encodeIntegers } from "./payload.js";

/** A value and when it was set, in ms since 1970. */
export interface GaugeReading {
  readonly value: Integer;
  readonly timestamp: Integer;
}

/** The integer set last (`beam:metrics:latest_int64:v1`). Of two set in the same millisecond, the greater. */
export class GaugeCell implements MetricCell<GaugeReading, GaugeReading | undefined> {
  readonly kind = "gauge";
  #latest: GaugeReading | undefined;

  get isEmpty(): boolean {
    return this.#latest === undefined;
  }

  update({ value, timestamp }: GaugeReading): void {
    requireMetricInteger(value);
    requireMetricInteger(timestamp);
    const held = this.#latest;
    if (held === undefined || timestamp > held.timestamp || (timestamp === held.timestamp && value > held.value)) {
      this.#latest = { value, timestamp };
    }
  }

  merge(other: this): void {
    if (other.#latest !== undefined) this.update(other.#latest);
  }

  /** Undefined where it was never set. */
  result(): GaugeReading | undefined {
    return this.#latest;
  }

  /** Timestamp, then value; one that was never set is 0 at time 0. */
  encode(): Uint8Array {
    return encodeIntegers([this.#latest?.timestamp ?? 0, this.#latest?.value ?? 0]);
  }

  snapshot(): this {
    const copy = new GaugeCell();
    copy.#latest = this.#latest;
    return copy as this;
  }

  /** @throws GirderError `malformed-data` */
  static decode(payload: Uint8Array): GaugeCell {
    const [timestamp, value] = decodeIntegers(payload, 2, "gauge") as [Integer, Integer];
    const cell = new GaugeCell();
    cell.update({ value, timestamp });
    return cell;
  }
}
