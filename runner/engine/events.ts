/** What happens to the engine, and what it asks for in answer. Plain data, both ways. */
import type { Batch } from "../../portability/execution/batch.js";
import type { KeyIdentity } from "../../portability/execution/key-identity.js";
import type { SideInputContents } from "../../portability/execution/side-input.js";
import type { BundleResult, BundleSplit, WindowMerge } from "../../portability/execution/stage.js";
import type { Instant } from "../../portability/execution/time.js";
import type { Timer } from "../../portability/execution/timer.js";
import type { StateView } from "../../portability/execution/user-state.js";
import type { InternedWindow } from "../../portability/execution/window.js";
import type { StoredValues } from "./cell.js";

/** A batch for a stage, by input index. */
export interface WorkItem {
  readonly input: number;
  readonly batch: Batch;
  /** Lower bound of the timestamps that come of it. Default: those of its elements. */
  readonly hold?: Instant;
}

export type Work = readonly WorkItem[];

/** Windows that one key has open. */
export interface KeyWindows {
  readonly key: KeyIdentity;
  readonly windows: readonly InternedWindow[];
}

/** What became of the windows of one key. */
export interface MergedKey {
  readonly key: KeyIdentity;
  readonly merges: readonly WindowMerge[];
}

export type EngineEvent =
  /** The job begins. `impulse` is the batch that every impulse emits: one empty byte string in the global window. */
  | { readonly type: "start"; readonly impulse: Batch }
  /** The job is to come to its end soon, without losing anything: sources are to stop, and then windows close. */
  | { readonly type: "drain" }
  /** A bundle came to its end. */
  | { readonly type: "finished"; readonly bundle: number; readonly result: BundleResult }
  /** A bundle was lost with its worker: it is to run again. */
  | { readonly type: "lost"; readonly bundle: number }
  /**
   * A bundle takes long: what waits behind it is not to wait for it, and if nothing does, its own work may be shared. `waits` if it
   * takes hardly any computing.
   */
  | { readonly type: "slow"; readonly bundle: number; readonly waits: boolean }
  /** A bundle that is out does only a part of its work, as a `split` command asked for; the rest is anybody's. */
  | { readonly type: "split"; readonly bundle: number; readonly split: BundleSplit }
  /** The record of a finished bundle is safe: it takes effect. `now` is processing time, in ms. */
  | { readonly type: "committed"; readonly bundle: number; readonly now: Instant }
  /** What a `map-windows` command asked for: `to` in the order of `from`. */
  | {
      readonly type: "windows-mapped";
      readonly windowing: string;
      readonly from: readonly InternedWindow[];
      readonly to: readonly InternedWindow[];
    }
  /** What a `merge-windows` command asked for. */
  | { readonly type: "windows-merged"; readonly node: number; readonly keys: readonly MergedKey[] }
  /** The values of a `store-groups` command are safe elsewhere: from here on they are had from `stored`. */
  | { readonly type: "groups-stored"; readonly node: number; readonly stored: readonly StoredValues[] }
  /** What the accumulators of each group of a `merge-accumulators` command have become. */
  | { readonly type: "accumulators-merged"; readonly node: number; readonly merged: readonly unknown[] }
  /** The batches of a `store-batches` command are safe elsewhere. */
  | { readonly type: "batches-stored"; readonly node: number; readonly stored: readonly Batch[] }
  /** Processing time is now `now`, in ms. */
  | { readonly type: "tick"; readonly now: Instant };

export type EngineCommand =
  /** Run a bundle on the stage that is node `node` of the graph. `attempt` counts from 0. */
  | {
      readonly type: "run";
      readonly bundle: number;
      readonly node: number;
      readonly work: Work;
      readonly timers: readonly Timer[];
      readonly state: StateView;
      readonly sideInputs: readonly SideInputContents[];
      readonly attempt: number;
    }
  /** Take some of the work of a bundle that is out, and say so by `split`; as long as it is out, try again. */
  | { readonly type: "split"; readonly bundle: number; readonly node: number }
  /** Make the result of a bundle safe, then say `committed`. */
  | { readonly type: "commit"; readonly bundle: number; readonly node: number; readonly result: BundleResult }
  /** Move the values of a grouping's groups out of memory, before anything else. */
  | { readonly type: "store-groups"; readonly node: number; readonly values: readonly (readonly unknown[])[] }
  /** Merge the accumulators of each group into one, before anything else. */
  | { readonly type: "merge-accumulators"; readonly node: number; readonly values: readonly (readonly unknown[])[] }
  /** Move what waits before a stage out of memory, before anything else: batches with the index of their input. */
  | { readonly type: "store-batches"; readonly node: number; readonly work: Work }
  /** Ask which windows of a side input belong to these windows of a main input. */
  | { readonly type: "map-windows"; readonly windowing: string; readonly windows: readonly InternedWindow[] }
  /** Ask which of the windows of each key become one. */
  | { readonly type: "merge-windows"; readonly node: number; readonly keys: readonly KeyWindows[] }
  /** Tick when processing time has come to `at`. */
  | { readonly type: "wake"; readonly at: Instant }
  /** Move processing time on to `to` at least, then tick. */
  | { readonly type: "advance-clock"; readonly to: Instant }
  /** All watermarks have reached the end of time and nothing is left to do. */
  | { readonly type: "done" };

/** How the engine cuts work into bundles. */
export interface EngineOptions {
  /** Elements in a bundle, at most. */
  readonly maxBundleElements: number;
  /** Estimated bytes in a bundle, at most (but for a single batch). */
  readonly maxBundleBytes: number;
  /** Estimated bytes of grouped and waiting elements above which some are moved out of memory. */
  readonly memoryBudget: number;
  /**
   * Estimated bytes waiting downstream of a stage above which the stage is given nothing to do, as long as they become less:
   * a source does not run away from what reads it. Default: no limit.
   */
  readonly maxDownstreamBytes?: number;
  /** Whether work that never ends ends where it says that there is nothing to do for now. Default: it goes on. */
  readonly untilAvailable?: boolean;
  /** Bundles out at once, of all stages. */
  readonly maxOpenBundles: number;
}
