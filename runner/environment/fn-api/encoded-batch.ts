/**
 * Batches of encoded elements: columns of offsets into the chunks that workers have sent.
 *
 * Nothing is copied on the way in. An element that is only passed on goes out as the bytes it came as; one that is grouped
 * contributes its value's bytes to a group.
 */
import { Batch, type Column, type Columns, type WindowSet } from "../../../portability/execution/batch.js";
import type { Groups } from "../../../portability/execution/groups.js";
import type { PaneInfo } from "../../../portability/execution/pane.js";
import type { Instant } from "../../../portability/execution/time.js";
import { EncodedGroups } from "./encoded-groups.js";
import { EncodedValue } from "./encoded-value.js";
import type { KeyIdentities } from "./key-identities.js";

/** Where the elements of a chunk are. */
export interface Extents {
  /** Where each element begins, header and all, and where the last one ends. */
  readonly bounds: Uint32Array;
  /** Where each element's value begins, behind its header. */
  readonly values: Uint32Array;
  /** Where each value's key ends, if values are pairs. */
  readonly keyEnds: Uint32Array | undefined;
}

export class EncodedBatch extends Batch {
  readonly #timestamps: Column<Instant>;
  readonly #windows: Column<WindowSet>;

  /**
   * @param keys Makes identities of keys, for a batch that is to be grouped.
   * @param verbatim Whether headers in the chunk say what the columns do, so that elements can go out as they are. Default: yes.
   */
  constructor(
    readonly chunk: Buffer,
    readonly extents: Extents,
    timestamps: Column<Instant>,
    windows: Column<WindowSet>,
    readonly panes: Column<PaneInfo>,
    readonly keys: KeyIdentities | undefined,
    readonly verbatim = true,
  ) {
    super([], undefined, timestamps, windows, panes, extents.bounds.at(-1)! - extents.bounds[0]!);
    this.#timestamps = timestamps;
    this.#windows = windows;
  }

  override get timestamps(): Column<Instant> {
    return this.#timestamps;
  }

  override get windows(): Column<WindowSet> {
    return this.#windows;
  }

  override get count(): number {
    return this.extents.values.length;
  }

  override get columns(): Columns {
    const { timestamps, windows, panes, chunk } = this;
    const { bounds, values, keyEnds } = this.extents;
    const refs: EncodedValue[] = [];
    if (this.keys === undefined || keyEnds === undefined) {
      for (let i = 0; i < values.length; i++) refs.push(new EncodedValue(chunk, values[i]!, bounds[i + 1]!));
      return { refs, keys: undefined, timestamps, windows, panes };
    }
    const keys: string[] = [];
    for (let i = 0; i < values.length; i++) {
      const keyEnd = keyEnds[i]!;
      keys.push(this.keys.of(chunk, values[i]!, keyEnd));
      refs.push(new EncodedValue(chunk, keyEnd, bounds[i + 1]!));
    }
    return { refs, keys, timestamps, windows, panes };
  }

  override newGroups(): Groups {
    if (this.keys === undefined || this.extents.keyEnds === undefined) {
      throw new Error("a GroupByKey was given a batch without keys");
    }
    return new EncodedGroups();
  }

  override slice(from: number, to: number): Batch {
    if (from === 0 && to === this.count) return this;
    const { bounds, values, keyEnds } = this.extents;
    const extents = {
      bounds: bounds.subarray(from, to + 1),
      values: values.subarray(from, to),
      keyEnds: keyEnds?.subarray(from, to),
    };
    const cut = <T>(column: Column<T>): Column<T> => ("all" in column ? column : column.slice(from, to));
    return this.#with(this.chunk, extents, cut);
  }

  override inWindows(windows: Column<WindowSet>): Batch {
    return new EncodedBatch(this.chunk, this.extents, this.timestamps, windows, this.panes, this.keys, false);
  }

  /** Copies the elements at these positions. */
  override select(positions: readonly number[]): Batch {
    const { bounds, values, keyEnds } = this.extents;
    const chosen = {
      bounds: new Uint32Array(positions.length + 1),
      values: new Uint32Array(positions.length),
      keyEnds: keyEnds && new Uint32Array(positions.length),
    };
    const chunk = Buffer.allocUnsafe(positions.reduce((sum, i) => sum + bounds[i + 1]! - bounds[i]!, 0));
    let at = 0;
    positions.forEach((i, j) => {
      const start = bounds[i]!;
      chosen.bounds[j] = at;
      chosen.values[j] = at + values[i]! - start;
      if (chosen.keyEnds !== undefined) chosen.keyEnds[j] = at + keyEnds![i]! - start;
      at += this.chunk.copy(chunk, at, start, bounds[i + 1]!);
    });
    chosen.bounds[positions.length] = at;
    const pick = <T>(column: Column<T>): Column<T> => ("all" in column ? column : positions.map((i) => column[i]!));
    return this.#with(chunk, chosen, pick);
  }

  #with(chunk: Buffer, extents: Extents, part: <T>(column: Column<T>) => Column<T>): EncodedBatch {
    const { timestamps, windows, panes, keys, verbatim } = this;
    return new EncodedBatch(chunk, extents, part(timestamps), part(windows), part(panes), keys, verbatim);
  }
}
