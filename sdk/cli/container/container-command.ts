/** `girder container build`: an image whose containers are workers. */
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { GirderError } from "../../../portability/errors.js";
import { defaultImage } from "../../runners/default-image.js";
import { buildImage, provideBase } from "./build-image.js";
import { writeImageContext } from "./image-context.js";

/** What the command is given. */
export interface ContainerBuildOptions {
  readonly tag?: string;
  readonly base?: string;
  readonly output?: string;
}

/** The official image of the Node that this is running on. */
export function defaultBase(): string {
  return `node:${process.versions.node}-slim`;
}

/**
 * Builds the image, or writes what it is built of.
 *
 * @param program Whose package's dependencies become part of the image. Default: those of no program.
 * @throws GirderError see {@link writeImageContext}, {@link provideBase} and {@link buildImage}.
 */
export async function containerBuildCommand(
  program: string | undefined,
  { tag = defaultImage(), base = defaultBase(), output }: ContainerBuildOptions,
): Promise<void> {
  if (program !== undefined && !existsSync(program)) {
    throw new GirderError("not-found", `There is no file ${resolve(program)}.`, {
      remedy: "Name the program whose packages workers need, or none.",
    });
  }
  for (const [option, image] of [
    ["--base", base],
    ["--tag", tag],
  ] as const) {
    // What begins with a hyphen would be an option to the client.
    if (/^[^\s-]\S*$/.test(image)) continue;
    throw new GirderError("invalid-option", `"${image}" is not the name of an image.`, {
      where: option,
      remedy: "Write it as registry/name:tag.",
    });
  }
  if (output !== undefined) {
    const packages = await writeImageContext(resolve(output), { base, program });
    process.stdout.write(`girder: Dockerfile, with girder and ${packages.length} packages, in ${resolve(output)}\n`);
    return;
  }
  const onLine = (line: string): void => void process.stderr.write(`${line}\n`);
  await provideBase(base, onLine);
  const folder = await mkdtemp(join(tmpdir(), "girder-image-"));
  try {
    await writeImageContext(folder, { base, program });
    await buildImage({ folder, base, tag, onLine });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  process.stdout.write(`girder: image ${tag}\n`);
}
