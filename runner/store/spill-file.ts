/** Where elements go that memory has no room for. */
import { closeSync, mkdtempSync, openSync, readSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { GirderError, messageOf } from "../../portability/errors.js";

/** Bytes gathered before they are written: many values are small. */
const BUFFER = 1 << 20;

/** A place in a {@link SpillFile}. */
export interface Extent {
  readonly offset: number;
  readonly length: number;
}

/**
 * A temporary file that is only appended to, and read at any place.
 *
 * It has no name once it is open, so that nothing of it is left when the process ends, however it ends.
 */
export class SpillFile {
  readonly #descriptor: number;
  readonly #buffer = Buffer.allocUnsafe(BUFFER);
  #written = 0;
  #buffered = 0;

  /** @throws GirderError `io` */
  constructor(folder = tmpdir()) {
    try {
      const own = mkdtempSync(join(folder, "girder-spill-"));
      this.#descriptor = openSync(join(own, "elements"), "w+");
      rmSync(own, { recursive: true });
    } catch (cause) {
      throw new GirderError("io", `No temporary file can be made in ${folder}: ${messageOf(cause)}.`, {
        cause,
        remedy: "Set TMPDIR to a folder with room, or raise --memory-budget.",
      });
    }
  }

  /** Bytes appended so far. */
  get size(): number {
    return this.#written + this.#buffered;
  }

  /** @throws GirderError `io`, when the disk is full for instance. */
  append(bytes: Uint8Array): Extent {
    const offset = this.size;
    if (this.#buffered + bytes.length > BUFFER) this.#flush();
    if (bytes.length > BUFFER) this.#write(bytes);
    else {
      this.#buffer.set(bytes, this.#buffered);
      this.#buffered += bytes.length;
    }
    return { offset, length: bytes.length };
  }

  #flush(): void {
    const held = this.#buffer.subarray(0, this.#buffered);
    this.#buffered = 0;
    this.#write(held);
  }

  #write(bytes: Uint8Array): void {
    try {
      for (let done = 0; done < bytes.length; ) {
        const wrote = writeSync(this.#descriptor, bytes, done, bytes.length - done, this.#written);
        done += wrote;
        this.#written += wrote;
      }
    } catch (cause) {
      throw new GirderError("io", `Elements cannot be moved to disk: ${messageOf(cause)}.`, {
        cause,
        remedy: "Set TMPDIR to a folder with room, or raise --memory-budget.",
      });
    }
  }

  read({ offset, length }: Extent): Uint8Array {
    if (offset + length > this.#written) this.#flush();
    const bytes = Buffer.allocUnsafe(length);
    for (let done = 0; done < length; ) {
      const read = readSync(this.#descriptor, bytes, done, length - done, offset + done);
      if (read === 0) throw new GirderError("io", "The temporary file is shorter than what was written to it.");
      done += read;
    }
    return bytes;
  }

  close(): void {
    closeSync(this.#descriptor);
  }
}
