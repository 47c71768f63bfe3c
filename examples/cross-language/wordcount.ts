/**
 * Counts the words of a text, with Python to find them and Java to count them by SQL:
 * `girder run examples/cross-language/wordcount.ts --python=.venv --output=/tmp/counts`
 */
import { type PCollection, pipelineOptions, run } from "girder";
import { STRING_CODER } from "girder/coders";
import { pythonCallable, pythonTransform, sqlService, sqlTransform } from "girder/expansion";
import { readFromText, writeToText } from "girder/io/textio";
import { schema, string, withSchema } from "girder/schemas";

const options = pipelineOptions({
  input: { type: "string", default: "examples/data/kjv.txt", description: "Files to read (glob)." },
  output: { type: "string", default: "out/counts", description: "Prefix of the files to write." },
  python: { type: "string", default: "python3", description: "A Python with apache-beam." },
  sql: { type: "string", default: "2.65.0", description: "The version of Beam SQL that Maven gets." },
});

const WORDS = schema({ word: string() });
const FIND_WORDS = pythonCallable(`
import re

def find_words(line):
  return re.findall("[A-Za-z']+", line)
`);

await run((root) => {
  root
    .apply(readFromText(options.input))
    .withCoder(STRING_CODER)
    .apply(
      "Python",
      pythonTransform<PCollection<string>>("apache_beam.FlatMap", {
        args: [FIND_WORDS],
        outputCoder: STRING_CODER,
        service: { python: options.python },
      }),
    )
    .map("Row", (word) => ({ word }))
    .apply(withSchema(WORDS))
    .apply(
      "Java",
      sqlTransform<{ word: string; total: number | bigint }>(
        "SELECT word, COUNT(*) AS total FROM PCOLLECTION GROUP BY word",
        { service: sqlService(options.sql) },
      ),
    )
    .map("Format", ({ word, total }) => `${word}: ${total}`)
    .apply(writeToText(options.output));
}, options);
