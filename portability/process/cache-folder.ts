/** Where programs of this package keep what they could make again. */
import { homedir } from "node:os";
import { join } from "node:path";

/** The folder `girder/NAME` in the user's folder for caches: `XDG_CACHE_HOME`, or else `~/.cache`. It need not be there. */
export function cacheFolder(name: string): string {
  return join(process.env["XDG_CACHE_HOME"] || join(homedir(), ".cache"), "girder", name);
}
