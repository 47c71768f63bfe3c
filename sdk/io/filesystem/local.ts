import { randomUUID } from "node:crypto";
import { closeSync, createReadStream, mkdirSync, openSync, readSync, writeSync } from "node:fs";
import { access, type FileHandle, mkdir, open, readdir, rename, rm, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { GirderError } from "../../../portability/errors.js";
import { alreadyExists, ioFailure, notFound, requireRange } from "./failures.js";
import type {
  ByteRange,
  FileMetadata,
  FileSystem,
  FileWriter,
  MatchOptions,
  RenameOptions,
  SyncChunks,
  SyncFileWriter,
} from "./file-system.js";
import { Glob } from "./glob.js";

/**
 * Bytes read at a time. What is made of a chunk of this size stays in the processor's caches: lines are split at half the
 * speed from chunks four times as large.
 */
const CHUNK_SIZE = 64 * 1024;

/**
 * The local disk: plain paths, relative ones to the working folder, and `file:///…` URLs, whose percent escapes are
 * decoded. Matches are plain paths, relative where the pattern is.
 *
 * A file being written has a hidden name in the folder it is to appear in; closing syncs it and renames it. A symbolic
 * link to a folder is followed by a pattern without `**` only, so that links cannot lead in circles.
 */
export class LocalFileSystem implements FileSystem {
  readonly scheme = "file";

  async match(pattern: string, { allowEmpty = false }: MatchOptions = {}): Promise<FileMetadata[]> {
    const path = toLocalPath(pattern);
    const literal = await describe(path);
    if (literal !== undefined) return [literal];
    const glob = new Glob(path);
    const found = glob.isPattern ? await walk(glob, glob.base) : [];
    if (found.length === 0 && !allowEmpty) throw await missing(path, glob.isPattern ? glob.base : dirname(path));
    return found.sort((a, b) => (a.path < b.path ? -1 : 1));
  }

  async *open(path: string, { start = 0, end = Infinity }: ByteRange = {}): AsyncGenerator<Uint8Array> {
    const local = toLocalPath(path);
    requireRange(path, start, end);
    if (start === end) return;
    try {
      // The stream's own end is the last byte, not the one after it.
      yield* createReadStream(local, { start, end: end - 1, highWaterMark: CHUNK_SIZE });
    } catch (cause) {
      throw await failure("read the file", local, cause);
    }
  }

  openSync(path: string, { start = 0, end = Infinity }: ByteRange = {}): SyncChunks {
    const local = toLocalPath(path);
    requireRange(path, start, end);
    let descriptor: number | undefined;
    try {
      descriptor = openSync(local, "r");
    } catch (cause) {
      if (codeOf(cause) !== "ENOENT") throw ioFailure("read the file", local, cause);
      throw new GirderError("not-found", "The file does not exist.", {
        where: local,
        remedy: "It may have been removed since it was matched.",
        cause,
      });
    }
    const buffer = Buffer.allocUnsafeSlow(Math.min(CHUNK_SIZE, Math.max(1, end - start)));
    let position = start;
    return {
      read() {
        const wanted = Math.min(buffer.length, end - position);
        if (descriptor === undefined || wanted === 0) return undefined;
        let length: number;
        try {
          length = readSync(descriptor, buffer, 0, wanted, position);
        } catch (cause) {
          throw ioFailure("read the file", local, cause);
        }
        position += length;
        return length === 0 ? undefined : buffer.subarray(0, length);
      },
      close() {
        if (descriptor !== undefined) closeSync(descriptor);
        descriptor = undefined;
      },
    };
  }

  async create(path: string): Promise<FileWriter> {
    const final = toLocalPath(path);
    const folder = dirname(final);
    const temporary = join(folder, `.${basename(final)}.${randomUUID()}.part`);
    try {
      await mkdir(folder, { recursive: true });
      return new LocalFileWriter(await open(temporary, "wx"), temporary, final);
    } catch (cause) {
      throw ioFailure("create the file", final, cause);
    }
  }

  createSync(path: string): SyncFileWriter {
    const local = toLocalPath(path);
    let descriptor: number | undefined;
    try {
      mkdirSync(dirname(local), { recursive: true });
      descriptor = openSync(local, "wx");
    } catch (cause) {
      throw ioFailure("create the file", local, cause);
    }
    return {
      write(chunk) {
        if (descriptor === undefined) throw ioFailure("write the file", local, "it is closed");
        try {
          for (let written = 0; written < chunk.length; ) written += writeSync(descriptor, chunk, written);
        } catch (cause) {
          throw ioFailure("write the file", local, cause);
        }
      },
      close() {
        if (descriptor !== undefined) closeSync(descriptor);
        descriptor = undefined;
      },
    };
  }

  /** Looking for a file of the new name and renaming are two steps where `overwrite` is not set. */
  async rename(from: string, to: string, { overwrite = false }: RenameOptions = {}): Promise<void> {
    const [source, target] = [toLocalPath(from), toLocalPath(to)];
    if (!overwrite && (await this.exists(target))) throw alreadyExists(target);
    try {
      await mkdir(dirname(target), { recursive: true });
      await rename(source, target);
    } catch (cause) {
      throw await failure(`rename the file to ${target}`, source, cause);
    }
  }

  async delete(paths: Iterable<string>): Promise<void> {
    for (const path of paths) {
      const local = toLocalPath(path);
      try {
        await rm(local, { force: true });
      } catch (cause) {
        throw ioFailure("remove the file", local, cause);
      }
    }
  }

  async deleteFolder(path: string): Promise<void> {
    const local = toLocalPath(path);
    try {
      await rm(local, { force: true, recursive: true });
    } catch (cause) {
      throw ioFailure("remove the folder", local, cause);
    }
  }

  async mkdirs(path: string): Promise<void> {
    const local = toLocalPath(path);
    try {
      await mkdir(local, { recursive: true });
    } catch (cause) {
      throw ioFailure("make the folder", local, cause);
    }
  }

  async exists(path: string): Promise<boolean> {
    return access(toLocalPath(path)).then(
      () => true,
      () => false,
    );
  }
}

class LocalFileWriter implements FileWriter {
  #open = true;

  constructor(
    readonly handle: FileHandle,
    readonly temporary: string,
    readonly final: string,
  ) {}

  async write(chunk: Uint8Array): Promise<void> {
    try {
      let written = 0;
      while (written < chunk.length) {
        written += (await this.handle.write(chunk, written, chunk.length - written)).bytesWritten;
      }
    } catch (cause) {
      throw ioFailure("write the file", this.final, cause);
    }
  }

  async close(): Promise<void> {
    this.#open = false;
    try {
      await this.handle.sync();
      await this.handle.close();
      await rename(this.temporary, this.final);
      await syncFolder(dirname(this.final));
    } catch (cause) {
      await rm(this.temporary, { force: true });
      throw ioFailure("finish the file", this.final, cause);
    }
  }

  async abort(): Promise<void> {
    if (!this.#open) return;
    this.#open = false;
    await this.handle.close();
    await rm(this.temporary, { force: true });
  }
}

/** Makes a rename within the folder durable. Windows cannot open folders, and needs no such thing. */
async function syncFolder(folder: string): Promise<void> {
  if (process.platform === "win32") return;
  const handle = await open(folder, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** The plain path of a path or `file:` URL. `new URL` would take a `?` of a pattern for a query. */
function toLocalPath(path: string): string {
  if (!path.startsWith("file:")) return path;
  const match = /^file:\/\/(?:localhost)?(\/.*)$/.exec(path);
  try {
    if (match?.[1] !== undefined) return decodeURIComponent(match[1]);
  } catch {
    // Falls through to the error below: an escape that is none is as wrong as a host.
  }
  throw new GirderError("invalid-argument", "This is not the URL of a local file.", {
    where: path,
    remedy: "Write file:/// and an absolute path, or a plain path.",
  });
}

async function describe(path: string): Promise<FileMetadata | undefined> {
  try {
    const status = await stat(path);
    return status.isFile() ? { path, size: status.size, lastModified: Math.floor(status.mtimeMs) } : undefined;
  } catch (cause) {
    if (isAbsence(cause)) return undefined;
    throw ioFailure("look at the file", path, cause);
  }
}

async function walk(glob: Glob, folder: string): Promise<FileMetadata[]> {
  const listed = folder === "" ? (glob.pattern.startsWith("/") ? "/" : ".") : folder;
  let entries: Awaited<ReturnType<typeof list>>;
  try {
    entries = await list(listed);
  } catch (cause) {
    if (isAbsence(cause)) return [];
    throw ioFailure("list the folder", listed, cause);
  }
  const found: FileMetadata[] = [];
  for (const entry of entries) {
    const path = listed === "." ? entry.name : `${folder}/${entry.name}`;
    const isLink = entry.isSymbolicLink();
    if (!entry.isDirectory() && glob.matches(path)) {
      const file = await describe(path);
      if (file !== undefined) found.push(file);
    }
    if ((entry.isDirectory() || (isLink && !glob.isRecursive)) && glob.mayMatchBelow(path)) {
      found.push(...(await walk(glob, path)));
    }
  }
  return found;
}

function list(folder: string) {
  return readdir(folder, { withFileTypes: true });
}

/** The error of a path that matches nothing, with the contents of the nearest folder at or above `folder`. */
async function missing(pattern: string, folder: string): Promise<GirderError> {
  for (let at = folder === "" ? (pattern.startsWith("/") ? "/" : ".") : folder; ; at = dirname(at)) {
    try {
      return notFound(pattern, at, (await readdir(at)).sort());
    } catch {
      if (dirname(at) === at) return notFound(pattern, undefined, []);
    }
  }
}

async function failure(action: string, path: string, cause: unknown): Promise<GirderError> {
  if (cause instanceof GirderError) return cause;
  return codeOf(cause) === "ENOENT" ? missing(path, dirname(path)) : ioFailure(action, path, cause);
}

function isAbsence(cause: unknown): boolean {
  return codeOf(cause) === "ENOENT" || codeOf(cause) === "ENOTDIR";
}

function codeOf(thrown: unknown): string | undefined {
  return thrown instanceof Error && "code" in thrown && typeof thrown.code === "string" ? thrown.code : undefined;
}
