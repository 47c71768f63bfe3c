/** Lines of text in files. */
export { type Compression, compressing, compressionOf, decompress } from "./compression.js";
export type { LineBatch } from "./line-batch.js";
export { type LineOptions, LineReader, type OffsetRange, readLines } from "./line-reader.js";
export { LineWriter, type LineWriterOptions } from "./line-writer.js";
