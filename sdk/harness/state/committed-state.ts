/** Where a bundle's cells get what is committed. */
import type { Instant } from "../../../portability/execution/time.js";
import type { StateAddress, StateContents, StatePart, StateView } from "../../../portability/execution/user-state.js";

/** Which of a cell's parts are wanted. An answer may hold more of them. */
export type StateQuery =
  | { readonly part: StatePart }
  /** Of `keys` only which there are: their values may be left out. */
  | { readonly parts: "all" | "keys" }
  /** Of an ordered list, from an instant (inclusive) to another (exclusive; undefined: to the end of time). */
  | { readonly from: Instant; readonly to: Instant | undefined };

/** The one part of cells that have no other. */
export const WHOLE = { part: "" } as const satisfies StateQuery;

/**
 * Committed state, from the runner in this process or from one elsewhere. Values are what the cells of this harness committed, or
 * what their coders decode.
 */
export interface CommittedState {
  /** Whether {@link load} may answer with a promise: then what a bundle is known to need is asked for ahead, all at once. */
  readonly isRemote: boolean;
  /** Undefined for a cell that holds nothing. */
  load(address: StateAddress, query: StateQuery): Loaded;
}

export type Loaded = StateContents | undefined | Promise<StateContents | undefined>;

/** The state of a runner in this process. */
export class LocalState implements CommittedState {
  readonly isRemote = false;

  constructor(readonly view: StateView) {}

  load(address: StateAddress): StateContents | undefined {
    return this.view.read(address);
  }
}
