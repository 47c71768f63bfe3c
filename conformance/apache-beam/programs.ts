/** The official package's own programs: its examples, the Programming Guide's snippets, and tests of what it documents. */

/** A file of tests for mocha. */
export interface TestFile {
  /** Below the folder of the TypeScript SDK. */
  readonly path: string;
  readonly title: string;
  /** Whether the compiler has to accept it. It could not where a file uses internals of the official package. */
  readonly typed: boolean;
  /** Tests that are not run, by their full titles or the beginnings of those, with the reason. */
  readonly notRun: Readonly<Record<string, string>>;
}

const CLOUD = "needs Google Cloud; the official package skips it, too";
const INTERNALS = "looks into internals of the official package, which are not documented";

export const TEST_FILES: readonly TestFile[] = [
  {
    path: "test/docs/programming_guide.ts",
    title: "Programming Guide",
    typed: true,
    notRun: {},
  },
  { path: "test/wordcount.ts", title: "word count", typed: true, notRun: {} },
  { path: "test/combine_test.ts", title: "combiners", typed: true, notRun: {} },
  {
    path: "test/primitives_test.ts",
    title: "primitives",
    typed: false,
    notRun: {
      "primitives module direct runner applies basic transforms": INTERNALS,
      "primitives module portable runner @ulr applies basic transforms": INTERNALS,
      "primitives module multi-pipeline": CLOUD,
      "liquid sharding": "has Python's local runner split a bundle at given moments, by an option of that runner",
    },
  },
  {
    path: "test/io_test.ts",
    title: "files",
    typed: false,
    notRun: {
      "IO Tests avroio file test": CLOUD,
      "IO Tests bigqueryio test": CLOUD,
      "IO Tests pubsub test": CLOUD,
    },
  },
];

/** An example program. */
export interface Example {
  readonly path: string;
  /** What is changed in it beside its imports: places of its input and of a job service, by what stands in their stead. */
  readonly places: readonly (readonly [official: string, ours: "input" | "endpoint"])[];
  /** The lines that it prints, in any order. Default: the count of its input's words. */
  readonly prints?: readonly string[];
}

const FOLDER = "src/apache_beam/examples";

export const EXAMPLES: readonly Example[] = [
  { path: `${FOLDER}/wordcount.ts`, places: [] },
  {
    path: `${FOLDER}/wordcount_textio.ts`,
    places: [
      ["gs://dataflow-samples/shakespeare/kinglear.txt", "input"],
      ["localhost:3333", "endpoint"],
    ],
  },
  {
    path: `${FOLDER}/wordcount_sql.ts`,
    places: [["localhost:3333", "endpoint"]],
    prints: ["{ word: 'a', c: 1 }", "{ word: 'b', c: 1 }", "{ word: 'c', c: 2 }"],
  },
];
