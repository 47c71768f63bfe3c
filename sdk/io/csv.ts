/**
 * CSV: files of records, with a header or without.
 *
 * @module girder/io/csv
 */
import type { Options as ParseOptions } from "csv-parse";
import { stringify } from "csv-stringify/sync";
import { GirderError, messageOf } from "../../portability/errors.js";
import type { PCollection } from "../pipeline/pcollection.js";
import { named, type PTransform } from "../pipeline/pvalue.js";
import type { Root } from "../pipeline/root.js";
import { splittable } from "../transforms/splittable.js";
import { CsvSource } from "./csv-source.js";
import { type MatchFilesOptions, matchFiles } from "./match-files.js";
import { type WriteToTextOptions, writeToText } from "./write-text.js";

/** How CSV is found and read. */
export interface ReadFromCsvOptions extends MatchFilesOptions {
  /** What the fields are called, for files without a header. Default: the first record of each file says so. */
  readonly columns?: readonly string[];
  /** Between fields. Default a comma. */
  readonly delimiter?: string;
  /** Around fields that hold a delimiter or a line feed. Default `"`. */
  readonly quote?: string;
}

/** How CSV is written. */
export interface WriteToCsvOptions extends Omit<WriteToTextOptions, "delimiter" | "header" | "footer"> {
  /** Which fields of each element are written, in what order. */
  readonly columns: readonly string[];
  /** Whether each file begins with the names of the columns. Default true. */
  readonly header?: boolean;
  /** Between fields. Default a comma. */
  readonly delimiter?: string;
}

/** A record of a CSV file: its fields, all of them text, by column. */
export type CsvRecord<C extends string = string> = { readonly [column in C]: string };

/**
 * The records of CSV files. Fields in quotes may hold line feeds, so a file is read from its beginning to its end, by one
 * bundle at a time. Empty lines are passed over, as is a byte order mark.
 *
 * @throws GirderError when the pipeline runs: `malformed-data` for a record with too few or too many fields, or quotes
 * that are not closed, with file and line; `not-found` for a pattern without a match; `corrupt-file`; `io`.
 */
export function readFromCsv<C extends string = string>(
  patterns: string | readonly string[],
  options: ReadFromCsvOptions = {},
): PTransform<Root, PCollection<CsvRecord<C>>> {
  const files = matchFiles(patterns, options);
  const { columns, delimiter = ",", quote = '"' } = options;
  const parsing: ParseOptions = {
    columns: columns === undefined ? true : [...columns],
    delimiter,
    quote,
    bom: true,
    skip_empty_lines: true,
  };
  return named("ReadFromCsv", (root) => {
    const read = named("Read", (matched: ReturnType<typeof files>) => {
      const source = new CsvSource<CsvRecord<C>>(matched.pipeline.where, parsing);
      return matched.apply(splittable("Records", source));
    });
    return root.apply(files).apply(read);
  });
}

/**
 * Writes the fields of objects as CSV to files `PREFIX-00000-of-00001.csv`; gives the names of the files. Dates are
 * written in ISO form, booleans as `true` and `false`, null and undefined as nothing. See `writeToText` for how files are
 * written.
 *
 * @throws GirderError at once: `invalid-argument` without columns. When the pipeline runs: `cannot-encode` for a field that is
 * no text, number, boolean or date; otherwise see `writeToText`.
 */
export function writeToCsv<T extends object>(
  prefix: string,
  options: WriteToCsvOptions,
): PTransform<PCollection<T>, PCollection<string>> {
  const { columns, header = true, delimiter = ",", ...rest } = options;
  if (!Array.isArray(columns) || columns.length === 0) {
    throw new GirderError("invalid-argument", "It is not said which columns are to be written.", {
      where: prefix,
      remedy: 'Name them: writeToCsv(prefix, { columns: ["id", "name"] }).',
    });
  }
  const line = (record: readonly unknown[]): string => {
    return stringify([[...record]], { delimiter, eof: false, cast: CASTS });
  };
  const write = writeToText(prefix, { suffix: ".csv", ...rest, ...(header ? { header: line(columns) } : {}) });
  return named("WriteToCsv", (records) => {
    const transform = records.pipeline.where;
    const format = (record: T): string => {
      const fields = columns.map((column) => (record as Readonly<Record<string, unknown>>)[column]);
      try {
        return line(fields);
      } catch (cause) {
        throw new GirderError("cannot-encode", `A record cannot be written as CSV: ${messageOf(cause)}.`, {
          where: transform,
          remedy: "Map its fields to text, numbers, booleans or dates first.",
          cause,
        });
      }
    };
    return records.map("Format", format).apply(write);
  });
}

const CASTS = {
  boolean: (value: boolean) => String(value),
  date: (value: Date) => value.toISOString(),
  object: (value: object): string => {
    throw new TypeError(`a field is ${Array.isArray(value) ? "an array" : "an object"}`);
  },
};
