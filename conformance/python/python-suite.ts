/** The suites of the Python SDK: the cases of its FnApiRunner, its tests for runners, and its transcripts of triggers. */
import { join } from "node:path";
import { type DriverOptions, USUAL_VARIANT, variantOf } from "../driver/driver-options.js";
import { runProgram } from "../driver/run-program.js";
import { runTool } from "../driver/run-tool.js";
import type { Suite, SuiteRun } from "../driver/suite.js";
import type { TestResult } from "../report/report.js";
import { categoryOf } from "./categories.js";
import { type Interpreter, PYTHON_FOLDER, pythonOfSuite } from "./interpreter.js";

/** Cases of `fn_runner_test`, the tests that are marked `it_validatesrunner`, and transcripts of `trigger_test`. */
const PARTS = ["fn-runner", "validates-runner", "transcripts"] as const;
type Part = (typeof PARTS)[number];

export const pythonSuite: Suite = {
  name: "python",
  parts: PARTS,
  environments: ["LOOPBACK", "EXTERNAL", "PROCESS"],
  timeout: 60,
  tunable: true,
  async setUp(options) {
    const python = await pythonOfSuite();
    return { versions: python.versions, run: (endpoint, run) => runParts(python, endpoint, options, run) };
  },
};

/** The parts to run: of the variants that are not the usual one, the cases alone. */
function partsOf(options: DriverOptions): readonly Part[] {
  if (options.part !== undefined) return PARTS.filter((part) => part === options.part);
  const usual = variantOf(options).join() === USUAL_VARIANT.join();
  return usual ? PARTS : ["fn-runner"];
}

async function runParts(
  python: Interpreter,
  endpoint: string,
  options: DriverOptions,
  run: SuiteRun,
): Promise<TestResult[]> {
  const results: TestResult[] = [];
  for (const part of partsOf(options)) results.push(...(await runPart(part, python, endpoint, options, run)));
  return results;
}

async function runPart(
  part: Part,
  python: Interpreter,
  endpoint: string,
  options: DriverOptions,
  { log, onResult, names }: SuiteRun,
): Promise<TestResult[]> {
  const files = await filesOf(part, python);
  const settings = {
    endpoint,
    environment: options.environment,
    pre_optimize: options.preOptimize ?? null,
    streaming: options.streaming,
    only: options.only?.source ?? null,
    names: names ?? null,
  };
  const results = await runProgram({
    timeout: options.timeout,
    log,
    onResult,
    program: (leaveOut) => ({
      results: 3,
      command: python.path,
      args: [
        ...["-m", "pytest", "-p", "suite_plugin", "-p", "no:cacheprovider", "--quiet", "--tb=short", "-W", "ignore"],
        // The signal leaves pytest running, where the test waits in Python.
        ...[`--timeout=${options.timeout}`, "--timeout-method=signal"],
        ...(part === "validates-runner" ? ["-m", "it_validatesrunner"] : []),
        ...files,
      ],
      // Files of settings that pytest would look for beside what it is given.
      cwd: PYTHON_FOLDER,
      env: {
        PYTHONPATH: PYTHON_FOLDER,
        PYTHONDONTWRITEBYTECODE: "1",
        GIRDER_CONFORMANCE: JSON.stringify({ ...settings, leave_out: leaveOut }),
      },
    }),
  });
  return results.map((result) => ({ ...result, categories: [categoryOf(result.name)] }));
}

async function filesOf(part: Part, python: Interpreter): Promise<string[]> {
  if (part === "fn-runner") return [join(PYTHON_FOLDER, "fn_runner_cases.py")];
  return part === "transcripts" ? [join(PYTHON_FOLDER, "trigger_cases.py")] : await markedFiles(python);
}

/** The files of the SDK that have tests for runners: loading all others would take longer than running these. */
async function markedFiles(python: Interpreter): Promise<string[]> {
  const script = [
    "import apache_beam, pathlib",
    "for path in sorted(pathlib.Path(apache_beam.__file__).parent.rglob('*_test.py')):",
    "    if 'it_validatesrunner' in path.read_text(encoding='utf-8'): print(path)",
  ].join("\n");
  const out = await runTool(python.path, ["-c", script]);
  return out.split("\n").filter((line) => line.endsWith("_test.py"));
}
