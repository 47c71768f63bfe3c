/** Where a program is, and why it cannot be run. */
import { access, constants, stat } from "node:fs/promises";
import { delimiter, join, resolve } from "node:path";
import { GirderError } from "../errors.js";

/**
 * The absolute path of a program: as the shell looks it up, on the PATH unless its name has a slash.
 *
 * @param remedy what to do if there is none.
 * @throws GirderError `not-found` if there is none; `io` if there is one that may not be executed.
 */
export async function findProgram(name: string, path: string | undefined, remedy: string): Promise<string> {
  const places = name.includes("/")
    ? [resolve(name)]
    : (path ?? "").split(delimiter).map((folder) => resolve(join(folder, name)));
  let forbidden: string | undefined;
  for (const place of places) {
    try {
      if (!(await stat(place)).isFile()) continue;
    } catch {
      // There is nothing, or nothing that can be seen.
      continue;
    }
    try {
      await access(place, constants.X_OK);
      return place;
    } catch {
      forbidden ??= place;
    }
  }
  if (forbidden !== undefined) {
    throw new GirderError("io", "This program may not be executed.", {
      where: forbidden,
      remedy: `Make it executable (chmod +x) for the user that the server runs as.`,
    });
  }
  throw new GirderError("not-found", `There is no such program${name.includes("/") ? "" : " on the PATH"}.`, {
    where: name,
    remedy,
  });
}
