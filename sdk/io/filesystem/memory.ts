import { alreadyExists, notFound, requireRange } from "./failures.js";
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

interface MemoryFile {
  readonly bytes: Uint8Array;
  readonly lastModified: number;
}

/** Options of {@link MemoryFileSystem}. */
export interface MemoryFileSystemOptions {
  /** Bytes per chunk when reading. Default 65,536; small ones show mistakes at chunk borders. */
  readonly chunkSize?: number;
}

/**
 * Files in memory, under `memory://…`, for tests. Paths are compared as they are written; there are no folders but those
 * that paths of files imply.
 */
export class MemoryFileSystem implements FileSystem {
  readonly scheme = "memory";
  readonly #files = new Map<string, MemoryFile>();
  readonly #chunkSize: number;

  constructor({ chunkSize = 65_536 }: MemoryFileSystemOptions = {}) {
    this.#chunkSize = chunkSize;
  }

  async match(pattern: string, { allowEmpty = false }: MatchOptions = {}): Promise<FileMetadata[]> {
    const glob = new Glob(pattern);
    const found = Array.from(this.#files, ([path, { bytes, lastModified }]) => ({
      path,
      size: bytes.length,
      lastModified,
    }));
    const matched = found.filter(({ path }) => glob.matches(path)).sort((a, b) => (a.path < b.path ? -1 : 1));
    if (matched.length === 0 && !allowEmpty) throw this.#missing(pattern);
    return matched;
  }

  async *open(path: string, range: ByteRange = {}): AsyncGenerator<Uint8Array> {
    const bytes = this.#part(path, range);
    for (let at = 0; at < bytes.length; at += this.#chunkSize) yield bytes.slice(at, at + this.#chunkSize);
  }

  openSync(path: string, range: ByteRange = {}): SyncChunks {
    const bytes = this.#part(path, range);
    const buffer = new Uint8Array(this.#chunkSize);
    let at = 0;
    return {
      read() {
        const chunk = bytes.subarray(at, at + buffer.length);
        at += chunk.length;
        // Copied, so that a reader which keeps a chunk too long is found out here as it would be on a disk.
        buffer.set(chunk);
        return chunk.length === 0 ? undefined : buffer.subarray(0, chunk.length);
      },
      close() {
        at = bytes.length;
      },
    };
  }

  async create(path: string): Promise<FileWriter> {
    const chunks: Uint8Array[] = [];
    let isOpen = true;
    return {
      write: async (chunk) => {
        chunks.push(new Uint8Array(chunk));
      },
      close: async () => {
        isOpen = false;
        this.#files.set(path, { bytes: new Uint8Array(Buffer.concat(chunks)), lastModified: Date.now() });
      },
      abort: async () => {
        if (isOpen) chunks.length = 0;
      },
    };
  }

  createSync(path: string): SyncFileWriter {
    if (this.#files.has(path)) throw alreadyExists(path);
    const chunks: Uint8Array[] = [];
    const put = (): void => {
      this.#files.set(path, { bytes: new Uint8Array(Buffer.concat(chunks)), lastModified: Date.now() });
    };
    put();
    return { write: (chunk) => void chunks.push(new Uint8Array(chunk)), close: put };
  }

  async rename(from: string, to: string, { overwrite = false }: RenameOptions = {}): Promise<void> {
    const file = this.#file(from);
    if (!overwrite && this.#files.has(to)) throw alreadyExists(to);
    this.#files.delete(from);
    this.#files.set(to, file);
  }

  async delete(paths: Iterable<string>): Promise<void> {
    for (const path of paths) this.#files.delete(path);
  }

  async deleteFolder(path: string): Promise<void> {
    const prefix = path.endsWith("/") ? path : `${path}/`;
    for (const file of [...this.#files.keys()]) if (file.startsWith(prefix)) this.#files.delete(file);
  }

  async mkdirs(): Promise<void> {}

  async exists(path: string): Promise<boolean> {
    return this.#files.has(path) || this.#beside(path).length > 0;
  }

  #part(path: string, { start = 0, end = Infinity }: ByteRange): Uint8Array {
    requireRange(path, start, end);
    return this.#file(path).bytes.subarray(start, end);
  }

  #file(path: string): MemoryFile {
    const file = this.#files.get(path);
    if (file === undefined) throw this.#missing(path);
    return file;
  }

  #missing(pattern: string): Error {
    const literal = /^[^*?[{]*/.exec(pattern)?.[0] ?? "";
    const root = `${this.scheme}://`;
    for (let at = parentOf(literal); at.length > root.length; at = parentOf(at)) {
      const beside = this.#beside(at);
      if (beside.length > 0) return notFound(pattern, at, beside);
    }
    return notFound(pattern, undefined, []);
  }

  /** Names of files and folders in `folder`. */
  #beside(folder: string): string[] {
    const prefix = folder.endsWith("/") ? folder : `${folder}/`;
    const names = new Set<string>();
    for (const path of this.#files.keys()) {
      if (path.startsWith(prefix)) names.add(path.slice(prefix.length).split("/", 1)[0] as string);
    }
    return [...names].sort();
  }
}

function parentOf(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf("/")));
}
