import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const execute = promisify(execFile);
const ROOT = fileURLToPath(new URL("../../", import.meta.url));

interface Snippet {
  readonly page: string;
  readonly line: number;
  readonly code: string;
  /** The block that follows, where it shows output: lines in no order. */
  readonly output: string | undefined;
}

/** The TypeScript blocks of a page. */
function snippetsOf(page: string): Snippet[] {
  const text = readFileSync(join(ROOT, page), "utf8");
  return Array.from(
    text.matchAll(/^```ts\n(.*?)^```$(?:\n\n```text\n(.*?)^```$)?/gms),
    ({ index, 1: code, 2: output }) => {
      return { page, line: text.slice(0, index).split("\n").length, code: code!, output };
    },
  );
}

const lines = (text: string): string[] =>
  text
    .trimEnd()
    .split("\n")
    .map((line) => line.trimEnd())
    .sort();

/** Pages about what is not written in TypeScript. */
const WITHOUT = ["docs/guide/serve.md", "docs/guide/workers.md"];
const PAGES = [
  "README.md",
  ...readdirSync(join(ROOT, "docs/guide"))
    .sort()
    .map((name) => `docs/guide/${name}`),
];

describe("what readers may copy", function () {
  this.timeout(60_000);
  const snippets = PAGES.flatMap(snippetsOf);
  let folder: string;

  before(() => {
    folder = realpathSync(mkdtempSync(join(tmpdir(), "girder-snippets-")));
    mkdirSync(join(folder, "node_modules"));
    symlinkSync(ROOT, join(folder, "node_modules/girder"));
    symlinkSync(join(ROOT, "examples"), join(folder, "examples"));
    writeFileSync(join(folder, "package.json"), '{ "type": "module" }');
    const { compilerOptions } = JSON.parse(readFileSync(join(ROOT, "tsconfig.json"), "utf8")) as {
      compilerOptions: object;
    };
    const options = { ...compilerOptions, composite: false, declarationMap: false, noEmit: true, types: ["node"] };
    const typeRoots = [join(ROOT, "node_modules/@types")];
    writeFileSync(
      join(folder, "tsconfig.json"),
      JSON.stringify({ compilerOptions: { ...options, typeRoots }, include: ["*.ts"] }),
    );
    snippets.forEach(({ code }, i) => {
      writeFileSync(join(folder, `snippet-${i}.ts`), code);
    });
  });
  after(() => rmSync(folder, { recursive: true }));

  it("is on every page", () => {
    assert.deepEqual(
      PAGES.filter((page) => snippets.every((snippet) => snippet.page !== page)),
      WITHOUT,
    );
  });

  it("fits the types", async () => {
    writeFileSync(join(folder, "wrong.ts"), 'import { seconds } from "girder";\nseconds("1");\n');
    const found = await execute(join(ROOT, "node_modules/.bin/tsc"), ["-p", "."], { cwd: folder }).then(
      ({ stdout }) => stdout,
      ({ stdout, stderr }: { stdout: string; stderr: string }) => stdout + stderr,
    );
    const [wrong, ...errors] = found
      .split("\n")
      .filter((line) => line !== "")
      .sort((a, b) => Number(b.startsWith("wrong.ts")) - Number(a.startsWith("wrong.ts")));
    // What is wrong on purpose must be found, or nothing was checked.
    assert.match(wrong ?? "", /^wrong\.ts.*'string' is not assignable to parameter of type 'number'/);
    const placed = errors.map((line) =>
      line.replace(/^snippet-(\d+)\.ts\((\d+)/, (_, i, at) => {
        const { page, line: from } = snippets[Number(i)]!;
        return `${page}(${from + Number(at)}`;
      }),
    );
    assert.deepEqual(placed, []);
  });

  snippets.forEach(({ page, line, output }, i) => {
    it(`runs: ${page}, line ${line}`, async () => {
      const program = [join(ROOT, "sdk/cli/girder.js"), "run", `snippet-${i}.ts`];
      const { stdout } = await execute(process.execPath, program, { cwd: folder });
      assert.deepEqual(lines(stdout), lines(output ?? ""));
    });
  });
});
