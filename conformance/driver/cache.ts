/** Where what the suites need is kept: outside the checkout, and between runs. */
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { cacheFolder as userCacheFolder } from "../../portability/process/cache-folder.js";

/**
 * The folder: what `GIRDER_CONFORMANCE_CACHE` says, else `girder/conformance` in the user's cache folder. It may be removed at
 * any time between runs.
 */
export function cacheFolder(...path: readonly string[]): string {
  const folder = join(process.env["GIRDER_CONFORMANCE_CACHE"] ?? userCacheFolder("conformance"), ...path);
  mkdirSync(folder, { recursive: true });
  return folder;
}

/**
 * A folder that is made once for each `version` of what makes it: made anew where it is of another version, or where its making
 * did not come to an end.
 */
export async function madeOnce(folder: string, version: string, make: () => Promise<void>): Promise<void> {
  const mark = join(folder, ".made-of");
  if (existsSync(mark) && readFileSync(mark, "utf8") === version) return;
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  await make();
  writeFileSync(mark, version);
}
