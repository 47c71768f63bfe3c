/** For specs: images of what this machine has, so that nothing has to be pulled. */
import { execFileSync, spawnSync } from "node:child_process";
import { cpSync, mkdirSync } from "node:fs";
import { dirname, join } from "node:path";

/** Whether a Docker engine answers. */
export function hasEngine(): boolean {
  return spawnSync("docker", ["info"]).status === 0;
}

/** Makes an image with this machine's Node, the libraries that it needs, and nothing else. @param folder for its files, which stay */
export function importNode(folder: string, name: string): void {
  mkdirSync(join(folder, "tmp"), { recursive: true });
  const libraries = execFileSync("ldd", [process.execPath], { encoding: "utf8" }).match(/\/\S+/g) ?? [];
  for (const [from, to] of [[process.execPath, "/usr/bin/node"], ...libraries.map((path) => [path, path])]) {
    mkdirSync(dirname(join(folder, to!)), { recursive: true });
    cpSync(from!, join(folder, to!), { dereference: true });
  }
  importFolder(folder, name);
}

/** Makes an image of a folder. */
export function importFolder(folder: string, name: string): void {
  const files = execFileSync("tar", ["-cf", "-", "-C", folder, "."], { maxBuffer: 1 << 30 });
  execFileSync("docker", ["import", "-", name], { input: files });
}

export function removeImages(...names: readonly string[]): void {
  for (const name of names) spawnSync("docker", ["rmi", "--force", name]);
}
