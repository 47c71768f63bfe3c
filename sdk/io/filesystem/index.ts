/**
 * File systems: where sources read and sinks write.
 *
 * @module girder/io/filesystem
 */
export type {
  ByteRange,
  FileMetadata,
  FileSystem,
  FileWriter,
  MatchOptions,
  RenameOptions,
  SyncChunks,
  SyncFileWriter,
} from "./file-system.js";
export { LocalFileSystem } from "./local.js";
export { MemoryFileSystem, type MemoryFileSystemOptions } from "./memory.js";
export { fileSystemFor, registerFileSystem } from "./registry.js";
