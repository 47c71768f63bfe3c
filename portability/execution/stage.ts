/**
 * The seam: what a runner asks of whoever runs its stages, and what it is answered.
 *
 * A stage is a set of fused transforms that one environment executes together. The runner hands it over once
 * ({@link StageWorker.prepare}), then again and again gives it a bundle's work ({@link BundleTask}) and is given the
 * bundle's results ({@link BundleResult}) to commit. The embedded harness implements this directly; a worker in another
 * process does through an adapter that speaks the Fn API.
 */
import type { Components, FunctionSpec } from "../gen/org/apache/beam/model/pipeline/v1/beam_runner_api_pb.js";
import type { MetricsContainer } from "../metrics/index.js";
import type { Batch, BatchCodec } from "./batch.js";
import type { SideInputContents } from "./side-input.js";
import type { Duration, Instant } from "./time.js";
import type { Timer, TimerChange, TimerFamily } from "./timer.js";
import type { StateChange, StateSpec, StateView } from "./user-state.js";
import type { InternedWindow } from "./window.js";
import type { WindowTable } from "./window-table.js";

/** A PCollection that enters a stage from outside, and who reads it there. */
export interface StageInput {
  readonly pcollection: string;
  readonly consumers: readonly { readonly transform: string; readonly localName: string }[];
}

/** A PCollection that leaves a stage. */
export interface StageOutput {
  readonly pcollection: string;
  /** Whether somebody groups it by key, so that its batches must carry key identities. */
  readonly keyed: boolean;
}

/** A side input that a transform of the stage reads. */
export interface StageSideInput {
  readonly transform: string;
  readonly localName: string;
  readonly pcollection: string;
}

/** What is to be executed, in terms of the submitted pipeline's components. */
export interface StageDescriptor {
  readonly id: string;
  /** The pipeline's components, with what the runner's optimiser has added. */
  readonly components: Components;
  /** Ids of the stage's transforms, producers before consumers. */
  readonly transforms: readonly string[];
  readonly inputs: readonly StageInput[];
  readonly outputs: readonly StageOutput[];
  readonly sideInputs: readonly StageSideInput[];
  /** States that transforms of the stage keep by key. */
  readonly states: readonly StateSpec[];
  readonly timers: readonly TimerFamily[];
}

/** A batch that a bundle is to process. */
export interface BundleInput {
  /** Index of {@link StageDescriptor.inputs}. */
  readonly input: number;
  readonly batch: Batch;
  /** The {@link Residual.watermark} of work that was left before: what is left of it once more has it still. */
  readonly watermark?: Instant;
}

/** The work of one bundle. */
export interface BundleTask {
  readonly bundle: number;
  /** What is to be processed, in this order. */
  readonly inputs: readonly BundleInput[];
  /** Timers that fire, of a key and window in the order of their timestamps. */
  readonly timers: readonly Timer[];
  /** The committed state of the stage's keys. Nothing else changes it while the bundle runs. */
  readonly state: StateView;
  /** By index of {@link StageDescriptor.sideInputs}. */
  readonly sideInputs: readonly SideInputContents[];
  /** When the bundle should come to its end, as `performance.now()` in ms: past it, the rest is returned unprocessed. */
  readonly deadline: number;
  /**
   * How long (ms) the bundle may keep the thread at a time. A bundle that lasts longer lets the event loop turn in
   * between and answers with a promise.
   */
  readonly slice: number;
  /** Elements after which the rest is returned unprocessed, whatever the time. */
  readonly maxElements: number;
  /** Estimated bytes of outputs after which the rest is returned unprocessed: outputs are held in memory until they are committed. */
  readonly maxOutputBytes: number;
  /** Set by the runner to end the bundle at the next element. */
  readonly stop: { stopped: boolean };
}

/** Work that a bundle returns instead of doing it. */
export interface Residual {
  /** Index of {@link StageDescriptor.inputs}. */
  readonly input: number;
  readonly batch: Batch;
  /** How long to wait before going on, in ms. 0 for the untouched rest of a bundle. */
  readonly delay: Duration;
  /** Lower bound of the timestamps this work may still produce; undefined means those of its elements. */
  readonly watermark?: Instant;
  /** False for work that does not come to an end by itself. Default: it does, or nobody knows. */
  readonly bounded?: boolean;
}

/** What a running bundle has left to others. */
export interface BundleSplit {
  /** What it still does: all of this, and nothing else, is to be done again if the bundle is lost. */
  readonly kept: BundleTask["inputs"];
  /** What it does not: it is no part of the bundle's result. */
  readonly residuals: readonly Residual[];
}

/** What a bundle did. It takes effect when the runner commits it, and not at all if it does not. */
export interface BundleResult {
  /** Batches by index of {@link StageDescriptor.outputs}, in order of production. */
  readonly outputs: readonly { readonly output: number; readonly batch: Batch }[];
  readonly residuals: readonly Residual[];
  /** Timers set and cleared, in order. Default: none. */
  readonly timers?: readonly TimerChange[];
  /** What became of state, a change a cell. Default: nothing. */
  readonly state?: readonly StateChange[];
  /** Is called once the bundle is committed, if its worker has asked to be told. */
  readonly finalize?: () => void;
  /** Is called instead where the runner has done without the result, and runs the bundle again. Default: nobody wants to know. */
  readonly discarded?: () => void;
  /** User metrics and element counts of this bundle alone. */
  readonly metrics: MetricsContainer;
}

/** A stage ready to run. */
export interface PreparedStage {
  /**
   * Runs a bundle. A plain result is committed in the same tick; a promise when it settles.
   *
   * @throws GirderError `user-exception` where a function of the author threw, which fails the job at once; anything
   *   else counts as a lost worker and is retried.
   */
  run(task: BundleTask): BundleResult | Promise<BundleResult>;
  /**
   * How many bundles of the stage may run at once, if it keeps no state: as many as its worker can compute. Default 1.
   */
  readonly parallelism?: number;
  /** How many may run at once while all of them wait for something. Default: `parallelism`. */
  readonly waiting?: number;
  /** Whether a running bundle waits, for a service or for time, rather than computes. Default: it computes. */
  waits?(bundle: number): Promise<boolean>;
  /**
   * Asks a running bundle to leave about half of what it has still to do. Undefined where it cannot, or is at its end. The
   * promise that `run` has returned settles after this one.
   */
  split?(bundle: number): Promise<BundleSplit | undefined>;
  /** Codec for batches of an input, output or side input of the stage. */
  codec(pcollection: string): BatchCodec;
  /** Frees what `prepare` took; calls the authors' `teardown`. */
  close(): void | Promise<void>;
}

/** A function of windows that only its environment knows. */
export interface WindowFunction {
  readonly components: Components;
  readonly spec: FunctionSpec;
  readonly environment: string;
  /** Ids of the windowing strategies whose windows go in and come out. */
  readonly from: string;
  readonly to: string;
}

/** A function that combines values. */
export interface CombineFunction {
  readonly spec: FunctionSpec;
  /** Id of the transform that merges its accumulators. */
  readonly transform: string;
  readonly environment: string;
}

/** Windows that become one. */
export interface WindowMerge {
  readonly from: readonly InternedWindow[];
  readonly into: InternedWindow;
}

/** Whoever runs stages of one environment. */
export interface StageWorker {
  /** @param windows The job's windows: batches refer to these. */
  prepare(stage: StageDescriptor, windows: WindowTable): Promise<PreparedStage>;
  /**
   * The windows of a side input that are looked up for windows of a main input, in their order. Not there where all window
   * functions are standard ones.
   */
  mapWindows?(
    fn: WindowFunction,
    table: WindowTable,
    windows: readonly InternedWindow[],
  ): Promise<readonly InternedWindow[]>;
  /** For each of several keys, which of its windows become one; windows that stay as they are may be left out. */
  mergeWindows?(
    fn: WindowFunction,
    table: WindowTable,
    keys: readonly (readonly InternedWindow[])[],
  ): Promise<readonly (readonly WindowMerge[])[]>;
  /**
   * Merges accumulators of a combine function, which stay as they are. Not there where that needs another process.
   *
   * @throws GirderError `user-exception` where the function throws.
   */
  mergeAccumulators?(combine: CombineFunction, groups: readonly (readonly unknown[])[]): readonly unknown[];
  /** Ends what was started for the stages, after all of them are closed. */
  close?(): Promise<void>;
}
