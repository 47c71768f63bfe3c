/** A program as one file, for workers elsewhere: with all that it imports, and what makes it a worker. */
import { chmod, mkdtemp, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { BuildFailure, Message, Plugin } from "esbuild";
import { GirderError, messageOf } from "../../../portability/errors.js";
import type { ProgramSpec } from "../../worker/booted-worker.js";
import { PROGRAM_FILE } from "./program-file.js";

/** Folder of the compiled package that this module is part of. */
const PACKAGE = fileURLToPath(new URL("../../../", import.meta.url));
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
  /** Packages that are to be found where the worker runs, instead of being put into the file. Default: none. */
  readonly external?: readonly string[];
}

/**
 * Makes the file, in a temporary folder that is removed when the bundle is disposed of.
 *
 * @throws GirderError `unsupported` for a program that cannot be made into one file, with what is in the way.
 */
export async function bundleProgram({ program, spec, external = [] }: BundleOptions): Promise<ProgramBundle> {
  const { build } = await import("esbuild");
  const folder = await mkdtemp(join(tmpdir(), "girder-program-"));
  const path = join(folder, PROGRAM_FILE);
  const remove = (): Promise<void> => rm(folder, { recursive: true, force: true });
  try {
    await build({
      stdin: { contents: main(program, spec), resolveDir: dirname(program), sourcefile: "girder-worker.mjs" },
      outfile: path,
      bundle: true,
      platform: "node",
      format: "esm",
      target: "node20",
      minify: true,
      // Names of functions and classes are seen: in names of transforms, and in errors.
      keepNames: true,
      external: [...external],
      // A worker runs no pipelines.
      banner: { js: BANNER },
      plugins: [onePackage(), withoutRunners()],
      logLevel: "silent",
      legalComments: "none",
    });
    await chmod(path, 0o755);
    return { path, size: (await stat(path)).size, [Symbol.asyncDispose]: remove };
  } catch (thrown) {
    await remove();
    throw cannotBundle(program, thrown);
  }
}

/** Packages written for CommonJS find here what modules do not have. */
const BANNER = `#!/usr/bin/env node
import { createRequire as girderCreateRequire } from "node:module";
import { fileURLToPath as girderFileURLToPath } from "node:url";
const require = girderCreateRequire(import.meta.url), __filename = girderFileURLToPath(import.meta.url), __dirname = girderFileURLToPath(new URL(".", import.meta.url));`;

function main(program: string, spec: ProgramSpec): string {
  const boot = join(PACKAGE, "sdk/worker/boot-program.js");
  return [
    `import { bootProgram } from ${JSON.stringify(boot)};`,
    `await bootProgram(__filename, ${JSON.stringify(spec)}, () => import(${JSON.stringify(program)}));`,
  ].join("\n");
}

/** The program's own Girder is this one, wherever it would find another. */
function onePackage(): Plugin {
  return {
    name: "girder",
    setup(build) {
      build.onResolve({ filter: ENTRIES }, ({ path, kind, pluginData }) =>
        pluginData === SEEN ? undefined : build.resolve(path, { kind, resolveDir: PACKAGE, pluginData: SEEN }),
      );
    },
  };
}

const SEEN = Symbol("seen");

/** What only those need who submit a pipeline is left out: it would take time to load. */
function withoutRunners(): Plugin {
  return {
    name: "girder-runners",
    setup(build) {
      build.onResolve({ filter: /\/(embedded|portable)\/launch\.js$/ }, ({ path, importer }) =>
        importer.startsWith(PACKAGE) ? { path, external: true } : undefined,
      );
    },
  };
}

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
