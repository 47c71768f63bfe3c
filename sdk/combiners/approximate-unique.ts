/**
 * The number of distinct values, estimated from the least of their hashes ("k minimum values", Bar-Yossef et al. 2002).
 *
 * Hashes of distinct values are spread evenly over [0, 1), so if the k-th least lies at x there are about (k − 1)/x of
 * them. Which hashes are kept depends on the set of values alone, so every division of the input gives the same estimate.
 */
import { GirderError } from "../../portability/errors.js";
import { requireInteger } from "./arguments.js";
import type { CombineFn } from "./combine-fn.js";
import { hash53 } from "./hash.js";

/** The distinct hashes up to `bound`, 53-bit whole numbers; the k least of all are always among them. */
export interface UniqueAccumulator {
  /** The k-th least hash when any were last dropped; {@link NONE_DROPPED} until then. */
  bound: number;
  hashes: Set<number>;
}

/** Above every hash. */
const NONE_DROPPED = 2 ** 53;

/** Options of {@link approximateUnique}: how to tell values apart, and one of `sampleSize` and `error`. */
export interface UniqueOptions<T> {
  /** A value's bytes: two values are the same if theirs are. */
  readonly encode: (value: T) => Uint8Array;
  /** Number of hashes to keep, at least 16. Default 4096. Up to twice as many are held while adding. */
  readonly sampleSize?: number;
  /** The error to stay within, in [0.001, 0.5]: `sampleSize` is then 4 / error². */
  readonly error?: number;
}

/**
 * About how many distinct values there are. Exact up to `sampleSize` of them; beyond, the relative standard error is
 * 1/√(sampleSize − 2), so that 19 of 20 estimates lie within 2/√sampleSize: 3 % by default.
 *
 * @throws GirderError `invalid-argument` for sizes and errors out of range, or both at once.
 */
export function approximateUnique<T>(options: UniqueOptions<T>): CombineFn<T, UniqueAccumulator, number> {
  const { encode } = options;
  const size = sampleSizeOf(options);
  const createAccumulator = (): UniqueAccumulator => ({ bound: NONE_DROPPED, hashes: new Set() });

  const keepLeast = (accumulator: UniqueAccumulator): UniqueAccumulator => {
    if (accumulator.hashes.size <= size) return accumulator;
    const least = Float64Array.from(accumulator.hashes).sort().subarray(0, size);
    accumulator.hashes = new Set(least);
    accumulator.bound = least[size - 1] as number;
    return accumulator;
  };
  const add = (accumulator: UniqueAccumulator, hash: number): void => {
    if (hash > accumulator.bound) return;
    accumulator.hashes.add(hash);
    // Sorting only at twice the size makes an addition cost the logarithm of the size, on average.
    if (accumulator.hashes.size >= 2 * size) keepLeast(accumulator);
  };

  return {
    name: "approximateUnique",
    createAccumulator,
    addInput(accumulator, input) {
      add(accumulator, hash53(encode(input)));
      return accumulator;
    },
    mergeAccumulators(accumulators) {
      const all = Array.from(accumulators);
      const merged = createAccumulator();
      for (const { bound } of all) merged.bound = Math.min(merged.bound, bound);
      for (const { hashes } of all) for (const hash of hashes) add(merged, hash);
      return merged;
    },
    extractOutput({ bound, hashes }) {
      const kept = keepLeast({ bound, hashes });
      if (kept.bound === NONE_DROPPED) return kept.hashes.size;
      return Math.round(((size - 1) / kept.bound) * 2 ** 53);
    },
    compact: (accumulator) => keepLeast(accumulator),
  };
}

function sampleSizeOf(options: UniqueOptions<never>): number {
  const { sampleSize, error } = options;
  const where = "approximateUnique";
  if (sampleSize !== undefined && error !== undefined) {
    throw new GirderError("invalid-argument", "Both sampleSize and error are given.", {
      where,
      remedy: "Give one of them; the other follows from it.",
    });
  }
  if (error !== undefined) {
    if (!(error >= 0.001 && error <= 0.5)) {
      throw new GirderError("invalid-argument", `The error ${error} is not between 0.001 and 0.5.`, {
        where,
        remedy: "Give it as a share, such as 0.02.",
      });
    }
    return Math.ceil(4 / error ** 2);
  }
  const size = sampleSize ?? 4096;
  requireInteger(`${where}, sampleSize`, size, 16);
  return size;
}
