/** What a fused stage is made of: steps, each one transform, connected by the PCollections between them. */
import type { Batch } from "../../portability/execution/batch.js";
import type { Timer } from "../../portability/execution/timer.js";
import type { Bundle } from "./bundle.js";
import type { ElementOf } from "./chain.js";
import type { Cursor } from "./cursor.js";

/** Takes an element of a PCollection; where and when it is stands on the cursor. */
export type Receiver = (value: unknown) => void;

/** A transform that is more than a function from element to element. */
export interface Operator {
  /** Whether the transform calls a function that may return promises. Decides nothing by itself: see `awaiting-chain.ts`. */
  start?(bundle: Bundle): void | Promise<void>;
  /** Processes an element. Outputs go to `outputs`, by index, with the cursor set to where they are. */
  process(value: unknown, cursor: Cursor, outputs: readonly Receiver[]): void | Promise<void>;
  /**
   * Loads what the elements of a batch will need of committed state, if that takes time: whoever awaits it before the batch is
   * processed spares each element from being awaited.
   */
  prefetch?(batch: Batch, elementOf: ElementOf): Promise<unknown> | undefined;
  /** The same for timers. */
  prefetchTimers?(timers: readonly Timer[]): Promise<unknown> | undefined;
  /** Calls back for a timer that fires. Outputs go where those of elements go. */
  fire?(timer: Timer, cursor: Cursor, outputs: readonly Receiver[]): void | Promise<void>;
  /** Ends a bundle; may emit what it has gathered. */
  finish?(cursor: Cursor, outputs: readonly Receiver[]): void | Promise<void>;
  setup?(): void | Promise<void>;
  teardown?(): void | Promise<void>;
  /** Whether it calls an object of an author's that may keep something from a bundle's start to its end. Default: no. */
  readonly isExclusive?: boolean;
}

/** A function the chain calls by itself, in the code it generates. */
export interface InlineStep {
  readonly kind: "map" | "filter" | "flatMap" | "assignWindows" | "assignTimestamps";
  readonly transform: string;
  /** Called with the element (`assignWindows`: with cursor) and the context. */
  readonly fn: (value: never, context: never) => unknown;
  /** Makes the function's context for a cursor; undefined if it takes none. */
  readonly context: ((cursor: Cursor) => object) | undefined;
  /** Called at the start of each bundle. */
  readonly start?: (bundle: Bundle) => void;
  /** Whether the function is known to return promises before it has been called. */
  readonly asynchronous: boolean;
  readonly outputs: readonly string[];
}

export interface OperatorStep {
  readonly kind: "operator";
  readonly transform: string;
  readonly operator: Operator;
  readonly asynchronous: boolean;
  readonly outputs: readonly string[];
}

export type Step = InlineStep | OperatorStep;

/** The steps of a stage by the PCollection that each reads, in order; PCollections that leave the stage have a sink among them. */
export interface StageProgram {
  /** Steps that read each PCollection. */
  readonly consumers: ReadonlyMap<string, readonly Step[]>;
  /** All steps, producers first. */
  readonly steps: readonly Step[];
  /** PCollections that enter the stage, with the steps that read them, by input index. */
  readonly inputs: readonly (readonly Step[])[];
  /** The step that is called when a timer fires, by index of the stage's timer families. */
  readonly timers: readonly OperatorStep[];
  /** Where chains count the elements of PCollections inside the stage. Not there where nobody wants to know. */
  readonly tallies?: ReadonlyMap<string, Tally>;
}

/** A count of elements. */
export interface Tally {
  count: number;
}

/**
 * Thrown by a synchronous chain when a function has returned a promise after all. The bundle is run again by a chain
 * that awaits.
 */
export class PromiseReturned extends Error {
  /** @param settled Resolves when the promise has settled, so that nothing of the call goes on. Default: there is none. */
  constructor(
    readonly transform: string,
    readonly settled: Promise<unknown> = Promise.resolve(),
  ) {
    super(`${transform} returned a promise`);
  }
}

/** Whether a function's result has to be awaited. */
export function isPromise(value: unknown): value is PromiseLike<unknown> {
  return typeof value === "object" && value !== null && typeof (value as { then?: unknown }).then === "function";
}
