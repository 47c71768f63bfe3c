/** The official TypeScript SDK's own programs on `girder/apache-beam`, with nothing changed but their imports. */
import { dirname, join } from "node:path";
import { messageOf } from "../../portability/errors.js";
import { cacheFolder } from "../driver/cache.js";
import { runTool } from "../driver/run-tool.js";
import type { Suite, SuiteRun } from "../driver/suite.js";
import { pythonOfSuite } from "../python/interpreter.js";
import type { TestResult } from "../report/report.js";
import { ROOT } from "../root.js";
import { checkExample, versionOf, writeInput } from "./examples.js";
import { mochaResults } from "./mocha-results.js";
import { EXAMPLES, TEST_FILES } from "./programs.js";
import { type CompiledProgram, compile } from "./workspace.js";

/** How long (s) a file of tests may take, in times of what a test may take. */
const TESTS_OF_A_FILE = 5;

export const apacheBeamSuite: Suite = {
  name: "apache-beam",
  parts: [],
  environments: ["LOOPBACK"],
  timeout: 60,
  tunable: false,
  async setUp(options) {
    const sources = await officialSources();
    const python = await pythonOfSuite();
    return {
      versions: { ...python.versions, "npm apache-beam": versionOf(sources), node: process.versions.node },
      run: (endpoint, run) =>
        runAll(sources, endpoint, options.timeout, { only: options.only, python: python.path, ...run }),
    };
  },
};

/** The folder of the TypeScript SDK in the Go module of Beam, which has all of Beam's SDKs. */
async function officialSources(): Promise<string> {
  const cwd = join(ROOT, "conformance", "go");
  const env = { GOFLAGS: "-mod=readonly" };
  await runTool("go", ["mod", "download", "github.com/apache/beam/sdks/v2"], { cwd, env });
  const module = await runTool("go", ["list", "-m", "-f", "{{.Dir}}", "github.com/apache/beam/sdks/v2"], { cwd, env });
  return join(module.trim(), "typescript");
}

interface Chosen extends SuiteRun {
  readonly only: RegExp | undefined;
  /** The interpreter that executes Python's transforms. */
  readonly python: string;
}

async function runAll(sources: string, endpoint: string, timeout: number, run: Chosen): Promise<TestResult[]> {
  const results: TestResult[] = [];
  const add = (...found: readonly TestResult[]): void => {
    for (const result of found) {
      const isChosen = (run.only?.test(result.name) ?? true) && (run.names?.includes(result.name) ?? true);
      if (!isChosen) continue;
      results.push(result);
      run.onResult(result);
    }
  };
  const places = { input: writeInput(cacheFolder("apache-beam-input")), endpoint };
  const compiled = await compile(sources, [
    ...TEST_FILES,
    ...EXAMPLES.map((example) => ({
      ...example,
      typed: true,
      places: example.places.map(([official, ours]) => [official, places[ours]] as const),
    })),
  ]);
  for (const [i, tests] of TEST_FILES.entries()) {
    const program = compiled[i]!;
    if (tests.typed) add(typesOf(tests.title, program));
    add(...(await mochaResults(program.file, tests, run.python, timeout * TESTS_OF_A_FILE)));
  }
  for (const [i, { path, prints }] of EXAMPLES.entries()) {
    const program = compiled[TEST_FILES.length + i]!;
    // A service of Java has to start.
    const times = prints === undefined ? 1 : TESTS_OF_A_FILE;
    const name = path.slice(dirname(path).length + 1);
    add(typesOf(name, program));
    add(await timed(`${name}: counts words`, () => checkExample(program.file, timeout * times, prints)));
  }
  return results;
}

function typesOf(title: string, { errors }: CompiledProgram): TestResult {
  const outcome = errors.length === 0 ? "passed" : "failed";
  return { name: `${title}: fits the types`, outcome, seconds: 0, reason: errors.join("\n") };
}

async function timed(name: string, check: () => Promise<void>): Promise<TestResult> {
  const start = performance.now();
  const seconds = (): number => Math.round(performance.now() - start) / 1000;
  try {
    await check();
    return { name, outcome: "passed", seconds: seconds(), reason: "" };
  } catch (thrown) {
    return { name, outcome: "failed", seconds: seconds(), reason: messageOf(thrown) };
  }
}
