/** The folder that an image for workers is built of. */
import { cp, mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { basename, join, resolve } from "node:path";
import { GirderError } from "../../../portability/errors.js";
import { packageVersion } from "../../runners/default-image.js";
import { packageFolder } from "../../runners/package-folder.js";
import { DOCKERIGNORE, dockerfile } from "./dockerfile.js";
import { manifestOf, type PackageRoot, packageAround, packageClosure } from "./package-closure.js";

/** What only those need who bundle programs. */
const WITHOUT = ["esbuild", "tsx"];
/** What workers run of this package. */
const OWN_FILES = ["package.json", "LICENSE", "NOTICE", "sdk/cli/girder-worker.js", "sdk/cli/girder.js", "dist/bundle"];
/** By which a folder is known as one that this has written. */
const MARK = "girder container build wrote this";

export interface ImageContents {
  readonly base: string;
  /** Path of a program, whose package's dependencies become part of the image. Default: none do. */
  readonly program?: string | undefined;
}

/**
 * Writes the Dockerfile and all that it copies into a folder, which is made anew if this has written it before.
 *
 * @returns names of the packages that the image has beside this one, as paths in `node_modules`.
 * @throws GirderError `not-found` for a program or package that is not there; `unsupported` for packages with native code that is not
 *   Linux's; `invalid-option` for a folder with something else in it.
 */
export async function writeImageContext(
  folder: string,
  { base, program }: ImageContents,
  platform: NodeJS.Platform = process.platform,
): Promise<readonly string[]> {
  const packages = new Map(packageClosure(rootsOf(program)));
  packages.delete("girder");
  await requireLinux(packages, platform);
  await clear(folder);
  const target = join(folder, "node_modules");
  for (const [path, source] of packages) {
    await cp(source, join(target, path), { recursive: true, dereference: true, filter: withoutNested(source) });
  }
  for (const file of OWN_FILES) {
    await cp(join(packageFolder(), file), join(target, "girder", file), { recursive: true, filter: isRun });
  }
  await writeFile(join(folder, "Dockerfile"), dockerfile({ base, version: packageVersion() }));
  await writeFile(join(folder, ".dockerignore"), DOCKERIGNORE);
  return [...packages.keys()].sort();
}

function rootsOf(program: string | undefined): PackageRoot[] {
  const own = { folder: packageFolder(), without: WITHOUT };
  if (program === undefined) return [own];
  const around = packageAround(resolve(program));
  // A program of this repository has this package's dependencies.
  if (around === undefined || manifestOf(around).name === "girder") return [own];
  return [{ folder: around, without: ["girder"] }, own];
}

/** Packages below others are packages of their own. */
function withoutNested(source: string): (path: string) => boolean {
  const nested = join(source, "node_modules");
  return (path) => path !== nested && basename(path) !== ".git" && isRun(path);
}

/** Types and maps of sources are for people who write programs: they are most of the files. */
function isRun(path: string): boolean {
  return !/\.(map|d\.[cm]?ts)$/.test(path);
}

async function requireLinux(packages: ReadonlyMap<string, string>, platform: NodeJS.Platform): Promise<void> {
  if (platform === "linux") return;
  const native: string[] = [];
  for (const [path, folder] of packages) {
    const files = await readdir(folder, { recursive: true });
    if (files.some((file) => file.endsWith(".node"))) native.push(path);
  }
  if (native.length === 0) return;
  throw new GirderError(
    "unsupported",
    `Packages with native code are installed for ${platform}, not for Linux: ${native.join(", ")}.`,
    {
      where: native[0]!,
      remedy: "Build the image on Linux, where they are installed for it.",
    },
  );
}

async function clear(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  const entries = await readdir(folder);
  if (entries.length === 0) return;
  const text = await readFile(join(folder, "Dockerfile"), "utf8").catch(() => "");
  if (!text.includes(MARK)) {
    throw new GirderError("invalid-option", "There is something else in this folder.", {
      where: folder,
      remedy: "Name an empty folder, or one that girder container build has written.",
    });
  }
  for (const entry of ["Dockerfile", ".dockerignore", "node_modules"]) {
    await rm(join(folder, entry), { recursive: true, force: true });
  }
}
