/**
 * Text, CSV and JSON: files of lines, on any file system that is registered with `girder/io/filesystem`.
 *
 * @module girder/apache-beam/io/textio
 */
import { RowCoder } from "../../../portability/coders/index.js";
import { GirderError } from "../../../portability/errors.js";
import type { Schema } from "../../../portability/gen/org/apache/beam/model/pipeline/v1/schema_pb.js";
import { readFromCsv as girderReadFromCsv, writeToCsv as girderWriteToCsv } from "../../io/csv.js";
import { readFromJsonl, writeToJsonl } from "../../io/jsonl.js";
import { readFromText as girderReadFromText } from "../../io/read-text.js";
import { writeToText as girderWriteToText, type WriteToTextOptions } from "../../io/write-text.js";
import type { PCollection as GirderPCollection } from "../../pipeline/pcollection.js";
import { named } from "../../pipeline/pvalue.js";
import { combineGlobally } from "../../transforms/combine.js";
import { singleton } from "../../transforms/side-inputs.js";
import { columnTypes, typed } from "../adapt/column-types.js";
import type { Loose } from "../adapt/loose.js";
import { unsupported } from "../adapt/unsupported.js";
import { using } from "../interop.js";
import type { PCollection, Root } from "../pvalue.js";

/** Names of the files that were written. */
export type Written = { filesWritten: PCollection<string> };

/** The lines of files, which are found by a path or glob. */
export function readFromText(filePattern: string): (root: Root) => Promise<PCollection<string>> {
  return async function readFromText(root) {
    return root.apply(using(girderReadFromText(filePattern)));
  };
}

/** How lines are written. */
export interface WriteOptions {
  /** End of each file's name. Default none. */
  fileNameSuffix?: string;
  /** Whether each line ends in a line feed. (The name is the official one.) Default true. */
  appendTrailingMewlines?: boolean;
  numShards?: number;
  shardNameTemplate?: string;
  /** First line of each file. */
  header?: string;
  /** Last line of each file. */
  footer?: string;
}

/** Writes elements, as text, to files `PREFIX-00000-of-00001SUFFIX`. */
export function writeToText(
  filePathPrefix: string,
  options: WriteOptions = {},
): (toWrite: PCollection<Loose>) => Promise<Written> {
  return async function writeToText(pcoll) {
    const { fileNameSuffix, appendTrailingMewlines, ...others } = options;
    const write = girderWriteToText(filePathPrefix, {
      ...others,
      ...(fileNameSuffix === undefined ? {} : { suffix: fileNameSuffix }),
      ...(appendTrailingMewlines === false ? { delimiter: "" } : {}),
    });
    const lines = named("WriteToText", (elements: GirderPCollection<unknown>) =>
      write(elements.map("ToString", (element) => (typeof element === "string" ? element : `${element}`))),
    );
    return { filesWritten: pcoll.apply(using(lines)) };
  };
}

/**
 * The records of CSV files with a header. A column of numbers gives numbers, one of `True` and `False` booleans, any other text;
 * a field without text gives null.
 *
 * @param options None: those of pandas are refused.
 */
export function readFromCsv(filePattern: string, options: object = {}): (root: Root) => Promise<PCollection<Loose>> {
  return async function readFromCsv(root) {
    refuse("readFromCsv", options, "Use readFromCsv of girder/io/csv, which has columns, delimiter and quote.");
    const read = named("ReadFromCsv", (own: typeof root.girder) => {
      const records = own.apply(girderReadFromCsv(filePattern));
      const types = records.apply(combineGlobally(columnTypes));
      return records.map("Typed", (record, { types: all }) => typed(record, all), { types: singleton(types) });
    });
    return root.apply(using(read)) as PCollection<Loose>;
  };
}

/**
 * Writes objects as CSV to files `PREFIX-00000-of-00001`, with a header.
 *
 * @param schema Says which fields, in what order. Default: that of the PCollection's `withRowCoder`.
 * @param options None: those of pandas are refused.
 * @throws GirderError `invalid-argument` if nothing says what the fields are.
 */
export function writeToCsv(
  filePathPrefix: string,
  schema?: Schema,
  options: object = {},
): (toWrite: PCollection<Loose>) => Promise<Written> {
  return async function writeToCsv(toWrite) {
    refuse("writeToCsv", options, "Use writeToCsv of girder/io/csv, which has columns, delimiter and header.");
    const { coder } = toWrite.girder;
    const fields = (schema ?? (coder instanceof RowCoder ? coder.schema : undefined))?.fields;
    if (fields === undefined) {
      throw new GirderError("invalid-argument", "It is not said which fields are to be written.", {
        where: filePathPrefix,
        remedy: 'Apply withRowCoder({ name: "", … }) first, or give a schema.',
      });
    }
    const columns = fields.map(({ name }) => name);
    const write = girderWriteToCsv<Record<string, unknown>>(filePathPrefix, { suffix: "", columns });
    const capitalised = named("WriteToCsv", (rows: GirderPCollection<Record<string, unknown>>) =>
      write(
        rows.map("Booleans", (row) =>
          mapFields(row, (field) => (typeof field === "boolean" ? pythonBoolean(field) : field)),
        ),
      ),
    );
    return { filesWritten: toWrite.apply(using(capitalised)) };
  };
}

/** The objects of files with one in each line. @param options None: those of pandas are refused. */
export function readFromJson(filePattern: string, options: object = {}): (root: Root) => Promise<PCollection<Loose>> {
  return async function readFromJson(root) {
    refuse("readFromJson", options, "Use readFromJsonl of girder/io/jsonl.");
    return root.apply(using(readFromJsonl<Loose>(filePattern)));
  };
}

/**
 * Writes objects, one in each line, to files `PREFIX-00000-of-00001`.
 *
 * @param _schema Has no part in it: JSON says what each field is.
 * @param options None: those of pandas are refused.
 */
export function writeToJson(
  filePathPrefix: string,
  _schema?: Schema,
  options: object = {},
): (toWrite: PCollection<Loose>) => Promise<Written> {
  return async function writeToJson(toWrite) {
    refuse("writeToJson", options, "Use writeToJsonl of girder/io/jsonl.");
    const write = writeToJsonl<Loose>(filePathPrefix, { suffix: "" } satisfies WriteToTextOptions);
    return { filesWritten: toWrite.apply(using(write)) };
  };
}

function refuse(name: string, options: object, remedy: string): void {
  const names = Object.keys(options);
  if (names.length > 0) throw unsupported(`${name} has no options of pandas here, such as ${names[0]}.`, remedy);
}

/** As pandas writes them, and as {@link readFromCsv} knows them. */
const pythonBoolean = (value: boolean): string => (value ? "True" : "False");

function mapFields(row: Record<string, unknown>, map: (field: unknown) => unknown): Record<string, unknown> {
  return Object.fromEntries(Object.entries(row).map(([name, field]) => [name, map(field)]));
}
