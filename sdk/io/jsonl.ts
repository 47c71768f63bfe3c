/**
 * JSON Lines: files with a JSON value in each line.
 *
 * @module girder/io/jsonl
 */
import { GirderError, messageOf } from "../../portability/errors.js";
import type { PCollection } from "../pipeline/pcollection.js";
import { named, type PTransform } from "../pipeline/pvalue.js";
import type { Root } from "../pipeline/root.js";
import { located } from "./located.js";
import { matchFiles } from "./match-files.js";
import { type ReadFromTextOptions, readLinesAs } from "./read-text.js";
import { type WriteToTextOptions, writeToText } from "./write-text.js";

/** Characters of a malformed line in an error, at most. */
const EXCERPT = 120;

/** How JSON Lines are found and read. */
export type ReadFromJsonlOptions = Omit<ReadFromTextOptions, "delimiter">;

/** How JSON Lines are written. */
export type WriteToJsonlOptions = Omit<WriteToTextOptions, "delimiter" | "header" | "footer">;

/**
 * The values of JSON Lines files; empty lines are passed over. Files are found and divided as by `readFromText`. That the
 * values are of type `T` is the author's word.
 *
 * @throws GirderError when the pipeline runs: `malformed-data` for a line that is no JSON, with file and line;
 * otherwise see `readFromText`.
 */
export function readFromJsonl<T = unknown>(
  patterns: string | readonly string[],
  options: ReadFromJsonlOptions = {},
): PTransform<Root, PCollection<T>> {
  const files = matchFiles(patterns, options);
  return named("ReadFromJsonl", (root) => root.apply(files).apply(readLinesAs<T>(options, parse)));
}

function parse<T>(line: string, path: string): T | undefined {
  if (line.trim() === "") return undefined;
  try {
    return JSON.parse(line) as T;
  } catch (cause) {
    const excerpt = line.length > EXCERPT ? `${line.slice(0, EXCERPT)}…` : line;
    throw new GirderError("malformed-data", `A line is no JSON: ${messageOf(cause)}.`, {
      where: path,
      element: excerpt,
      remedy:
        "Each line must hold one complete JSON value. Use readFromText and parse yourself to pass over bad lines.",
      cause,
    });
  }
}

/**
 * Writes values as JSON Lines to files `PREFIX-00000-of-00001.jsonl`; gives the names of the files. See `writeToText` for
 * how files are written.
 *
 * @throws GirderError when the pipeline runs: `cannot-encode` for a value that JSON does not have, such as `undefined`, a
 * bigint or a circle; otherwise see `writeToText`.
 */
export function writeToJsonl<T>(
  prefix: string,
  options: WriteToJsonlOptions = {},
): PTransform<PCollection<T>, PCollection<string>> {
  const write = writeToText(prefix, { suffix: ".jsonl", ...options });
  return named("WriteToJsonl", (values) => {
    const transform = values.pipeline.where;
    const format = (value: T): string => {
      try {
        return stringify(value);
      } catch (thrown) {
        throw located(thrown, transform);
      }
    };
    return values.map("Format", format).apply(write);
  });
}

function stringify(value: unknown): string {
  let text: string | undefined;
  let cause: unknown;
  try {
    text = JSON.stringify(value);
  } catch (thrown) {
    cause = thrown;
  }
  if (text !== undefined) return text;
  const why = cause === undefined ? `it is of type ${typeof value}` : messageOf(cause);
  throw new GirderError("cannot-encode", `A value cannot be written as JSON: ${why}.`, {
    remedy: "Map it to plain objects, arrays, strings, numbers, booleans and null first.",
    ...(cause === undefined ? {} : { cause }),
  });
}
