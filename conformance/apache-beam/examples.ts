/** Runs the official examples, and looks at what they print. */
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { runTool } from "../driver/run-tool.js";

/** Lines for the example that reads a file. */
export const INPUT_TEXT = "It was the best of times, it was the worst of times,\nit was the age of wisdom,\n";

/** The text that `wordcount.ts` has in it. */
const GENESIS = [
  "In the beginning God created the heaven and the earth.",
  "And the earth was without form, and void; and darkness was upon the face of the deep.",
  "And the Spirit of God moved upon the face of the waters.",
  "And God said, Let there be light: and there was light.",
];

/** Writes the input file of an example; gives its path. */
export function writeInput(folder: string): string {
  const path = join(folder, "input.txt");
  writeFileSync(path, INPUT_TEXT);
  return path;
}

/** The version of Beam SQL that Maven gets for the example with SQL: the newest of which all parts are published. */
const SQL_VERSION = "2.65.0";

/** Runs an example, and compares what it prints. @param prints Default: a count of its words made without Beam. @throws AssertionError */
export async function checkExample(file: string, timeout: number, prints?: readonly string[]): Promise<void> {
  const env = { GIRDER_SQL_VERSION: SQL_VERSION };
  const printed = await runTool(process.execPath, [file], { timeout: timeout * 1000, env });
  assert.deepEqual(printed.trimEnd().split("\n").sort(), [...(prints ?? wordCounts(file))].sort());
}

function wordCounts(file: string): string[] {
  const lines = file.includes("textio") ? INPUT_TEXT.trimEnd().split("\n") : GENESIS;
  const counts = new Map<string, number>();
  for (const word of lines.flatMap((line) => line.toLowerCase().split(/[^a-z]+/))) {
    counts.set(word, (counts.get(word) ?? 0) + 1);
  }
  return Array.from(counts, ([element, count]) => `{ element: '${element}', count: ${count} }`);
}

/** The official SDK's version, as it says itself. */
export function versionOf(sources: string): string {
  return (JSON.parse(readFileSync(join(sources, "package.json"), "utf8")) as { version: string }).version;
}
