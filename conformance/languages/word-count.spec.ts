import assert from "node:assert/strict";
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { findBeamPython, NO_BEAM_PYTHON } from "../../runner/environment/testing/programs.js";
import { expectedCounts, linesOf } from "../clients/word-counts.js";
import { runTool } from "../driver/run-tool.js";
import { ROOT } from "../root.js";
import { type LendingServer, startLending } from "./lending-server.js";
import { hasGo, hasJava, NO_GO, NO_JAVA } from "./needs.js";

const PYTHON = findBeamPython();
const noPython = PYTHON === undefined ? [NO_BEAM_PYTHON] : [];
const noJava = hasJava() ? [] : [NO_JAVA];

/** How long (ms) a program may take, with what it downloads and builds. */
const PATIENCE = 550_000;

/** The commands of the guide, each by the program that it starts. */
const COMMANDS = commandsOf(readFileSync(join(ROOT, "docs/guide/cross-language.md"), "utf8"));

/** What the guide's reader runs, and what it needs. */
const PROGRAMS = [
  { language: "typescript", command: /^girder run/, lacks: [...noPython, ...noJava], further: "" },
  {
    language: "typescript",
    command: /^girder run/,
    lacks: [...noPython, ...noJava],
    further: " --runner=portable --job-endpoint=localhost:8073",
  },
  { language: "python", command: /^\.venv\/bin\/python/, lacks: noPython, further: "" },
  { language: "java", command: /^mvn/, lacks: noJava, further: "" },
  { language: "go", command: /^go run/, lacks: hasGo() ? [] : [NO_GO], further: "" },
] as const;

/** Commands of the block of the page's section on word count, each in one line. */
function commandsOf(page: string): readonly string[] {
  const [, section = ""] = page.split("## Four languages, one word count");
  const blocks = [...section.split("\n## ")[0]!.matchAll(/```sh\n(.*?)```/gs)].map(([, block]) => block!);
  return blocks.flatMap((block) => block.replaceAll("\\\n", "").trim().split(/\n+/));
}

describe("word count in several languages, as the guide says", function () {
  this.timeout(PATIENCE + 50_000);
  let folder: string;
  let server: LendingServer;

  before(async function () {
    if (PROGRAMS.every(({ lacks }) => lacks.length > 0)) return this.skip();
    const program = /^girder serve .*--register=(\S+) &$/.exec(COMMANDS[0]!)![1]!;
    folder = mkdtempSync(join(tmpdir(), "girder-languages-"));
    mkdirSync(join(folder, "bin"));
    const girder = join(folder, "bin/girder");
    writeFileSync(girder, `#!/bin/sh\nexec ${process.execPath} ${join(ROOT, "sdk/cli/girder.js")} "$@"\n`);
    chmodSync(girder, 0o755);
    server = await startLending(join(ROOT, program));
  });
  after(async () => {
    await server?.[Symbol.asyncDispose]();
    if (folder !== undefined) rmSync(folder, { recursive: true });
  });

  for (const { language, command, lacks, further } of PROGRAMS) {
    it(`counts the same words: ${[`${language}${further}`, ...lacks].join(": ")}`, async function () {
      if (lacks.length > 0) return this.skip();
      const out = mkdtempSync(join(folder, "counts-"));
      const found = COMMANDS.filter((each) => command.test(each));
      assert.equal(found.length, 1, `The guide has a command for ${language}.`);
      const places: readonly (readonly [string | RegExp, string])[] = [
        ["--python=.venv", `--python=${PYTHON}`],
        [/^\.venv\/bin\/python/, `${PYTHON}`],
        [/localhost:8073/g, server.jobs],
        [/localhost:8097/g, server.expansion],
        [/(\$PWD\/)?\bout\//g, `${out}/`],
      ];
      const script = places.reduce((text, [theirs, ours]) => text.replace(theirs, ours), `${found[0]}${further}`);
      const PATH = `${join(folder, "bin")}${delimiter}${process.env["PATH"]}`;
      const env = { PATH, GOFLAGS: "-mod=readonly -buildvcs=false" };
      await runTool("bash", ["-c", script], { cwd: ROOT, env, timeout: PATIENCE });
      assert.deepEqual(linesOf(out, new RegExp(`^${language}`)), expectedCounts());
    });
  }
});
