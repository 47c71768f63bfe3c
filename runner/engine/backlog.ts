/** What a stage or a grouping has before it: where a pipeline is held up, and by how much. */
import type { Instant } from "../../portability/execution/time.js";

export interface NodeBacklog {
  /** Id of the stage or the grouping. */
  readonly id: string;
  /** How far event time has come for what it outputs. By how much that is behind the clock is its lag. */
  readonly watermark: Instant;
  /** Elements that wait before a stage, those put off included. 0 for a grouping. */
  readonly elements: number;
  /** Estimated bytes in memory of what waits before a stage, or what a grouping holds. */
  readonly bytes: number;
  /** Bundles that are out. */
  readonly bundles: number;
}
