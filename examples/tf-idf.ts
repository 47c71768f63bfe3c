/**
 * The words that tell the books of a collection from each other: `girder run examples/tf-idf.ts`
 *
 * A word matters to a book as far as it is frequent there (term frequency) and in few other books (inverse document
 * frequency). Each line begins with book, chapter and verse: `Ge1:1 In the beginning …`.
 */
import {
  asMap,
  countGlobally,
  countPerElement,
  countPerKey,
  distinct,
  type KV,
  keys,
  pipelineOptions,
  run,
  singleton,
  topPerKey,
} from "girder";
import { readFromText, writeToText } from "girder/io/textio";

const options = pipelineOptions({
  input: { type: "string", default: "examples/data/kjv.txt", description: "Files to read (glob)." },
  output: { type: "string", default: "out/tf-idf", description: "Prefix of the files to write." },
  top: { type: "number", default: 5, description: "How many words to write for each book." },
});

interface Score {
  readonly word: string;
  readonly score: number;
}

await run((root) => {
  const words = root.apply(readFromText(options.input)).flatMap("Words", (line): KV<string, string>[] => {
    const [, book, text] = /^(\d?\D+)\d+:\d+ (.*)/.exec(line) ?? [];
    if (book === undefined || text === undefined) return [];
    return (text.toLowerCase().match(/[a-z']+/g) ?? []).map((word) => ({ key: book, value: word }));
  });

  // How often each word is in each book; how many words a book has; in how many books a word is; how many books there are.
  const termCounts = words.apply("TermCounts", countPerElement());
  const bookSizes = words.apply("BookSizes", countPerKey());
  const bookCounts = termCounts
    .map("WordOfBook", ({ key: { value: word } }) => word)
    .apply("BookCounts", countPerElement());
  const books = words.apply(keys()).apply(distinct()).apply("Books", countGlobally());

  termCounts
    .map(
      "Score",
      ({ key: { key: book, value: word }, value: times }, { sizeOf, booksWith, all }): KV<string, Score> => {
        const score = (times / sizeOf.get(book)!) * Math.log(all / booksWith.get(word)!);
        return { key: book, value: { word, score } };
      },
      { sizeOf: asMap(bookSizes), booksWith: asMap(bookCounts), all: singleton(books) },
    )
    .apply(topPerKey(options.top, (a, b) => a.score - b.score || (a.word < b.word ? 1 : -1)))
    .map("Format", ({ key: book, value: scores }) => `${book}: ${scores.map(({ word }) => word).join(", ")}`)
    .apply(writeToText(options.output));
}, options);
