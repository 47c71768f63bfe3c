/** Counts the words of a text: `girder run examples/wordcount.ts --input='examples/data/*.txt' --output=/tmp/counts` */
import { countPerElement, pipelineOptions, run } from "girder";
import { readFromText, writeToText } from "girder/io/textio";

const options = pipelineOptions({
  input: { type: "string", default: "examples/data/kjv.txt", description: "Files to read (glob)." },
  output: { type: "string", default: "out/counts", description: "Prefix of the files to write." },
});

await run((root) => {
  root
    .apply(readFromText(options.input))
    .flatMap("Words", (line) => line.match(/[A-Za-z']+/g) ?? [])
    .apply(countPerElement())
    .map("Format", ({ key, value }) => `${key}: ${value}`)
    .apply(writeToText(options.output));
}, options);
