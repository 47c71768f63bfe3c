/** The image that workers have where none is named. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { packageFolder } from "./package-folder.js";

/** This package's version. */
export function packageVersion(): string {
  const { version } = JSON.parse(readFileSync(join(packageFolder(), "package.json"), "utf8")) as { version: string };
  return version;
}

/** What `girder container build` calls an image, and `--environment-type=DOCKER` asks for: by this package's version. */
export function defaultImage(): string {
  return `girder-worker:${packageVersion()}`;
}
