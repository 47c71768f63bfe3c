/** A folder in which the official programs are compiled and run, with `girder` installed. */
import { mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { GirderError } from "girder";
import { messageOf } from "../../portability/errors.js";
import { cacheFolder } from "../driver/cache.js";
import { runTool } from "../driver/run-tool.js";
import { ROOT } from "../root.js";
import { rewriteImports } from "./rewrite-imports.js";

/** As the official package is compiled, but that its compiler's plugin has no part in it, and that `exports` are heeded. */
const COMPILER_OPTIONS = {
  module: "nodenext",
  target: "es2021",
  strict: false,
  strictNullChecks: true,
  esModuleInterop: true,
  skipLibCheck: true,
  types: ["mocha", "node"],
  noEmitOnError: false,
};

/** What the programs import beside Girder. */
const PACKAGES = ["long", "yargs", "mocha", "@types"];

const STAND_INS = join(ROOT, "dist/conformance/apache-beam/stand-ins");

/** In place of modules that belong to the official package's own tests. */
const OTHERS: ReadonlyMap<string, string> = new Map([
  ["src/apache_beam/utils/service", join(STAND_INS, "service.cjs")],
  ["src/apache_beam/internal/pipeline", join(STAND_INS, "absent.cjs")],
  ["src/apache_beam/testing/multi_pipeline_runner", join(STAND_INS, "absent.cjs")],
  ["@google-cloud/bigquery", join(STAND_INS, "absent.cjs")],
  ["@google-cloud/pubsub", join(STAND_INS, "absent.cjs")],
  ["uuid", join(STAND_INS, "absent.cjs")],
]);

export interface OfficialProgram {
  /** Below the folder of the TypeScript SDK. */
  readonly path: string;
  /** Whether the compiler has to accept it. */
  readonly typed: boolean;
  /** What is changed in it beside its imports. */
  readonly places?: readonly (readonly [official: string, ours: string])[];
}

/** A program that is ready to be run. */
export interface CompiledProgram {
  readonly file: string;
  /** What the compiler had to say, a line for each error; empty where it had nothing. */
  readonly errors: readonly string[];
}

/**
 * Compiles programs for Node's own kind of modules, as the official package is: they `require` Girder.
 *
 * @param sources The folder of the official TypeScript SDK.
 * @throws GirderError `io` where the compiler does not come to an end.
 */
export async function compile(sources: string, programs: readonly OfficialProgram[]): Promise<CompiledProgram[]> {
  const folder = cacheFolder("apache-beam");
  rmSync(folder, { recursive: true });
  mkdirSync(join(folder, "node_modules"), { recursive: true });
  symlinkSync(ROOT, join(folder, "node_modules/girder"));
  for (const name of PACKAGES) symlinkSync(join(ROOT, "node_modules", name), join(folder, "node_modules", name));
  writeFileSync(join(folder, "package.json"), "{}\n");
  const nameOf = ({ path }: OfficialProgram): string => path.replace(/\.ts$/, "").replaceAll("/", "-");
  for (const program of programs) {
    const text = rewriteImports(readFileSync(join(sources, program.path), "utf8"), program.path, OTHERS);
    writeFileSync(join(folder, `${nameOf(program)}.cts`), replaced(text, program));
  }
  const errors: string[] = [];
  for (const typed of [true, false]) {
    const files = programs.filter((program) => program.typed === typed).map((program) => `${nameOf(program)}.cts`);
    if (files.length === 0) continue;
    const config = `tsconfig.${typed ? "typed" : "untyped"}.json`;
    writeFileSync(
      join(folder, config),
      JSON.stringify({ compilerOptions: { ...COMPILER_OPTIONS, noCheck: !typed }, files }),
    );
    errors.push(...(await compilerErrors(folder, config)));
  }
  return programs.map((program) => ({
    file: join(folder, `${nameOf(program)}.cjs`),
    errors: errors.filter((line) => line.startsWith(`${nameOf(program)}.cts(`)),
  }));
}

async function compilerErrors(folder: string, config: string): Promise<string[]> {
  try {
    await runTool(join(ROOT, "node_modules/.bin/tsc"), ["-p", config], { cwd: folder });
    return [];
  } catch (thrown) {
    const lines = messageOf(thrown)
      .split("\n")
      .filter((line) => /^\S+\.cts\(/.test(line));
    if (lines.length === 0) throw thrown;
    return lines;
  }
}

function replaced(text: string, { path, places = [] }: OfficialProgram): string {
  let result = text;
  for (const [official, ours] of places) {
    if (!result.includes(official)) {
      throw new GirderError("malformed-data", `The program has no "${official}".`, { where: path });
    }
    result = result.replace(official, ours);
  }
  return result;
}
