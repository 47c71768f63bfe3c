import type { CombineFn } from "./combine-fn.js";

/** A value and its event time in ms, as `Instant` of portability/execution/time.ts has it. */
export interface TimestampedValue<T> {
  readonly value: T;
  readonly timestamp: number;
}

/** The value with the latest timestamp, undefined for none. Of several at that instant it is any one. */
export function latest<T>(): CombineFn<TimestampedValue<T>, TimestampedValue<T>[], T | undefined> {
  const add = (accumulator: TimestampedValue<T>[], input: TimestampedValue<T>): TimestampedValue<T>[] => {
    const held = accumulator[0];
    if (held === undefined || input.timestamp >= held.timestamp) accumulator[0] = input;
    return accumulator;
  };
  return {
    name: "latest",
    createAccumulator: () => [],
    addInput: add,
    mergeAccumulators(accumulators) {
      const merged: TimestampedValue<T>[] = [];
      for (const [held] of accumulators) if (held !== undefined) add(merged, held);
      return merged;
    },
    extractOutput: ([held]) => held?.value,
  };
}
