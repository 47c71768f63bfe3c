/** The project's folder, from where this runs: below dist. */
import { readFileSync } from "node:fs";
import { resolve } from "node:path";

export const ROOT = resolve(import.meta.dirname, "../..");

/** The version of Girder. */
export function girderVersion(): string {
  return (JSON.parse(readFileSync(resolve(ROOT, "package.json"), "utf8")) as { readonly version: string }).version;
}
