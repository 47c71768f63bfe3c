/** Text for the word count: words by a Zipf-like law, generated once and kept in the temporary folder. */
import { existsSync, mkdirSync, renameSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { seededRandom } from "../../../runner/execution/random.js";

const VOCABULARY = 50_000;
const WORDS_PER_LINE = 10;

/** The file that has this many words, ten to a line; made if it is not there. */
export function textFile(words: number): string {
  const folder = join(tmpdir(), "girder-bench");
  const path = join(folder, `text-${words}.txt`);
  if (existsSync(path)) return path;
  mkdirSync(folder, { recursive: true });
  const unfinished = `${path}.${process.pid}`;
  writeFileSync(unfinished, text(words));
  renameSync(unfinished, path);
  return path;
}

function text(words: number): Buffer {
  const random = seededRandom(20240501);
  const letters = "abcdefghijklmnopqrstuvwxyz";
  const vocabulary = Array.from({ length: VOCABULARY }, () =>
    Array.from({ length: 2 + Math.floor(random() * 9) }, () => letters[Math.floor(random() * 26)]).join(""),
  );
  const lines: string[] = [];
  for (let done = 0; done < words; done += WORDS_PER_LINE) {
    const line: string[] = [];
    for (let i = 0; i < WORDS_PER_LINE; i++) {
      // The rank r of a word has a probability of about 1/r.
      const rank = Math.floor(VOCABULARY ** random()) - 1;
      line.push(vocabulary[rank]!);
    }
    lines.push(line.join(" "));
  }
  return Buffer.from(`${lines.join("\n")}\n`);
}
