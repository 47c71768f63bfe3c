/**
 * The TypeScript pipelines of `npm run bench -- elsewhere`: runs one, and prints how long that took.
 *
 *     client.js JOB ENDPOINT ELEMENTS
 *
 * They are what `conformance/python/bench_pipelines.py` has in Python, and check their own results, too. The time is that of building
 * the pipeline, submitting it and waiting for its end; loading the SDK is left out.
 */
import { combineGlobally, combinePerKey, generateSequence, groupByKey, type PCollection, Pipeline, sum } from "girder";
import { readFromText } from "girder/io/textio";
import { runPortable } from "../../../sdk/runners/portable/portable.js";
import { textFile } from "../jobs/text.js";

const KEYS = 10_000;

function requireSum(numbers: PCollection<number>, expected: number): void {
  numbers.apply(combineGlobally(sum)).map("Check", (total) => {
    if (Number(total) !== expected) throw new Error(`${total} is not ${expected}`);
  });
}

const JOBS: Readonly<Record<string, (pipeline: Pipeline, elements: number) => void>> = {
  wordcount(pipeline, elements) {
    const counts = pipeline
      .apply(readFromText(textFile(elements)))
      .flatMap((line) => line.split(" "))
      .map((word) => ({ key: word, value: 1 }))
      .apply(combinePerKey(sum));
    requireSum(
      counts.map(({ value }) => Number(value)),
      elements,
    );
  },
  "group-by-key"(pipeline, elements) {
    const groups = pipeline
      .apply(generateSequence({ to: elements }))
      .map((i) => ({ key: i % KEYS, value: i }))
      .apply(groupByKey());
    const sizes = groups.map(({ value }) => {
      let size = 0;
      for (const _ of value) size++;
      return size;
    });
    requireSum(sizes, elements);
  },
};

const [name = "", jobEndpoint = "", elements = ""] = process.argv.slice(2);
const begun = performance.now();
const pipeline = new Pipeline();
JOBS[name]!(pipeline, Number(elements));
await runPortable(pipeline, { jobEndpoint });
console.log(JSON.stringify({ seconds: (performance.now() - begun) / 1000 }));
