/** Moves elements out of memory, and back when they are looked at. */
import { type Batch, type BatchCodec, StoredBatch } from "../../portability/execution/batch.js";
import { type Extent, SpillFile } from "./spill-file.js";

/** Bytes that are written and read at a time, about. */
const PIECE = 1 << 20;
/** Values in the first piece, of which nothing is known. */
const FIRST_PIECE = 256;

/** The spilled elements of one job, in one temporary file that is made when it is first needed. */
export class Spill {
  #file: SpillFile | undefined;

  /** Bytes written so far. */
  get bytes(): number {
    return this.#file?.size ?? 0;
  }

  batch(batch: Batch, codec: BatchCodec): Batch {
    if (batch.residentBytes === 0) return batch;
    const file = this.#open();
    const own = batch.stored({
      keep: (bytes) => {
        const extent = file.append(bytes);
        return () => file.read(extent);
      },
    });
    if (own !== undefined) return own;
    const extent = file.append(codec.encode(batch));
    return new StoredBatch(batch, () => codec.decode(file.read(extent)));
  }

  /** In pieces, so that neither to write them nor to read them takes the memory of all: there may be millions of one key. */
  values(values: readonly unknown[], codec: BatchCodec): Iterable<unknown> {
    const file = this.#open();
    const pieces: Extent[] = [];
    let count = FIRST_PIECE;
    for (let from = 0; from < values.length; ) {
      const encoded = codec.encodeValues(
        from === 0 && values.length <= count ? values : values.slice(from, from + count),
      );
      pieces.push(file.append(encoded));
      from += count;
      count = Math.max(1, Math.min(count * 4, Math.floor((count * PIECE) / Math.max(1, encoded.length))));
    }
    return new SpilledValues(file, pieces, codec);
  }

  #open(): SpillFile {
    this.#file ??= new SpillFile();
    return this.#file;
  }

  close(): void {
    this.#file?.close();
  }
}

class SpilledValues implements Iterable<unknown> {
  constructor(
    readonly file: SpillFile,
    readonly pieces: readonly Extent[],
    readonly codec: BatchCodec,
  ) {}

  *[Symbol.iterator](): Iterator<unknown> {
    for (const piece of this.pieces) yield* this.codec.decodeValues(this.file.read(piece));
  }
}
