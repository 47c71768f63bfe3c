import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { findBeamPython, NO_BEAM_PYTHON } from "../../runner/environment/testing/programs.js";
import { expectedCounts, linesOf, TEXT } from "../clients/word-counts.js";
import { cacheFolder } from "../driver/cache.js";
import { runTool } from "../driver/run-tool.js";
import { goProgram } from "../go/go-program.js";
import { builtClassPath } from "../java/class-path.js";
import { ROOT } from "../root.js";
import { type LendingServer, startLending } from "./lending-server.js";
import { hasGo, hasJava, NO_GO, NO_JAVA } from "./needs.js";

const EXAMPLES = join(ROOT, "examples/cross-language");
const PYTHON = findBeamPython();
const [JAVA, GO] = [hasJava(), hasGo()];

type Command = readonly [program: string, ...args: string[]];

/** A program that counts words with transforms of other languages. */
interface WordCount {
  readonly language: string;
  /** Why it is skipped. */
  readonly lacks: readonly string[];
  command(server: LendingServer, output: string): Command | Promise<Command>;
}

const noPython = PYTHON === undefined ? [NO_BEAM_PYTHON] : [];
const noJava = JAVA ? [] : [NO_JAVA];

const PROGRAMS: readonly WordCount[] = [
  ...["embedded", "portable"].map((runner) => ({
    language: `TypeScript, with Python and Java, ${runner}`,
    lacks: [...noPython, ...noJava],
    command: ({ jobs }: LendingServer, output: string): Command => [
      ...([process.execPath, join(ROOT, "sdk/cli/girder.js"), "run", join(EXAMPLES, "wordcount.ts")] as const),
      ...[`--python=${PYTHON}`, `--input=${TEXT}`, `--output=${output}`],
      ...[`--runner=${runner}`, ...(runner === "portable" ? [`--job-endpoint=${jobs}`] : [])],
    ],
  })),
  {
    language: "Python, with TypeScript",
    lacks: noPython,
    command: ({ jobs, expansion }, output) => [
      ...([PYTHON!, "-W", "ignore", join(EXAMPLES, "wordcount.py"), `--job_endpoint=${jobs}`] as const),
      ...[`--expansion=${expansion}`, `--input=${TEXT}`, `--output=${output}`],
    ],
  },
  {
    language: "Java, with TypeScript",
    lacks: noJava,
    async command({ jobs, expansion }, output) {
      const classPath = await builtClassPath(join(EXAMPLES, "java"), cacheFolder("java-word-count"));
      return [
        ...(["java", "-cp", classPath.join(delimiter), "example.WordCount", "--runner=PortableRunner"] as const),
        ...[`--jobEndpoint=${jobs}`, `--expansion=${expansion}`, `--input=${TEXT}`, `--output=${output}`],
      ];
    },
  },
  {
    language: "Go, with TypeScript",
    lacks: GO ? [] : [NO_GO],
    async command({ jobs, expansion }, output) {
      const program = await goProgram("cross-language", ["build"], ".", join(EXAMPLES, "go"));
      return [
        ...([program, `--endpoint=${jobs}`, "--environment_type=LOOPBACK"] as const),
        ...[`--expansion=${expansion}`, `--input=${TEXT}`, `--output=${output}.txt`],
      ];
    },
  },
];

describe("the example of word count in several languages", function () {
  this.timeout(700_000);
  let folder: string;
  let server: LendingServer;

  before(async function () {
    if (PROGRAMS.every(({ lacks }) => lacks.length > 0)) return this.skip();
    folder = mkdtempSync(join(tmpdir(), "girder-languages-"));
    server = await startLending(join(EXAMPLES, "transforms.ts"));
  });
  after(async () => {
    await server?.[Symbol.asyncDispose]();
    if (folder !== undefined) rmSync(folder, { recursive: true });
  });

  for (const { language, lacks, command } of PROGRAMS) {
    it(`counts the same words: ${[language, ...lacks].join(": ")}`, async function () {
      if (lacks.length > 0) return this.skip();
      const counts = mkdtempSync(join(folder, "counts-"));
      const [program, ...args] = await command(server, join(counts, "counts"));
      await runTool(program, args, { cwd: counts, timeout: 180_000 });
      assert.deepEqual(linesOf(counts, /^counts/), expectedCounts());
    });
  }
});
