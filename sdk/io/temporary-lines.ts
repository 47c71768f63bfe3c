/** Lines of a bundle, written to a file that nobody sees until all bundles are done. */
import type { FileSystem, SyncFileWriter } from "./filesystem/index.js";

/** Code units gathered for a shard before they are encoded and written. */
const FLUSH_AT = 64 * 1024;

/** Bytes of a temporary file that belong to one shard. */
export interface Segment {
  readonly shard: number;
  readonly start: number;
  readonly end: number;
}

/** A temporary file, finished. */
export interface TemporaryFile {
  readonly path: string;
  /** In order; together they make up the file. */
  readonly segments: readonly Segment[];
}

/**
 * Writes lines to one file for any number of shards, each in turn. The lines of a shard are in segments of the file, so
 * that a bundle makes one file however many shards there are.
 */
export class TemporaryLines {
  readonly #files: FileSystem;
  readonly #path: string;
  readonly #delimiter: string;
  readonly #texts: string[];
  readonly #segments: Segment[] = [];
  readonly #gathered: Uint8Array[] = [];
  #writer: SyncFileWriter | undefined;
  #position = 0;
  #turn: number;

  /** @param first the shard of the first line. */
  constructor(files: FileSystem, path: string, delimiter: string, shards: number, first: number) {
    this.#files = files;
    this.#path = path;
    this.#delimiter = delimiter;
    this.#texts = new Array<string>(shards).fill("");
    this.#turn = first % shards;
  }

  write(line: string): void {
    const turn = this.#turn;
    const text = this.#texts[turn] + line + this.#delimiter;
    this.#texts[turn] = text;
    if (text.length >= FLUSH_AT) this.#flush(turn);
    this.#turn = turn + 1 === this.#texts.length ? 0 : turn + 1;
  }

  #flush(shard: number): void {
    const bytes = Buffer.from(this.#texts[shard] as string);
    this.#texts[shard] = "";
    if (bytes.length === 0) return;
    if (this.#files.createSync === undefined) this.#gathered.push(bytes);
    else {
      this.#writer ??= this.#files.createSync(this.#path);
      this.#writer.write(bytes);
    }
    const start = this.#position;
    this.#position += bytes.length;
    const last = this.#segments.at(-1);
    if (last?.shard === shard) this.#segments[this.#segments.length - 1] = { ...last, end: this.#position };
    else this.#segments.push({ shard, start, end: this.#position });
  }

  /** Ends the file. On file systems that can only be written with promises, gives one. */
  finish(): TemporaryFile | Promise<TemporaryFile> {
    for (let shard = 0; shard < this.#texts.length; shard++) this.#flush(shard);
    this.#writer?.close();
    const file = { path: this.#path, segments: this.#segments };
    return this.#gathered.length === 0 ? file : this.#writeGathered().then(() => file);
  }

  async #writeGathered(): Promise<void> {
    const writer = await this.#files.create(this.#path);
    try {
      for (const bytes of this.#gathered) await writer.write(bytes);
      await writer.close();
    } catch (thrown) {
      await writer.abort();
      throw thrown;
    }
  }

  /** Gives up the file; what was written stays where it is, and is removed with its folder. */
  abandon(): void {
    this.#writer?.close();
  }
}
