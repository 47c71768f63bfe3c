/** A single large group of which no value is in memory: they are read in pieces, as they are asked for. */
import { Batch, type ByteStore, type Columns } from "../../../portability/execution/batch.js";
import type { PaneInfo } from "../../../portability/execution/pane.js";
import type { Instant } from "../../../portability/execution/time.js";
import type { InternedWindow } from "../../../portability/execution/window.js";
import { ElementWriter } from "./element-writer.js";
import { EncodedValue } from "./encoded-value.js";
import type { PagedValues } from "./large-values.js";

/** Bytes of a piece, about. */
const PIECE = 1 << 20;
/** Room for the value that a piece ends with. */
const SLACK = 16 * 1024;

/** Values of a group beside each other, and where each of them ends. */
interface Piece {
  readonly values: () => Uint8Array;
  readonly ends: () => Uint8Array;
}

/** What the elements of a batch of groups have in common. */
export interface SharedColumns {
  readonly timestamps: { readonly all: Instant };
  readonly windows: { readonly all: InternedWindow };
  readonly panes: { readonly all: PaneInfo };
}

/** Writes the values of a group away, piece by piece. */
export class GroupStorage {
  readonly #pieces: Piece[] = [];
  readonly #writer = new ElementWriter(PIECE + SLACK);
  #ends: number[] = [];
  count = 0;

  constructor(readonly store: ByteStore) {}

  add(chunk: Buffer, start: number, end: number): void {
    this.#writer.copy(chunk, start, end);
    this.#ends.push(this.#writer.length);
    this.count++;
    if (this.#writer.length >= PIECE) this.#flush();
  }

  #flush(): void {
    const ends = Uint32Array.from(this.#ends);
    this.#pieces.push({
      values: this.#writer.drain((bytes) => this.store.keep(bytes)),
      ends: this.store.keep(Buffer.from(ends.buffer, ends.byteOffset, ends.byteLength)),
    });
    this.#ends = [];
  }

  finish(): StoredGroupValues {
    if (this.#ends.length > 0) this.#flush();
    return new StoredGroupValues(this.#pieces, this.count);
  }
}

/** The values, as references and as pages. */
export class StoredGroupValues implements Iterable<EncodedValue>, PagedValues {
  constructor(
    readonly pieces: readonly Piece[],
    readonly count: number,
  ) {}

  *[Symbol.iterator](): Generator<EncodedValue, void, undefined> {
    for (const { values, ends } of this.pieces) {
      const chunk = bufferOf(values());
      const bytes = bufferOf(ends());
      let start = 0;
      for (let i = 0; i < bytes.length; i += 4) {
        const end = bytes.readUInt32LE(i);
        yield new EncodedValue(chunk, start, end);
        start = end;
      }
    }
  }

  /** A page is a piece. */
  page(from: number, writer: ElementWriter): number {
    const piece = this.pieces[from];
    if (piece !== undefined) writer.bytes(piece.values());
    return from + 1 < this.pieces.length ? from + 1 : 0;
  }

  /** Writes the iterable, all of it. */
  write(writer: ElementWriter): void {
    writer.count(this.count);
    for (const { values } of this.pieces) writer.bytes(values());
  }
}

/** The group, as a grouped batch of one element. */
export class StoredGroupBatch extends Batch {
  constructor(
    readonly key: Buffer,
    readonly values: StoredGroupValues,
    readonly shared: SharedColumns,
    bytes: number,
  ) {
    super([], undefined, shared.timestamps, shared.windows, shared.panes, bytes);
  }

  override get count(): number {
    return 1;
  }

  override get residentBytes(): number {
    return 0;
  }

  override get columns(): Columns {
    return { refs: [this.values], keys: [this.key.toString("latin1")], ...this.shared };
  }

  override get timestamps(): Columns["timestamps"] {
    return this.shared.timestamps;
  }

  override get windows(): Columns["windows"] {
    return this.shared.windows;
  }

  override slice(from: number, to: number): Batch {
    return from === 0 && to >= 1 ? this : super.slice(from, to);
  }
}

function bufferOf(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
