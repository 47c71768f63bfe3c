/** What happens to the engine, and what it asks for in answer. Plain data, both ways. */
import type { Batch } from "../../portability/execution/batch.js";
import type { BundleResult, SideInputContents } from "../../portability/execution/stage.js";
import type { Instant } from "../../portability/execution/time.js";

/** Batches for a stage, by input index. */
export type Work = readonly { readonly input: number; readonly batch: Batch }[];

export type EngineEvent =
  /** The job begins. `impulse` is the batch that every impulse emits: one empty byte string in the global window. */
  | { readonly type: "start"; readonly impulse: Batch }
  /** A bundle came to its end. */
  | { readonly type: "finished"; readonly bundle: number; readonly result: BundleResult }
  /** A bundle was lost with its worker: it is to run again. */
  | { readonly type: "lost"; readonly bundle: number }
  /** The record of a finished bundle is safe: it takes effect. */
  | { readonly type: "committed"; readonly bundle: number }
  /** Processing time is now `now`, in ms. */
  | { readonly type: "tick"; readonly now: Instant };

export type EngineCommand =
  /** Run a bundle on the stage that is node `node` of the graph. `attempt` counts from 0. */
  | {
      readonly type: "run";
      readonly bundle: number;
      readonly node: number;
      readonly work: Work;
      readonly sideInputs: readonly SideInputContents[];
      readonly attempt: number;
    }
  /** Make the result of a bundle safe, then say `committed`. */
  | { readonly type: "commit"; readonly bundle: number; readonly node: number; readonly result: BundleResult }
  /** Tick when processing time has come to `at`. */
  | { readonly type: "wake"; readonly at: Instant }
  /** All watermarks have reached the end of time and nothing is left to do. */
  | { readonly type: "done" };

/** How the engine cuts work into bundles. */
export interface EngineOptions {
  /** Elements in a bundle, at most. */
  readonly maxBundleElements: number;
  /** Estimated bytes in a bundle, at most (but for a single batch). */
  readonly maxBundleBytes: number;
  /** Bundles out at once. A stage has one out at a time: an instance of a DoFn runs in one bundle only. */
  readonly maxOpenBundles: number;
}
