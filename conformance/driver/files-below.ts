import { readdirSync } from "node:fs";
import { join } from "node:path";

/** Paths of the files in a folder and its folders whose names match, in order. */
export function filesBelow(folder: string, name: RegExp): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && name.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}
