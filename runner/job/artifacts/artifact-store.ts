/** Where staged artifacts are kept: each content once, however many jobs have it. */
import { createHash } from "node:crypto";
import { type FileHandle, open, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { GirderError, messageOf } from "../../../portability/errors.js";
import { makeOwnedFolder, removeAbandonedFolders } from "./owned-folder.js";

/** What names of folders of stores begin with. */
const FOLDER = "girder-artifacts-";

/** Bytes that are read of a file at a time: as many as go into a message. Some clients take no more than 4 MiB. */
const CHUNK = 1 << 20;

interface StoredFile {
  readonly path: string;
  readonly size: number;
  /** How many leases hold it. */
  holders: number;
}

/**
 * A folder of files that are found by the SHA-256 digest of their content.
 *
 * Files are named by counting, so that nothing that comes from elsewhere is ever part of a path.
 */
export class ArtifactStore {
  readonly #folder: string;
  readonly #files = new Map<string, StoredFile>();
  #names = 0;
  #closed = false;

  private constructor(folder: string) {
    this.#folder = folder;
  }

  /**
   * Makes a folder of its own, readable for its owner alone; and removes those of processes that are gone.
   *
   * @param parent Where to make it. Default: the system's folder for temporary files.
   * @throws GirderError `io` where it cannot be made.
   */
  static async open(parent = tmpdir()): Promise<ArtifactStore> {
    try {
      await removeAbandonedFolders(parent, FOLDER);
      return new ArtifactStore(await makeOwnedFolder(parent, FOLDER));
    } catch (thrown) {
      throw ioError(thrown, "No folder for staged artifacts can be made", parent);
    }
  }

  /** How many contents there are, and bytes. */
  get size(): { readonly files: number; readonly bytes: number } {
    let bytes = 0;
    for (const file of this.#files.values()) bytes += file.size;
    return { files: this.#files.size, bytes };
  }

  /** Someone who keeps contents from being removed. */
  lease(): ArtifactLease {
    return new ArtifactLease(this);
  }

  /** Removes everything. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#files.clear();
    await rm(this.#folder, { recursive: true, force: true });
  }

  /** For leases: holds a content if it is here. */
  hold(digest: string): boolean {
    const file = this.#files.get(digest);
    if (file !== undefined) file.holders++;
    return file !== undefined;
  }

  /** For leases: gives a content up; it is removed when nobody holds it. */
  async giveUp(digest: string): Promise<void> {
    const file = this.#files.get(digest);
    if (file === undefined || --file.holders > 0) return;
    this.#files.delete(digest);
    await rm(file.path, { force: true });
  }

  /**
   * For leases: keeps what comes, and holds it.
   *
   * @param expected What the digest must be; the empty string if that is not known.
   * @returns the digest.
   */
  async add(chunks: AsyncIterable<Uint8Array>, expected: string, name: string): Promise<string> {
    const path = join(this.#folder, String(++this.#names));
    let added = false;
    try {
      const { digest, size } = await write(path, chunks);
      if (expected !== "" && digest !== expected) {
        throw new GirderError("corrupt-file", `The SHA-256 digest of ${name} is ${digest}, not ${expected}.`, {
          remedy: "Submit the pipeline again; the file has changed since it was built, or was damaged on its way.",
        });
      }
      if (this.#closed) throw closedError();
      if (!this.hold(digest)) {
        this.#files.set(digest, { path, size, holders: 1 });
        added = true;
      }
      return digest;
    } catch (thrown) {
      // Its folder is gone then, which is not the reason.
      if (this.#closed) throw closedError();
      throw ioError(thrown, `The artifact ${name} cannot be stored`, this.#folder);
    } finally {
      if (!added) await rm(path, { force: true });
    }
  }

  /**
   * The bytes of a content, in chunks of at most 1 MiB; at least one.
   *
   * @throws GirderError `not-found`
   */
  async *read(digest: string): AsyncGenerator<Uint8Array, void, undefined> {
    const stored = this.#files.get(digest);
    if (stored === undefined) throw new GirderError("not-found", `There is no artifact with the digest ${digest}.`);
    let file: FileHandle | undefined;
    try {
      file = await open(stored.path);
      for (let position = 0; ; ) {
        // Each chunk is sent when the stream has room: it needs memory of its own.
        const buffer = Buffer.allocUnsafe(Math.min(CHUNK, stored.size - position));
        const { bytesRead } = await file.read(buffer, 0, buffer.length, position);
        yield buffer.subarray(0, bytesRead);
        position += bytesRead;
        if (position === stored.size) return;
        if (bytesRead === 0)
          throw new GirderError("corrupt-file", "A staged artifact was truncated.", { where: digest });
      }
    } catch (thrown) {
      throw ioError(thrown, "A staged artifact cannot be read", stored.path);
    } finally {
      await file?.close();
    }
  }
}

/** Keeps contents of a store from being removed, until it is released. */
export class ArtifactLease {
  readonly #store: ArtifactStore;
  readonly #held = new Set<string>();
  #released = false;

  constructor(store: ArtifactStore) {
    this.#store = store;
  }

  /** Holds a content that is here already; false if it is not. */
  adopt(digest: string): boolean {
    if (this.#held.has(digest)) return true;
    if (this.#released || !this.#store.hold(digest)) return false;
    this.#held.add(digest);
    return true;
  }

  /**
   * Stores a content as it comes, without ever holding all of it in memory.
   *
   * @param expected The SHA-256 digest it must have; the empty string if that is not known.
   * @param name What to call it in a message.
   * @returns its digest.
   * @throws GirderError `corrupt-file` for another digest, `io`, `cancelled`, and whatever reading the chunks throws.
   */
  async add(chunks: AsyncIterable<Uint8Array>, expected: string, name: string): Promise<string> {
    const digest = await this.#store.add(chunks, expected, name);
    if (this.#released || this.#held.has(digest)) await this.#store.giveUp(digest);
    else this.#held.add(digest);
    if (this.#released) throw new GirderError("cancelled", "The job is gone.");
    return digest;
  }

  /** The bytes of a content, in chunks of at most 1 MiB; at least one. @throws GirderError `not-found`, `io` */
  read(digest: string): AsyncGenerator<Uint8Array, void, undefined> {
    if (!this.#held.has(digest)) throw new GirderError("not-found", `There is no artifact with the digest ${digest}.`);
    return this.#store.read(digest);
  }

  /** Gives everything up. */
  async release(): Promise<void> {
    this.#released = true;
    const held = [...this.#held];
    this.#held.clear();
    await Promise.all(held.map((digest) => this.#store.giveUp(digest)));
  }
}

async function write(path: string, chunks: AsyncIterable<Uint8Array>): Promise<{ digest: string; size: number }> {
  const hash = createHash("sha256");
  // "wx": it is ours, and new.
  const file = await open(path, "wx", 0o600);
  try {
    let size = 0;
    for await (const chunk of chunks) {
      hash.update(chunk);
      await file.writeFile(chunk);
      size += chunk.length;
    }
    return { digest: hash.digest("hex"), size };
  } finally {
    await file.close();
  }
}

const closedError = (): GirderError => new GirderError("cancelled", "The server is being shut down.");

function ioError(thrown: unknown, what: string, where: string): unknown {
  if (thrown instanceof GirderError) return thrown;
  return new GirderError("io", `${what}: ${messageOf(thrown)}.`, {
    where,
    cause: thrown,
    remedy: "See that there is room, or use another --staging-directory.",
  });
}
