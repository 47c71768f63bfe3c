/** What `scripts/check-package` sees to in the folder where the package has been installed. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** Bytes that package and dependencies may take on disk. */
const MAX_INSTALLED = 40 * 1024 * 1024;
/** Ms that it may take to build and plan a pipeline of 2,000 transforms. */
const MAX_PLANNING = 2000;

const [checkout, tarball] = process.argv.slice(2) as [string, string];
const { exports: declared } = JSON.parse(readFileSync("node_modules/girder/package.json", "utf8")) as {
  exports: Readonly<Record<string, unknown>>;
};

/** What a user may write behind `import`; for a pattern, one file that fits it. */
const entries = Object.keys(declared)
  .filter((entry) => entry !== "./package.json")
  .map((entry) => entry.replace(/^\./, "girder").replace("*", "org/apache/beam/model/pipeline/v1/beam_runner_api"));

function node(...args: string[]): string {
  return execFileSync(process.execPath, args, { encoding: "utf8" });
}

function importEverything(): void {
  const names = entries.map((_, i) => `entry${i}`);
  const imports = entries.map((entry, i) => `import * as ${names[i]} from "${entry}";`);
  const check = names.map(
    (name, i) => `if (Object.keys(${name}).length === 0) throw new Error("${entries[i]} is empty");`,
  );
  writeFileSync(
    "all.ts",
    [...imports, ...check, 'import { seconds } from "girder";', "seconds(1) satisfies number;"].join("\n"),
  );
  writeFileSync("wrong.ts", 'import { seconds } from "girder";\nseconds("1");\n');
  const options = {
    strict: true,
    module: "nodenext",
    target: "es2023",
    types: ["node"],
    noEmit: true,
    skipLibCheck: false,
  };
  const typeRoots = [join(checkout, "node_modules/@types")];
  writeFileSync("tsconfig.json", JSON.stringify({ compilerOptions: { ...options, typeRoots }, include: ["*.ts"] }));
  let found = "";
  try {
    execFileSync(join(checkout, "node_modules/.bin/tsc"), ["-p", "."], { encoding: "utf8" });
  } catch (thrown) {
    found = (thrown as { stdout: string }).stdout;
  }
  // What is wrong on purpose is found, so the types are there; nothing else is.
  assert.match(found, /^wrong\.ts\(2,9\): error TS2345[^\n]*\n$/);
  node("node_modules/girder/sdk/cli/girder.js", "run", "all.ts");
}

/** Bytes on disk of each of the folders, and of all; files that have two names count once. */
function bytesIn(folders: readonly string[]): { readonly each: ReadonlyMap<string, number>; readonly all: number } {
  const lines = execFileSync("du", ["-skc", ...folders], { encoding: "utf8" })
    .trimEnd()
    .split("\n");
  const sizes = lines
    .map((line) => line.split("\t") as [string, string])
    .map(([kib, name]) => [name, Number(kib) * 1024] as const);
  const [, all] = sizes.pop()!;
  return { each: new Map(sizes), all };
}

/** The median of how long (ms) a program takes from beginning to end. */
function medianTime(program: string): number {
  const times = Array.from({ length: 9 }, () => {
    const begin = performance.now();
    node("--input-type=module", "--eval", program);
    return performance.now() - begin;
  });
  return times.sort((a, b) => a - b)[4]!;
}

/** How long (ms) it takes to build and plan a pipeline of so many transforms in a row, with the start of Node. */
function planningTime(transforms: number): number {
  writeFileSync(
    "large.js",
    `import { create, run } from "girder";
     await run((root) => {
       let numbers = root.apply(create([1]));
       for (let i = 0; i < ${transforms}; i++) numbers = numbers.map((n) => n + 1);
     });`,
  );
  const begin = performance.now();
  node("node_modules/girder/sdk/cli/girder.js", "graph", "--stages", "large.js");
  return performance.now() - begin;
}

const mebibytes = (bytes: number): string => `${(bytes / 1024 / 1024).toFixed(1)} MiB`;
const milliseconds = (ms: number): string => `${Math.round(ms)} ms`;

importEverything();
console.log(`${entries.length} entries can be imported, with types`);

const folders = readdirSync("node_modules").map((name) => join("node_modules", name));
const { each, all: installed } = bytesIn(folders);
console.log(
  `packed ${mebibytes(statSync(tarball).size)}, installed with dependencies ${mebibytes(installed)} on disk:`,
);
for (const [folder, bytes] of [...each].sort(([, a], [, b]) => b - a).slice(0, 6)) {
  console.log(`  ${folder} ${mebibytes(bytes)}`);
}
assert.ok(installed < MAX_INSTALLED, `the package takes ${mebibytes(installed)} with its dependencies`);

console.log(`import "girder": ${milliseconds(medianTime('import "girder";') - medianTime(""))} more than Node alone`);

const planning = planningTime(2000) - planningTime(1);
console.log(`a pipeline of 2,000 transforms: built and planned in ${milliseconds(planning)} more than one of 1`);
assert.ok(planning < MAX_PLANNING, `a pipeline of 2,000 transforms takes ${milliseconds(planning)}`);
