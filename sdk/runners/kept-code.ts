/**
 * What the file of a program for workers begins with. V8 takes a third of a worker's start to compile what is in such a file. It keeps what it
 * compiled for scripts, if one asks for it, but not for modules: so the program is a script, which stands in the file as a comment.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { cachedDataVersionTag } from "node:v8";
import { constants, Script } from "node:vm";
import { cacheFolder } from "../../portability/process/cache-folder.js";

/** Programs whose compiled code is kept on a machine, about 1 MB each: those that were compiled last. */
const MOST_KEPT = 32;
const BEGIN = "/*the program\n";
const END = "\n*/";
/** Makes a function of the program, with what modules have and scripts have not. */
const HEAD = '"use strict";(async function(require,girderMeta,__filename,__dirname){';
const TAIL = "\n})";

export interface KeptCode {
  /** Tells programs apart, as a part of a file's name. */
  readonly digest: string;
  /** Line of the file at which errors are to find the program's first, from 0. */
  readonly line: number;
}

/** The program as a comment: what would end it is written otherwise. */
export function asComment(code: string): string {
  return `${BEGIN}${code.replaceAll("*/", "*\0/")}${END}`;
}

/**
 * Runs the program that stands in a file, behind its call of this function. Compiled code is kept when the process ends, in
 * `girder/programs` in the user's folder for caches, where others cannot write; where it cannot be, the program is compiled each time.
 */
export async function runProgram(meta: ImportMeta, { digest, line }: KeptCode): Promise<void> {
  const file = fileURLToPath(meta.url);
  const text = readFileSync(file, "latin1");
  const code = text.slice(text.indexOf(`\n${BEGIN}`) + 1 + BEGIN.length, -END.length).replaceAll("*\0/", "*/");
  const kept = join(cacheFolder("programs"), `${digest}-${cachedDataVersionTag()}-${process.arch}`);
  const cachedData = contentOf(kept);
  const script = new Script(`${HEAD}${code}${TAIL}`, {
    filename: file,
    lineOffset: line,
    columnOffset: -HEAD.length,
    ...(cachedData === undefined ? {} : { cachedData }),
    // What is imported is known where the file is made, except what has no name there. Node takes this for experimental.
    ...(constants === undefined ? {} : { importModuleDynamically: constants.USE_MAIN_CONTEXT_DEFAULT_LOADER }),
  });
  if (cachedData === undefined || script.cachedDataRejected) process.once("exit", () => keep(script, kept));
  await script.runInThisContext()(createRequire(meta.url), meta, file, dirname(file));
}

function contentOf(path: string): Buffer | undefined {
  try {
    return readFileSync(path);
  } catch {
    return undefined;
  }
}

/** Written under another name first: several workers may end at once. */
function keep(script: Script, path: string): void {
  const folder = dirname(path);
  const written = `${path}.${process.pid}`;
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    writeFileSync(written, script.createCachedData(), { mode: 0o600 });
    renameSync(written, path);
    const all = readdirSync(folder).map((name) => join(folder, name));
    const byAge = all.map((each) => [statSync(each).mtimeMs, each] as const).sort(([a], [b]) => b - a);
    for (const [, old] of byAge.slice(MOST_KEPT)) rmSync(old, { force: true });
  } catch {
    // Nothing can be written there, or not all of it.
    if (existsSync(written)) rmSync(written, { force: true });
  }
}
