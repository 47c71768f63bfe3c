/** For specs: the programs that boot workers, and whether the machine has what they need. */
import { spawnSync } from "node:child_process";
import { chmodSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** The source of this folder: only TypeScript is built to dist. */
const SOURCE = import.meta.url.replace(/\/dist\/(runner\/environment\/testing)\/[^/]*$/, "/$1/");

/** Node and the program of boot-worker.ts, for whoever starts it in a way of its own. */
export const BOOT_WORKER = [process.execPath, fileURLToPath(new URL("./boot-worker.js", import.meta.url))] as const;

/** Makes a program of a command: one file, which takes further arguments. Returns its path. */
export function makeProgram(folder: string, name: string, command: readonly string[], before = ""): string {
  const path = join(folder, name);
  const words = command.map((word) => `'${word.replaceAll("'", "'\\''")}'`);
  writeFileSync(path, `#!/bin/sh\n${before}\nexec ${words.join(" ")} "$@"\n`);
  chmodSync(path, 0o755);
  return path;
}

/** What is run to boot a worker of Beam's Python SDK by the given interpreter. */
export function bootPython(python: string): readonly string[] {
  return [python, fileURLToPath(new URL("boot-python.py", SOURCE))];
}

/**
 * A Python that has Beam's SDK: that of the environment variable `GIRDER_PYTHON`, or `python3` on the PATH; undefined if there is none.
 */
export function findBeamPython(): string | undefined {
  const python = process.env["GIRDER_PYTHON"] ?? "python3";
  const look = "import importlib.util as u, sys; print(sys.executable); sys.exit(u.find_spec('apache_beam') is None)";
  const { status, stdout } = spawnSync(python, ["-c", look], { encoding: "utf8" });
  return status === 0 ? stdout.trim() : undefined;
}

/** Why specs with workers of Beam's Python SDK are skipped, where they are. */
export const NO_BEAM_PYTHON = "there is no Python with apache-beam: set GIRDER_PYTHON to one";
