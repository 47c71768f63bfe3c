import { dirname } from "node:path";
import { fileURLToPath } from "node:url";

/** The folder of this package, wherever in it this module has come to be. Throws where it has been made part of something else. */
export function packageFolder(): string {
  return dirname(fileURLToPath(import.meta.resolve("girder/package.json")));
}
