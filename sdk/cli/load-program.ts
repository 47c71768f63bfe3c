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
  if (!existsSync(path)) {
    throw new GirderError("not-found", `There is no file ${path}.`, { remedy: "Name the program to run." });
  }
  if (/\.[cm]?tsx?$/.test(path)) {
    const { register } = await import("tsx/esm/api");
    register();
  }
  setAmbient(ambient);
  await import(pathToFileURL(path).href);
}
