/**
 * User state as runner and worker exchange it: a view of what is committed, and a log of what one bundle did to it.
 *
 * A cell belongs to a state of a DoFn, a key and a window. All kinds of state are parts of a cell, each a list of opaque
 * values: a bag is one part (`""`), a multimap has one for each of its keys (their encoded bytes as Latin-1), an ordered
 * list one for each timestamp (a number; beyond 2^53 its digits).
 */
import type { KeyIdentity } from "./key-identity.js";
import type { InternedWindow } from "./window.js";

/** A state that a DoFn declares. */
export interface StateSpec {
  readonly transform: string;
  readonly id: string;
}

/** Which part of a cell. */
export type StatePart = string | number;

export interface StateAddress {
  /** Index of the stage's states. */
  readonly state: number;
  readonly key: KeyIdentity;
  readonly window: InternedWindow;
}

/** What a cell holds. Parts stand in the order in which they were first written. */
export type StateContents = ReadonlyMap<StatePart, readonly unknown[]>;

/** Committed state, as a bundle finds it. */
export interface StateView {
  /** Undefined for a cell that holds nothing. */
  read(address: StateAddress): StateContents | undefined;
}

/** What a bundle did to one cell. */
export interface StateChange {
  readonly address: StateAddress;
  /** Whether everything that was there before the bundle is gone. */
  readonly cleared: boolean;
  /** By part: whether what was there is gone, and what was added after that. */
  readonly parts: ReadonlyMap<StatePart, { readonly cleared: boolean; readonly appended: readonly unknown[] }>;
}
