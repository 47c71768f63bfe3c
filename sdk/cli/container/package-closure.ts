/** Packages that are installed, with all that they depend on, and where each is to be in another `node_modules`. */
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { GirderError } from "../../../portability/errors.js";
import { findPackage } from "../../worker/external-packages.js";

/** What is read of a `package.json`. */
export interface Manifest {
  readonly name?: string;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
}

/** A package that others are to be found for. */
export interface PackageRoot {
  /** Its folder, by which its dependencies are found. */
  readonly folder: string;
  /** The dependencies that are not needed. Default: all are. */
  readonly without?: readonly string[];
}

/** Reads the `package.json` of a folder. @throws GirderError `malformed-data` */
export function manifestOf(folder: string): Manifest {
  const path = join(folder, "package.json");
  try {
    return JSON.parse(readFileSync(path, "utf8")) as Manifest;
  } catch (cause) {
    throw new GirderError("malformed-data", "This is not a package.json that can be read.", { where: path, cause });
  }
}

/** The nearest folder above a file that has a `package.json`; undefined if none has. */
export function packageAround(file: string): string | undefined {
  for (let folder = dirname(file); ; folder = dirname(folder)) {
    if (existsSync(join(folder, "package.json"))) return folder;
    if (folder === dirname(folder)) return undefined;
  }
}

/**
 * The dependencies of some packages and theirs, each once where that does for all, and otherwise below the one that needs another.
 * Packages for development are not among them, and optional ones only if they are installed.
 *
 * @returns folders of packages by their paths in `node_modules`: `a`, `@scope/b`, `a/node_modules/c`.
 * @throws GirderError `not-found` for a dependency that is not installed, with who needs it.
 */
export function packageClosure(roots: readonly PackageRoot[]): ReadonlyMap<string, string> {
  const placed = new Map<string, string>();
  const waiting = roots.map(({ folder, without = [] }) => ({ folder, without, path: "" }));
  for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
    const { folder, without, path } = next;
    // All that one needs is placed before what those need: what lies nearer is found first.
    for (const [name, isOptional] of dependenciesOf(manifestOf(folder))) {
      if (without.includes(name)) continue;
      const found = findPackage(name, [folder]);
      if (found === undefined) {
        if (isOptional) continue;
        throw new GirderError("not-found", `The package ${name} is not installed, which this one depends on.`, {
          where: folder,
          remedy: "Install it: npm install.",
        });
      }
      const there = seenFrom(path, name, placed);
      if (there === found) continue;
      const place = there === undefined ? name : `${path}/node_modules/${name}`;
      placed.set(place, found);
      waiting.push({ folder: found, without: [], path: place });
    }
  }
  return placed;
}

function* dependenciesOf(manifest: Manifest): Iterable<readonly [name: string, isOptional: boolean]> {
  const { dependencies = {}, optionalDependencies = {}, peerDependencies = {} } = manifest;
  for (const name of Object.keys(dependencies)) yield [name, Object.hasOwn(optionalDependencies, name)];
  for (const name of Object.keys({ ...optionalDependencies, ...peerDependencies })) yield [name, true];
}

/** What a package at `path` finds under a name. */
function seenFrom(path: string, name: string, placed: ReadonlyMap<string, string>): string | undefined {
  for (
    let at = path;
    at !== "";
    at = at.includes("/node_modules/") ? at.slice(0, at.lastIndexOf("/node_modules/")) : ""
  ) {
    const nearer = placed.get(`${at}/node_modules/${name}`);
    if (nearer !== undefined) return nearer;
  }
  return placed.get(name);
}
