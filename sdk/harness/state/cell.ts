/** A state of one key and window, as one bundle sees it: what is committed, and over it what the bundle has done. */
import type { StateAddress, StateChange, StatePart } from "../../../portability/execution/user-state.js";

export interface Cell {
  /** Puts in what is committed, before anything else. Not there for cells that ask for it themselves, when they are read. */
  load?(values: readonly unknown[]): void;
  /** What the bundle has done; undefined if that is nothing. */
  change(): StateChange | undefined;
}

/** A change of a cell that has but one part. */
export function changeOfWhole(address: StateAddress, cleared: boolean, appended: readonly unknown[]): StateChange {
  return { address, cleared: false, parts: new Map([["" as StatePart, { cleared, appended }]]) };
}
