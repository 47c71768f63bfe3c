/** Moves elements out of memory, and back when they are looked at. */
import { type Batch, type BatchCodec, StoredBatch } from "../../portability/execution/batch.js";
import { type Extent, SpillFile } from "./spill-file.js";

/** The spilled elements of one job, in one temporary file that is made when it is first needed. */
export class Spill {
  #file: SpillFile | undefined;

  /** Bytes written so far. */
  get bytes(): number {
    return this.#file?.size ?? 0;
  }

  batch(batch: Batch, codec: BatchCodec): Batch {
    if (batch instanceof StoredBatch) return batch;
    const file = this.#open();
    const extent = file.append(codec.encode(batch));
    return new StoredBatch(batch, () => codec.decode(file.read(extent)));
  }

  values(values: readonly unknown[], codec: BatchCodec): Iterable<unknown> {
    const file = this.#open();
    return new SpilledValues(file, file.append(codec.encodeValues(values)), codec);
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
    readonly extent: Extent,
    readonly codec: BatchCodec,
  ) {}

  [Symbol.iterator](): Iterator<unknown> {
    return this.codec.decodeValues(this.file.read(this.extent))[Symbol.iterator]();
  }
}
