/** A program as one file, for workers elsewhere: with all that it imports, and what makes it a worker. */
import { createHash } from "node:crypto";
import { rmSync } from "node:fs";
import { chmod, mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { builtinModules } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import type { BuildFailure, Message, Plugin } from "esbuild";
import { GirderError, messageOf } from "../../../portability/errors.js";
import type { ProgramSpec } from "../../worker/booted-worker.js";
import { linkPackages } from "../../worker/external-packages.js";
import { asComment, type KeptCode } from "../kept-code.js";
import { packageFolder } from "../package-folder.js";
import { PROGRAM_FILE } from "./program-file.js";

/** The file that this is in: the program itself, where Girder has been made part of it. */
const OWN_FILE = fileURLToPath(import.meta.url);
/** Makes a program a worker. */
const WORKER_ENTRY = "sdk/runners/worker-entry.js";
/** Runs the script that it is. */
const KEPT_CODE = "sdk/runners/kept-code.js";
/** Names under which programs import the package. */
const ENTRIES = /^girder(\/.*)?$/;

export interface ProgramBundle extends AsyncDisposable {
  /** Path of the file, which is executable: started with the flags of Beam's contract, it is a worker. */
  readonly path: string;
  /** Its size in bytes. */
  readonly size: number;
}

/** What becomes part of the file. */
export interface BundleOptions {
  /** Path of the program's main module, in TypeScript or not. */
  readonly program: string;
  readonly spec: ProgramSpec;
}

/**
 * Makes the file, in a temporary folder that is removed when the bundle is disposed of.
 *
 * @throws GirderError `not-found` for a package to be left out that is not installed; `unsupported` for a program that cannot be made into one file, with what is in the way.
 */
export async function bundleProgram({ program, spec }: BundleOptions): Promise<ProgramBundle> {
  const folder = await mkdtemp(join(tmpdir(), "girder-program-"));
  const path = join(folder, PROGRAM_FILE);
  const removeAtExit = (): void => rmSync(folder, { recursive: true, force: true });
  process.once("exit", removeAtExit);
  const remove = async (): Promise<void> => {
    process.off("exit", removeAtExit);
    await rm(folder, { recursive: true, force: true });
  };
  try {
    if (resolve(program) === OWN_FILE) await writeFile(path, await asItIs(program, spec));
    else await build(program, spec, path);
    await linkExternal(program, spec, folder);
    await chmod(path, 0o755);
    return { path, size: (await stat(path)).size, [Symbol.asyncDispose]: remove };
  } catch (thrown) {
    await remove();
    throw thrown instanceof GirderError ? thrown : cannotBundle(program, thrown);
  }
}

/** The file is run on this machine, too. */
async function linkExternal(program: string, { external = [] }: ProgramSpec, folder: string): Promise<void> {
  const missing = await linkPackages(external, folder, [dirname(resolve(program))]);
  if (missing.length === 0) return;
  throw new GirderError("not-found", `Packages that the program needs are not installed: ${missing.join(", ")}.`, {
    where: "--worker-external",
    remedy: "Name packages that the program imports, and have them installed where it is.",
  });
}

async function build(program: string, spec: ProgramSpec, outfile: string): Promise<void> {
  const esbuild = await import("esbuild");
  // What the compiler wrote: of modules, only those that workers need become part of the file.
  const modules = join(packageFolder(), "dist");
  const header = [SHEBANG, COMMON_JS, prelude(spec)].join("\n");
  const { outputFiles, metafile } = await esbuild.build({
    ...AS_ONE_FILE,
    stdin: {
      contents: [join(modules, WORKER_ENTRY), resolve(program)].map(importing).join("\n"),
      resolveDir: dirname(resolve(program)),
    },
    outfile,
    metafile: true,
    // It stays here, for errors that come back.
    sourcemap: "external",
    sourcesContent: false,
    // Names of functions and classes are seen: in names of transforms, and in errors.
    keepNames: true,
    external: [...(spec.external ?? [])],
    banner: { js: header },
    conditions: ["girder-modules"],
    define: { "import.meta": "girderMeta" },
    plugins: [onePackage(modules), withoutRunners(modules), builtinsAsValues],
    legalComments: "none",
  });
  const textOf = (suffix: string): string => outputFiles.find(({ path }) => path.endsWith(suffix))!.text;
  const text = textOf(PROGRAM_FILE);
  const imports = Object.values(metafile.outputs).flatMap((output) => output.imports);
  // What imports is a module, and compiled whenever it is run.
  const isModule = imports.some(
    ({ kind, path }) => kind === "import-statement" || (kind === "dynamic-import" && !LEFT_OUT.test(path)),
  );
  await writeFile(outfile, isModule ? text : await asScript(text.slice(header.length + 1), header, spec, modules));
  await writeFile(`${outfile}.map`, textOf(".map"));
}

/** The program with what runs it as a script. Errors find its lines where they are behind the header. */
async function asScript(code: string, header: string, spec: ProgramSpec, modules: string): Promise<string> {
  const esbuild = await import("esbuild");
  const kept: KeptCode = {
    digest: createHash("sha256").update(code).digest("hex").slice(0, 32),
    line: header.split("\n").length,
  };
  const { outputFiles } = await esbuild.build({
    ...AS_ONE_FILE,
    stdin: {
      contents: `import { runProgram } from ${JSON.stringify(join(modules, KEPT_CODE))};
      await runProgram(import.meta, ${JSON.stringify(kept)});`,
      resolveDir: modules,
    },
  });
  return [SHEBANG, prelude(spec), outputFiles[0]!.text.trimEnd(), asComment(code)].join("\n");
}

const AS_ONE_FILE = {
  bundle: true,
  write: false,
  platform: "node",
  format: "esm",
  target: "node20",
  minify: true,
  logLevel: "silent",
} as const;

function importing(path: string): string {
  return `import ${JSON.stringify(path)};`;
}

/** A program that is one file already, with Girder in it. */
async function asItIs(program: string, spec: ProgramSpec): Promise<string> {
  const text = await readFile(program, "utf8");
  return `${SHEBANG}\n${prelude(spec)}\n${text.replace(/^#!.*\n/, "")}`;
}

const SHEBANG = "#!/usr/bin/env node";

/** Packages written for CommonJS find here what modules do not have. */
const COMMON_JS = `import { createRequire as girderCreateRequire } from "node:module";
import { fileURLToPath as girderFileURLToPath } from "node:url";
const girderMeta = import.meta, require = girderCreateRequire(girderMeta.url), __filename = girderFileURLToPath(girderMeta.url), __dirname = girderFileURLToPath(new URL(".", girderMeta.url));`;

/** Says what the program is run for, before any of it is: it knows of Girder only what stands on the global object. */
function prelude({ pipeline, argv, captures }: ProgramSpec): string {
  const mode = JSON.stringify({ pipeline, captures });
  return [
    "{",
    `const argv = ${JSON.stringify(argv)}, flags = process.argv.slice(2), file = process.argv[1];`,
    `globalThis[Symbol.for("girder.ambient")] = { argv, workerMode: { ...${mode}, flags, file } };`,
    "process.argv.splice(2, process.argv.length, ...argv);",
    "}",
  ].join(" ");
}

/** The program's own Girder is this one, wherever it would find another. */
function onePackage(modules: string): Plugin {
  return {
    name: "girder",
    setup(build) {
      build.onResolve({ filter: ENTRIES }, ({ path, kind, pluginData }) =>
        pluginData === SEEN ? undefined : build.resolve(path, { kind, resolveDir: modules, pluginData: SEEN }),
      );
    },
  };
}

const SEEN = Symbol("seen");

/** Modules that are imported where pipelines are submitted and run. */
const LEFT_OUT = /\/((embedded|portable|prism|flink|spark|dataflow)\/launch|worker-mode)\.js$/;

/**
 * What workers do not need is left out: it would take time to load. Nor is anything loaded later, for which esbuild would
 * have to make a function of each module.
 */
function withoutRunners(modules: string): Plugin {
  return {
    name: "girder-runners",
    setup(build) {
      build.onResolve({ filter: LEFT_OUT }, ({ path, kind, importer }) =>
        kind === "dynamic-import" && importer.startsWith(modules) ? { path, external: true } : undefined,
      );
      // gRPC's own diagnostics, which nobody asks for.
      build.onResolve({ filter: /^@grpc\/proto-loader$/ }, ({ path, importer }) =>
        /@grpc\/grpc-js\/build\/src\/(channelz|orca)\.js$/.test(importer) ? { path, external: true } : undefined,
      );
    },
  };
}

/** A script cannot import what Node brings along. */
const builtinsAsValues: Plugin = {
  name: "girder-builtins",
  setup(build) {
    const filter = new RegExp(`^(node:)?(${builtinModules.join("|")})$`);
    build.onResolve({ filter }, ({ path, kind }) =>
      kind === "import-statement" ? { path, namespace: "builtin" } : undefined,
    );
    build.onLoad({ filter, namespace: "builtin" }, ({ path }) => ({
      contents: `module.exports = require(${JSON.stringify(path)});`,
    }));
  },
};

function cannotBundle(program: string, thrown: unknown): GirderError {
  const { errors = [] } = thrown as Partial<BuildFailure>;
  const native = errors.find(({ text }) => /No loader is configured for ".node"/.test(text));
  const reasons = errors.length === 0 ? messageOf(thrown) : errors.slice(0, 5).map(described).join("; ");
  return new GirderError("unsupported", `The program cannot be made into one file for workers: ${reasons}.`, {
    where: program,
    cause: thrown,
    remedy:
      native === undefined
        ? "Correct what is named; a package that cannot be bundled may be left out with --worker-external=PACKAGE if workers have it."
        : "A package with native code cannot travel: leave it out with --worker-external=PACKAGE and install it where workers run, or " +
          "start a pool where it is (girder worker-pool PROGRAM) and use --environment-type=EXTERNAL.",
  });
}

function described({ text, location }: Message): string {
  return location === null ? text : `${text} (${location.file}:${location.line})`;
}
