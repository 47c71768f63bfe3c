/** What programs that count the words of a text are to give. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "../root.js";

/** The text. */
export const TEXT = join(ROOT, "examples", "data", "kjv.txt");

/** The lines of all files of these names, in order. */
export function linesOf(folder: string, names: RegExp): string[] {
  const files = readdirSync(folder).filter((file) => names.test(file));
  return files.flatMap((file) => readFileSync(join(folder, file), "utf8").trimEnd().split("\n")).sort();
}

/** What every client is to count, counted without Beam. */
export function expectedCounts(): string[] {
  const counts = new Map<string, number>();
  for (const word of readFileSync(TEXT, "utf8").match(/[A-Za-z']+/g) ?? [])
    counts.set(word, (counts.get(word) ?? 0) + 1);
  return Array.from(counts, ([word, count]) => `${word}: ${count}`).sort();
}
