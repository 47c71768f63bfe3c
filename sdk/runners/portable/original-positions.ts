/** Positions in the file that a program was made into, as positions in the program. */
import { readFile } from "node:fs/promises";
import { SourceMap, type SourceMapPayload } from "node:module";
import { dirname, resolve } from "node:path";
import { GirderError } from "../../../portability/errors.js";
import { PROGRAM_FILE } from "./program-file.js";

const POSITION = new RegExp(`(?:file://)?[^\\s(]*${PROGRAM_FILE.replaceAll(".", "\\.")}:(\\d+):(\\d+)`, "g");

/**
 * The error of a worker, with its stack as the author knows the program.
 *
 * @param bundle Path of the file, beside which there may be its source map.
 */
export async function withOriginalPositions(thrown: unknown, bundle: string): Promise<unknown> {
  if (!(thrown instanceof GirderError) || !(thrown.cause instanceof Error)) return thrown;
  const { cause } = thrown;
  const text = await readFile(`${bundle}.map`, "utf8").catch(() => undefined);
  if (text === undefined || cause.stack === undefined) return thrown;
  const map = new SourceMap(JSON.parse(text) as SourceMapPayload);
  cause.stack = cause.stack.replace(POSITION, (position, line: string, column: string) => {
    const entry = map.findEntry(Number(line) - 1, Number(column) - 1);
    if (!("originalSource" in entry)) return position;
    const { originalSource, originalLine, originalColumn } = entry;
    return `${resolve(dirname(bundle), originalSource)}:${originalLine + 1}:${originalColumn + 1}`;
  });
  return thrown;
}
