/**
 * Text files: reading and writing lines.
 *
 * @module girder/io/textio
 */
export type { Compression } from "./lines/index.js";
export { type ReadFromTextOptions, readAllFromText, readFromText, readFromTextWithFilename } from "./read-text.js";
export { type WriteToTextOptions, writeToText } from "./write-text.js";
