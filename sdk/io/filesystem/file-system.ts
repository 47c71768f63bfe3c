/** What sources and sinks need of a place where files are: a disk, a bucket, the memory of a test. */

/** A file that exists. */
export interface FileMetadata {
  /** What to pass to {@link FileSystem.open}. */
  readonly path: string;
  /** In bytes. */
  readonly size: number;
  /** In ms since 1970. */
  readonly lastModified: number;
}

/** Part of a file, in bytes: from `start` (default 0) up to but without `end` (default the file's end). */
export interface ByteRange {
  readonly start?: number;
  readonly end?: number;
}

/** Options of {@link FileSystem.match}. */
export interface MatchOptions {
  /** Yield no files where none match, instead of failing. Default false: a misspelled pattern should not read nothing. */
  readonly allowEmpty?: boolean;
}

/** The bytes of a file, chunk by chunk, without promises: the road for reading fast. */
export interface SyncChunks {
  /** The next bytes, at least one, or undefined at the end. They are overwritten by the next call. */
  read(): Uint8Array | undefined;
  /** Gives up the file; may be called more than once. */
  close(): void;
}

/** A file being written. It appears under its name, complete, when it is closed, and not at all before. */
export interface FileWriter {
  /** Resolves when more may be written. The bytes must not be changed until then. */
  write(chunk: Uint8Array): Promise<void>;
  /** Makes everything written durable and gives the file its name, replacing a file of that name. */
  close(): Promise<void>;
  /** Throws away what was written. Does nothing after {@link close}. */
  abort(): Promise<void>;
}

/** A file being written without promises, which is there under its name from the start: for what is temporary. */
export interface SyncFileWriter {
  /** The bytes may be changed afterwards. */
  write(chunk: Uint8Array): void;
  /** Ends the file. What was written can be read from then on, but might not outlive a failure of power. May be called more than once. */
  close(): void;
}

/** Options of {@link FileSystem.rename}. */
export interface RenameOptions {
  /** Replace a file that has the new name. Default false, which fails. */
  readonly overwrite?: boolean;
}

/**
 * Files under one URL scheme. Every failure is a GirderError: `not-found` for what does not exist, with what is beside
 * it, and `io` for what the system refuses, with its error as the cause.
 */
export interface FileSystem {
  /** What precedes `://` in its paths, such as `gs`; `file` for the local disk, whose paths may go without. */
  readonly scheme: string;
  /**
   * The files (not folders) that a pattern matches, by path in code unit order. `*` matches within a name, `**` any
   * number of folders, `?` one character, `[a-z]` one of several, `{a,b}` either, and `\` takes the next character as it
   * is. Names that begin with a dot are matched only by a pattern that writes the dot. A file whose path is the pattern
   * itself is always matched.
   *
   * @throws GirderError `not-found` if there is none and `allowEmpty` is not set.
   */
  match(pattern: string, options?: MatchOptions): Promise<FileMetadata[]>;
  /** The bytes of a file in chunks that stay as they are. Fails when iterated, not when called. */
  open(path: string, range?: ByteRange): AsyncIterable<Uint8Array>;
  /** As {@link open}, without promises. Left out by file systems that cannot. */
  openSync?(path: string, range?: ByteRange): SyncChunks;
  /** Begins a new file; its folders are made where needed. */
  create(path: string): Promise<FileWriter>;
  /**
   * Begins a new temporary file without promises: the road for writing fast. Its folders are made where needed. Left out by
   * file systems that cannot.
   *
   * @throws GirderError `io` if there is a file of that name, too.
   */
  createSync?(path: string): SyncFileWriter;
  /** Gives a file another name, in one step where a file is replaced. The folders of the new name are made where needed. */
  rename(from: string, to: string, options?: RenameOptions): Promise<void>;
  /** Removes files; those that do not exist are passed over, so that it can be retried. */
  delete(paths: Iterable<string>): Promise<void>;
  /** Removes a folder with everything below it. Does nothing if there is none. */
  deleteFolder(path: string): Promise<void>;
  /** Makes a folder and those above it. Does nothing if it is there. */
  mkdirs(path: string): Promise<void>;
  /** Whether there is a file or folder of this path. */
  exists(path: string): Promise<boolean>;
}
