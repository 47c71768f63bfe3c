/** What the engine is told of a pipeline: nodes, and the PCollections between them. No protos. */
import type { Batch } from "../../portability/execution/batch.js";
import type { Duration, Instant } from "../../portability/execution/time.js";
import type { TimeDomain } from "../../portability/execution/timer.js";
import type { Trigger } from "./trigger.js";
import type { WindowMapping } from "./window-mapping.js";

/** Emits one element when the job starts. */
export interface ImpulseNode {
  readonly kind: "impulse";
  readonly id: string;
  readonly output: string;
}

/** Outputs what a {@link TestStream} says. */
export interface ScriptedNode {
  readonly kind: "scripted";
  readonly id: string;
  readonly output: string;
}

/** A PCollection that a stage looks up. */
export interface EngineSideInput {
  readonly pcollection: string;
  readonly mapping: WindowMapping;
  /**
   * When a window of it can be looked up: once it is complete, or, where its trigger fires more often, once it has had a pane
   * (one that is not early, if the trigger has one for the window's end). Default: when it is complete.
   */
  readonly ready?: "complete" | "on-time-pane" | "first-pane";
  /** Whether a pane takes the place of the one before it. Default: no, they add up. */
  readonly accumulating?: boolean;
}

/** Transforms that a worker runs, bundle by bundle. */
export interface StageNode {
  readonly kind: "stage";
  readonly id: string;
  /** PCollections by input index; one may occur more than once. */
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly sideInputs: readonly EngineSideInput[];
  /** The clocks that its timer families go by. */
  readonly timers: readonly TimeDomain[];
  /** Whether elements are processed in the order of their timestamps, as soon as no earlier one can come in time. */
  readonly timeSorted?: boolean;
  /**
   * Whether it makes restrictions end, so that a job which is being drained does. Until then its one input is its one output,
   * and whoever reads that gets what it leaves over truncated, too. Default: no.
   */
  readonly truncating?: boolean;
  /**
   * Bundles that may be out at once, whichever elements they have. Default 1: the next begins when the last has ended, as
   * state and timers of a key want it, and a worker with a single thread.
   */
  readonly parallelism?: number;
  /** Bundles that may be out at once while none of them computes. Default: as many as may compute at once. */
  readonly waiting?: number;
  /** Whether it keeps something by key and window: then elements of windows that have expired are dropped. Default: no. */
  readonly stateful?: boolean;
  /** How long after a window's end (ms) its state and timers are kept, and elements taken for it. */
  readonly allowedLateness: Duration;
}

/** Gathers the values of each key and window, and emits them when the window's trigger fires. */
export interface GroupByKeyNode {
  readonly kind: "group-by-key";
  readonly id: string;
  readonly input: string;
  readonly output: string;
  readonly strategy: GroupingStrategy;
  /** Whether values are accumulators, which may be merged at any time. Default: no. */
  readonly accumulators?: boolean;
  /** What two values share that are equal, where some may be retracted. Default: none are. */
  readonly valueIdentity?: ValueIdentity;
}

/** The identity of a value by its reference. */
export type ValueIdentity = (ref: unknown) => unknown;

/** Makes one PCollection of several whose elements are held alike. */
export interface FlattenNode {
  readonly kind: "flatten";
  readonly id: string;
  readonly inputs: readonly string[];
  readonly output: string;
}

export type EngineNode = ImpulseNode | ScriptedNode | StageNode | GroupByKeyNode | FlattenNode;

/** What happens to scripted nodes, one event after another: the next happens when nothing else can be done. */
export type TestStream = readonly TestStreamEvent[];

export type TestStreamEvent =
  /** Elements come. `node` is the index of a scripted node. */
  | { readonly kind: "elements"; readonly node: number; readonly batch: Batch }
  /** The node's watermark moves. */
  | { readonly kind: "watermark"; readonly node: number; readonly watermark: Instant }
  /** Processing time moves on by so many ms. */
  | { readonly kind: "processing-time"; readonly advance: Duration };

/** Nodes in topological order: whoever produces a PCollection stands before whoever reads it. */
export interface EngineGraph {
  readonly nodes: readonly EngineNode[];
  /**
   * PCollections that are known to end. Their watermark moves once, when they are complete: what is computed from them
   * depends neither on the order in which bundles ran nor on where timestamps were moved to. Default: none.
   */
  readonly bounded?: ReadonlySet<string>;
  /** With any, processing time moves only where they say so, and further only when nothing else is left. Default: none. */
  readonly testStreams?: readonly TestStream[];
}

/** `WindowingStrategy` of the model, as far as grouping goes. */
export interface GroupingStrategy {
  /**
   * Whether windows of one key become one: where they overlap (session windows), or where their own function says so, which
   * must be asked.
   */
  readonly merging: "no" | "overlapping" | "custom";
  /** How long after its end (ms) a window still takes elements. */
  readonly allowedLateness: Duration;
  /** Whether a pane repeats what earlier panes of the window held. */
  readonly accumulating: boolean;
  /** Whether it also takes back those earlier panes. Default: no. */
  readonly retracting?: boolean;
  readonly trigger: Trigger;
  /** Timestamp of a pane. */
  readonly outputTime: "END_OF_WINDOW" | "EARLIEST_IN_PANE" | "LATEST_IN_PANE";
  /** Whether a window emits a pane at its end even if it has nothing new by then. */
  readonly onTimePaneAlways: boolean;
  /** Whether a window that expires emits a last pane even if it has nothing new. */
  readonly closingPaneAlways: boolean;
}
