/** Pane info: which of a window's firings a value belongs to. */

/** When a pane was produced, relative to the watermark passing the end of its window. */
export type PaneTiming = "EARLY" | "ON_TIME" | "LATE" | "UNKNOWN";

/** `PaneInfo` of the model. Instances are shared: compare fields, not identity. */
export interface PaneInfo {
  readonly timing: PaneTiming;
  /** Whether this is the window's first pane. */
  readonly isFirst: boolean;
  /** Whether no other pane of the window will follow. */
  readonly isLast: boolean;
  /** Position among the window's panes, from 0. */
  readonly index: number;
  /** Position among the window's panes that are not early, from 0; −1 for an early pane. */
  readonly nonSpeculativeIndex: number;
  /**
   * What an element of a PCollection that retracts does to those before it (`Elements.ValueKind`): it takes one back which
   * another will take the place of, is that other, or takes one back for good. Element-wise transforms keep it, as they keep
   * the pane. Default: it adds to them.
   */
  readonly valueKind?: ValueKind;
}

export type ValueKind = "UPDATE_BEFORE" | "UPDATE_AFTER" | "DELETE";

/** Whether an element takes back one that was there before. */
export function isRetraction({ valueKind }: PaneInfo): boolean {
  return valueKind === "UPDATE_BEFORE" || valueKind === "DELETE";
}

/** The pane of a value that no grouping has produced yet (byte 0x0f): first and last, timing unknown. */
export const NO_FIRING: PaneInfo = { timing: "UNKNOWN", isFirst: true, isLast: true, index: 0, nonSpeculativeIndex: 0 };

/** The pane of a window that fires once, when the watermark passes its end. */
export const ON_TIME_AND_ONLY: PaneInfo = {
  timing: "ON_TIME",
  isFirst: true,
  isLast: true,
  index: 0,
  nonSpeculativeIndex: 0,
};
