/**
 * The most frequent long words of a book, by a transform of one's own: `girder run examples/composite.ts`
 *
 * A transform is a function from its input to its output. What it applies appears under its name, as
 * `girder graph examples/composite.ts` shows.
 */
import {
  countPerElement,
  type KV,
  named,
  type PCollection,
  type PTransform,
  pipelineOptions,
  regex,
  run,
  topGlobally,
} from "girder";
import { readFromText, writeToText } from "girder/io/textio";

const options = pipelineOptions({
  input: { type: "string", default: "examples/data/kjv.txt", description: "Files to read (glob)." },
  output: { type: "string", default: "out/top-words", description: "Prefix of the files to write." },
  letters: { type: "number", default: 6, description: "How long a word has to be." },
  top: { type: "number", default: 10, description: "How many words to write." },
});

/** More frequent is greater; of equally frequent words the one that comes first in the alphabet is. */
function byFrequency(a: KV<string, number>, b: KV<string, number>): number {
  return a.value - b.value || (a.key < b.key ? 1 : -1);
}

/** The `n` most frequent of the words that pass `accept`, as one array. */
function topWords(
  n: number,
  accept: (word: string) => boolean,
): PTransform<PCollection<string>, PCollection<KV<string, number>[]>> {
  return named("TopWords", (lines) =>
    lines
      .apply(regex.findAll(/[A-Za-z']+/))
      .map("LowerCase", (word) => word.toLowerCase())
      .filter("Accepted", accept)
      .apply(countPerElement())
      .apply(topGlobally(n, byFrequency)),
  );
}

await run((root) => {
  root
    .apply(readFromText(options.input))
    .apply(topWords(options.top, (word) => word.length >= options.letters))
    .map("Format", (words) => words.map(({ key, value }) => `${key}: ${value}`).join("\n"))
    .apply(writeToText(options.output));
}, options);
