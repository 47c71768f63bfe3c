/** Imports the program that a command is given, TypeScript or not. */
import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { GirderError } from "../../portability/errors.js";
import { type Ambient, setAmbient } from "../runners/ambient.js";

/**
 * Runs the program's module with `ambient` around it.
 *
 * @throws GirderError `not-found`, and whatever the program throws.
 */
export async function loadProgram(file: string, ambient: Ambient): Promise<void> {
  const path = resolve(file);
  setAmbient({ ...ambient, program: path });
  await importProgram(path);
}

/** Imports a module by its path. @throws GirderError `not-found`, and whatever the module throws. */
export async function importProgram(path: string): Promise<void> {
  if (!existsSync(path)) {
    throw new GirderError("not-found", `There is no file ${path}.`, { remedy: "Name the program to run." });
  }
  if (/\.[cm]?tsx?$/.test(path)) {
    const { register } = await import("tsx/esm/api");
    register();
  }
  await import(pathToFileURL(path).href);
}
