/** Programs of all SDKs that a Beam user may submit: the same word count from each of them, with equal output. */
import assert from "node:assert/strict";
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { OFFICIAL } from "../bench/apache-beam.js";
import { cacheFolder, madeOnce } from "../driver/cache.js";
import { type ProgramTest, runProgramTests } from "../driver/program-tests.js";
import { runTool } from "../driver/run-tool.js";
import type { Suite } from "../driver/suite.js";
import { beamVersion, goProgram } from "../go/go-program.js";
import { builtClassPath, javaVersion } from "../java/class-path.js";
import { pythonOfSuite } from "../python/interpreter.js";
import { ROOT } from "../root.js";
import { expectedCounts, linesOf, TEXT } from "./word-counts.js";

const FOLDER = join(ROOT, "conformance", "clients");
const JAVA = join(ROOT, "conformance", "java");

/** A program that counts the words of a text and writes `word: count`, a line each, to files whose names begin with `prefix`. */
interface Client {
  readonly name: string;
  program(endpoint: string, prefix: string): readonly [command: string, ...args: string[]];
}

export const clientsSuite: Suite = {
  name: "clients",
  parts: [],
  environments: ["LOOPBACK"],
  timeout: 120,
  tunable: false,
  async setUp(options) {
    const python = await pythonOfSuite();
    const go = await goProgram("wordcount", ["build"], "./wordcount");
    const java = await builtClassPath(JAVA, cacheFolder("java"));
    const npm = await officialSdk();
    const clients: Client[] = [
      { name: "TypeScript, embedded", program: (_, prefix) => girderProgram(prefix) },
      {
        name: "Python",
        program: (endpoint, prefix) => [python.path, join(FOLDER, "word_count.py"), endpoint, TEXT, prefix],
      },
      {
        name: "Go",
        program: (endpoint, prefix) => [
          ...([go, `--input=${TEXT}`, `--output=${prefix}.txt`] as const),
          ...[`--endpoint=${endpoint}`, "--environment_type=LOOPBACK"],
        ],
      },
      {
        name: "Java",
        program: (endpoint, prefix) => [
          ...(["java", `-Djava.util.logging.config.file=${join(JAVA, "logging.properties")}`] as const),
          ...["-cp", java.join(delimiter), "girder.conformance.WordCount"],
          ...[`--input=${TEXT}`, `--output=${prefix}`, "--runner=PortableRunner", `--jobEndpoint=${endpoint}`],
          ...["--defaultEnvironmentType=LOOPBACK", "--experiments=beam_fn_api", `--filesToStage=${TEXT}`],
        ],
      },
      {
        name: "npm apache-beam",
        program: (endpoint, prefix) => officialProgram(npm, "word-count", endpoint, TEXT, `${prefix}.txt`),
      },
    ];
    const tests: ProgramTest[] = [
      ...clients.map((client) => wordCountFrom(client)),
      {
        name: "a group-by of 10,000 elements from npm apache-beam",
        async run(endpoint, timeout) {
          const [command, ...args] = officialProgram(npm, "group-by", endpoint);
          // The SDK itself prints where its workers listen.
          const printed = (await runTool(command, args, { timeout })).trimEnd().split("\n").at(-1)!;
          const groups = JSON.parse(printed) as Record<string, number>;
          assert.deepEqual(groups, Object.fromEntries(Array.from({ length: 100 }, (_, key) => [key, 100])));
        },
      },
    ];
    return {
      versions: {
        ...python.versions,
        "beam-go": beamVersion(),
        java: await javaVersion(),
        "npm apache-beam": npm.version,
      },
      run: (endpoint, run) => runProgramTests(tests, endpoint, options, run),
    };
  },
};

function wordCountFrom({ name, program }: Client): ProgramTest {
  return {
    name: `word count from ${name}`,
    async run(endpoint, timeout) {
      const folder = mkdtempSync(join(tmpdir(), "girder-clients-"));
      try {
        const [command, ...args] = program(endpoint, join(folder, "counts"));
        await runTool(command, args, { timeout, cwd: folder });
        assert.deepEqual(linesOf(folder, /^counts/), expectedCounts());
      } finally {
        rmSync(folder, { recursive: true });
      }
    },
  };
}

function girderProgram(prefix: string): readonly [string, ...string[]] {
  const program = join(ROOT, "examples", "wordcount.ts");
  return [process.execPath, join(ROOT, "sdk/cli/girder.js"), "run", program, `--input=${TEXT}`, `--output=${prefix}`];
}

interface OfficialSdk {
  readonly folder: string;
  readonly version: string;
}

/** npm `apache-beam`, installed in the cache folder as the benchmarks' lock file says. */
async function officialSdk(): Promise<OfficialSdk> {
  const folder = cacheFolder("npm-apache-beam");
  const files = ["package.json", "package-lock.json"];
  const version = files.map((file) => readFileSync(join(OFFICIAL, file), "utf8")).join("\n");
  await madeOnce(folder, version, async () => {
    console.error(`npm apache-beam is installed in ${folder}.`);
    for (const file of files) cpSync(join(OFFICIAL, file), join(folder, file));
    await runTool("npm", ["ci", "--ignore-scripts", "--no-audit", "--no-fund"], { cwd: folder });
  });
  const { dependencies } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as {
    dependencies: Record<string, string>;
  };
  return { folder, version: dependencies["apache-beam"]! };
}

/** A program on npm `apache-beam`, which finds the SDK from the folder that it lies in. */
function officialProgram({ folder }: OfficialSdk, name: string, ...args: string[]): readonly [string, ...string[]] {
  const program = join(folder, `${name}.cjs`);
  writeFileSync(program, readFileSync(join(FOLDER, `${name}.cjs`)));
  return [process.execPath, program, ...args];
}
