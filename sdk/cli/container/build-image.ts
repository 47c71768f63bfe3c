/** Builds an image by the Docker client. */
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { GirderError } from "../../../portability/errors.js";
import { findProgram } from "../../../portability/process/find-program.js";
import { dockerError } from "../../../runner/environment/docker/docker-errors.js";

/** The first version of Node that workers run on. */
const NODE = 20;
/** Lines of the engine's that are kept for the error. */
const KEPT = 20;

export interface ImageToBuild {
  /** The folder with the Dockerfile. */
  readonly folder: string;
  readonly base: string;
  readonly tag: string;
  /** Is told what the engine says. Default: nobody is. */
  readonly onLine?: (line: string) => void;
}

interface Ended {
  readonly code: number | null;
  readonly output: string;
}

const findDocker = (): Promise<string> =>
  findProgram(
    "docker",
    process.env["PATH"],
    "Install Docker, or write the Dockerfile with --output=FOLDER and build it where an engine is.",
  );

/**
 * Sees that the engine has a base, which is pulled if it does not.
 *
 * @throws GirderError `not-found` if there is no client or no such base; `io` if the engine does not answer or may not be used.
 */
export async function provideBase(base: string, onLine: (line: string) => void = () => undefined): Promise<void> {
  const docker = await findDocker();
  const inspected = await run(docker, ["image", "inspect", "--format={{.Id}}", base]);
  if (inspected.code !== 0) {
    if (!/no such image/i.test(inspected.output)) throw dockerError(base, inspected.output);
    onLine(`pulling ${base}`);
    const pulled = await run(docker, ["pull", "--quiet", base]);
    if (pulled.code !== 0) throw unknownBase(base, pulled.output);
  }
}

/**
 * Builds the image of a base that the engine has, and sees that it has a Node that workers run on.
 *
 * @throws GirderError `io` if the engine fails; `unsupported` for a base without a Node that will do.
 */
export async function buildImage({ folder, base, tag, onLine = () => undefined }: ImageToBuild): Promise<void> {
  const docker = await findDocker();
  const built = await run(docker, ["build", `--tag=${tag}`, folder], onLine);
  if (built.code !== 0) {
    throw new GirderError("io", `The engine has not built the image: ${built.output.trim()}`, {
      where: tag,
      remedy: "See what it says; with --output=FOLDER the Dockerfile is written for you to build.",
    });
  }
  await requireNode(docker, base, tag);
}

function unknownBase(base: string, output: string): GirderError {
  const { code, what } = dockerError(base, output);
  return new GirderError(code, what, {
    where: base,
    remedy: "Name an image with Node that the engine has, or can pull: --base=IMAGE (docker images lists what it has).",
  });
}

async function requireNode(docker: string, base: string, tag: string): Promise<void> {
  const { code, output } = await run(docker, ["run", "--rm", "--network=none", "--entrypoint=node", tag, "--version"]);
  const [, major] = /^v(\d+)\./m.exec(output) ?? [];
  if (code === 0 && Number(major) >= NODE) return;
  await run(docker, ["rmi", "--force", tag]);
  const found = major === undefined ? `has no Node that starts: ${output.trim()}` : `has Node ${output.trim()}`;
  throw new GirderError("unsupported", `The base image ${found}.`, {
    where: base,
    remedy: `Name an image with Node ${NODE} or later on its PATH: --base=node:${NODE}-slim.`,
  });
}

function run(program: string, args: readonly string[], onLine?: (line: string) => void): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { stdio: ["ignore", "pipe", "pipe"] });
    const lines: string[] = [];
    for (const stream of [child.stdout, child.stderr]) {
      createInterface({ input: stream }).on("line", (line) => {
        onLine?.(line);
        lines.push(line);
        if (lines.length > KEPT) lines.shift();
      });
    }
    child.once("error", reject);
    child.once("close", (code) => resolve({ code, output: lines.join("\n") }));
  });
}
