/**
 * Packages that are not part of a program's file (`--worker-external`): links to where they are installed, beside the file, where Node
 * looks for them. What a link leads to finds its own dependencies where it really is.
 */
import { existsSync, realpathSync } from "node:fs";
import { mkdir, symlink } from "node:fs/promises";
import { dirname, join } from "node:path";

/** The folder of a package, as a module in one of the folders would find it; undefined if none does. */
export function findPackage(name: string, folders: readonly string[]): string | undefined {
  for (const start of folders) {
    for (let folder = start; ; folder = dirname(folder)) {
      const place = join(folder, "node_modules", name);
      if (existsSync(join(place, "package.json"))) return realpathSync(place);
      if (folder === dirname(folder)) break;
    }
  }
  return undefined;
}

/** `@scope/name` or `name` of what an import names: `name/some/module`. */
export function packageOf(specifier: string): string {
  return specifier.split("/", specifier.startsWith("@") ? 2 : 1).join("/");
}

/**
 * Puts links to packages into `folder/node_modules`.
 *
 * @param folders Where they are looked for, and above, one after the other.
 * @returns those that are nowhere.
 */
export async function linkPackages(
  names: readonly string[],
  folder: string,
  folders: readonly string[],
): Promise<readonly string[]> {
  const missing: string[] = [];
  for (const name of new Set(names.map(packageOf))) {
    const found = findPackage(name, folders);
    if (found === undefined) {
      missing.push(name);
      continue;
    }
    const link = join(folder, "node_modules", name);
    await mkdir(dirname(link), { recursive: true });
    await symlink(found, link, "junction");
  }
  return missing;
}
