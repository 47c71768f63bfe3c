import { GirderError } from "../../../portability/errors.js";
import type { FileSystem } from "./file-system.js";
import { LocalFileSystem } from "./local.js";
import { MemoryFileSystem } from "./memory.js";

const local = new LocalFileSystem();
const byScheme = new Map<string, FileSystem>();

/** Serves the paths of `fileSystem.scheme` from now on, in place of what did. */
export function registerFileSystem(fileSystem: FileSystem): void {
  byScheme.set(fileSystem.scheme, fileSystem);
}

registerFileSystem(local);
registerFileSystem(new MemoryFileSystem());

/**
 * The file system of a path or pattern: by what precedes `://`, and the local disk for plain paths. `file` and `memory`
 * are there from the start.
 *
 * @throws GirderError `unsupported` for a scheme that nobody registered.
 */
export function fileSystemFor(path: string): FileSystem {
  // A scheme of one letter is a drive of Windows.
  const scheme = /^([a-z][a-z0-9+.-]+):\/\//i.exec(path)?.[1]?.toLowerCase();
  if (scheme === undefined) return local;
  const fileSystem = byScheme.get(scheme);
  if (fileSystem !== undefined) return fileSystem;
  throw new GirderError("unsupported", `There is no file system for ${scheme}:// paths.`, {
    where: path,
    remedy: `Register one with registerFileSystem(), or use one of: ${[...byScheme.keys()].sort().join(", ")}.`,
  });
}
