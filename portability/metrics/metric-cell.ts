/** The kinds of user metric. */
export type MetricKind = "counter" | "distribution" | "gauge" | "string-set" | "bounded-trie" | "histogram";

/**
 * What a metric has gathered in one place: one bundle, one worker, or a whole job. Merging is associative and
 * commutative, so cells of bundles can be merged as they commit.
 */
export interface MetricCell<Update, Result> {
  readonly kind: MetricKind;
  /** Whether nothing was recorded. Such a cell has nothing to report. */
  readonly isEmpty: boolean;
  /** @throws GirderError `invalid-argument` for a value that the metric cannot hold. */
  update(value: Update): void;
  /** Adds what `other` has gathered; leaves `other` as it is. */
  merge(other: this): void;
  result(): Result;
  /** The payload of its MonitoringInfo. */
  encode(): Uint8Array;
  /** A copy that later updates do not change, for a report while the bundle goes on. */
  snapshot(): this;
}
