import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { GirderError, messageOf } from "../errors.js";
import {
  type HistogramValue_BucketOptions as BucketOptions,
  HistogramValue_BucketOptionsSchema as BucketOptionsSchema,
  HistogramValueSchema,
} from "../gen/org/apache/beam/model/pipeline/v1/metrics_pb.js";
import { addIntegers, type Integer, normalized, toInt64 } from "./integer.js";
import type { MetricCell } from "./metric-cell.js";
import { malformed } from "./payload.js";

/** Buckets of equal width: bucket i is [start + i·width, start + (i + 1)·width). */
export interface LinearBuckets {
  readonly type: "linear";
  readonly count: number;
  readonly start: number;
  readonly width: number;
}

/** Growing buckets: bucket i is [b^i, b^(i + 1)) for b = 2^(2^−scale), and the first begins at 0. */
export interface ExponentialBuckets {
  readonly type: "exponential";
  readonly count: number;
  readonly scale: number;
}

export type HistogramBuckets = LinearBuckets | ExponentialBuckets;

/** How many values fell where. */
export interface HistogramResult {
  /** All values, those outside every bucket included. */
  readonly count: Integer;
  readonly buckets: HistogramBuckets;
  /** For each bucket, the number of values in it. */
  readonly counts: readonly Integer[];
}

/**
 * Numbers counted by bucket (`beam:metrics:histogram_int64:v1`). Those outside every bucket, NaN among them, count only
 * towards the total: the wire form does not tell below from above.
 */
export class HistogramCell implements MetricCell<number, HistogramResult> {
  readonly kind = "histogram";
  readonly #buckets: HistogramBuckets;
  readonly #counts: Integer[];
  #count: Integer = 0;

  /** @throws GirderError `invalid-argument` for buckets that do not divide a range. */
  constructor(buckets: HistogramBuckets) {
    const { count } = buckets;
    const shaped =
      buckets.type === "linear"
        ? buckets.width > 0 && Number.isFinite(buckets.width) && Number.isFinite(buckets.start)
        : Number.isInteger(buckets.scale);
    if (!Number.isInteger(count) || count < 1 || count >= 2 ** 31 || !shaped) {
      throw new GirderError("invalid-argument", `${JSON.stringify(buckets)} are not buckets of a histogram.`, {
        remedy: "Give a whole number of buckets, and a positive width or a whole scale.",
      });
    }
    this.#buckets = buckets;
    this.#counts = new Array<Integer>(count).fill(0);
  }

  get isEmpty(): boolean {
    return this.#count === 0;
  }

  update(value: number): void {
    const at = bucketOf(this.#buckets, value);
    const held = this.#counts[at];
    if (held !== undefined) this.#counts[at] = addIntegers(held, 1);
    this.#count = addIntegers(this.#count, 1);
  }

  /** @throws GirderError `invalid-argument` if the buckets differ. */
  merge(other: this): void {
    if (!sameBuckets(this.#buckets, other.#buckets)) {
      throw new GirderError(
        "invalid-argument",
        `Histograms of one name have different buckets: ${JSON.stringify(this.#buckets)} and ${JSON.stringify(other.#buckets)}.`,
        { remedy: "Give the metric the same buckets everywhere, or another name." },
      );
    }
    this.#count = addIntegers(this.#count, other.#count);
    for (const [at, count] of other.#counts.entries()) this.#counts[at] = addIntegers(this.#counts[at] ?? 0, count);
  }

  result(): HistogramResult {
    return { count: this.#count, buckets: this.#buckets, counts: [...this.#counts] };
  }

  /** A `HistogramValue` message. */
  encode(): Uint8Array {
    return toBinary(
      HistogramValueSchema,
      create(HistogramValueSchema, {
        count: toInt64(this.#count),
        bucketOptions: toOptions(this.#buckets),
        bucketCounts: this.#counts.map(toInt64),
      }),
    );
  }

  snapshot(): this {
    const copy = new HistogramCell(this.#buckets) as this;
    copy.merge(this);
    return copy;
  }

  /** @throws GirderError `malformed-data` */
  static decode(payload: Uint8Array): HistogramCell {
    try {
      const { count, bucketOptions, bucketCounts } = fromBinary(HistogramValueSchema, payload);
      const cell = new HistogramCell(fromOptions(bucketOptions));
      if (bucketCounts.length > cell.#counts.length) throw new RangeError("there are more counts than buckets");
      cell.#count = normalized(count ?? bucketCounts.reduce((total, each) => total + each, 0n));
      for (const [at, each] of bucketCounts.entries()) cell.#counts[at] = normalized(each);
      return cell;
    } catch (cause) {
      throw malformed("histogram", messageOf(cause), cause);
    }
  }
}

/** The place of the value's bucket; one that does not exist (negative, too large or NaN) for a value outside. */
function bucketOf(buckets: HistogramBuckets, value: number): number {
  if (buckets.type === "linear") return Math.floor((value - buckets.start) / buckets.width);
  if (value < 0) return -1;
  return Math.max(0, Math.floor(Math.log2(value) * 2 ** buckets.scale));
}

function sameBuckets(a: HistogramBuckets, b: HistogramBuckets): boolean {
  if (a.count !== b.count) return false;
  if (a.type === "linear") return b.type === "linear" && a.start === b.start && a.width === b.width;
  return b.type === "exponential" && a.scale === b.scale;
}

function toOptions(buckets: HistogramBuckets): BucketOptions {
  const { count: numberOfBuckets } = buckets;
  return create(BucketOptionsSchema, {
    bucketType:
      buckets.type === "linear"
        ? { case: "linear", value: { numberOfBuckets, width: buckets.width, start: buckets.start } }
        : { case: "exponential", value: { numberOfBuckets, scale: buckets.scale } },
  });
}

function fromOptions(options: BucketOptions | undefined): HistogramBuckets {
  const bucketType = options?.bucketType;
  if (bucketType?.case === "linear") {
    const { numberOfBuckets = 0, width = 0, start = 0 } = bucketType.value;
    return { type: "linear", count: numberOfBuckets, start, width };
  }
  if (bucketType?.case === "exponential") {
    const { numberOfBuckets = 0, scale = 0 } = bucketType.value;
    return { type: "exponential", count: numberOfBuckets, scale };
  }
  throw new RangeError("it does not say what its buckets are");
}
