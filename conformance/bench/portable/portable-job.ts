/** The jobs of the portable benchmark: pipelines of other SDKs, run by their own programs. */
import { join } from "node:path";
import { goProgram } from "../../go/go-program.js";
import { PYTHON_FOLDER, pythonOfSuite } from "../../python/interpreter.js";
import { textFile } from "../jobs/text.js";

export interface PortableJob {
  readonly name: string;
  readonly what: string;
  readonly elements: number;
  /** The program that runs it once on the job service at `endpoint`, and prints `{"seconds":…}`. */
  program(endpoint: string): Promise<readonly [command: string, ...args: string[]]>;
}

function python(name: string, what: string, elements: number): PortableJob {
  return {
    name: `python-${name}`,
    what,
    elements,
    async program(endpoint) {
      const { path } = await pythonOfSuite();
      const text = name === "wordcount" ? ["--text", textFile(elements)] : [];
      const script = join(PYTHON_FOLDER, "bench_pipelines.py");
      return [path, script, name, endpoint, "--elements", String(elements), ...text];
    },
  };
}

function go(name: string, what: string, elements: number): PortableJob {
  return {
    name: `go-${name}`,
    what,
    elements,
    async program(endpoint) {
      const path = await goProgram("bench", ["build"], "./bench");
      const options = [`--job=${name}`, `--elements=${elements}`];
      return [path, ...options, `--endpoint=${endpoint}`, "--environment_type=LOOPBACK"];
    },
  };
}

const MILLION = 1_000_000;

/** All of them. The text of the word count has 50 MB. */
export const PORTABLE_JOBS: readonly PortableJob[] = [
  python("group-by-key", "group 1M elements by 10,000 keys", MILLION),
  python("group-by-distinct-key", "group 1M elements by 1M keys", MILLION),
  python("group-by-hot-key", "group 1M values of 100 bytes, all of one key", MILLION),
  python("combine-per-key", "sum 1M elements of 10,000 keys", MILLION),
  python("ten-maps", "ten maps over 1M elements", MILLION),
  python("stateful", "a stateful DoFn: 200,000 elements of 1,000 keys", MILLION / 5),
  python("windowed-count", "count 1M elements of 1,000 keys in 60 windows", MILLION),
  python("wordcount", "count the words of 50 MB of text", 7 * MILLION),
  go("group-by-key", "group 1M elements by 10,000 keys", MILLION),
  go("combine-per-key", "sum 1M elements of 10,000 keys", MILLION),
];
