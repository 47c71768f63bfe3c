/** A value with its place in event time. */
import type { PaneInfo } from "./pane.js";
import type { Instant } from "./time.js";
import type { BoundedWindow } from "./window.js";

/** An element of a PCollection as it travels between processes. */
export interface WindowedValue<T> {
  readonly value: T;
  readonly timestamp: Instant;
  /** The windows that the value is in, one or more. */
  readonly windows: readonly BoundedWindow[];
  readonly pane: PaneInfo;
  /**
   * An encoded `Elements.ElementMetadata`: absent unless both sides announced `beam:protocol:element_metadata:v1` and there
   * is something to say.
   */
  readonly metadata?: Uint8Array;
}
