/** Workers that are processes of this machine: environment type PROCESS. */
import { GirderError } from "../../portability/errors.js";
import type {
  Environment,
  ProcessPayload,
} from "../../portability/gen/org/apache/beam/model/pipeline/v1/beam_runner_api_pb.js";
import { findProgram } from "../../portability/process/find-program.js";
import { describeEnding, leash } from "../../portability/process/leash.js";
import { bootArguments } from "./boot-arguments.js";
import { DEFAULT_GRACE, type EnvironmentOptions } from "./environment-options.js";
import { launchedWorker, throwIfAborted } from "./launched-worker.js";
import type { LaunchedWorker, Launcher, WorkerToLaunch } from "./launcher.js";

/**
 * Starts a program for each worker, on a leash: it ends with this process, however that ends.
 *
 * The command is one program, not a line for a shell. It runs in the working folder of this process, with its environment and
 * over it that of the payload.
 */
export class ProcessLauncher implements Launcher {
  readonly #command: string;
  readonly #env: NodeJS.ProcessEnv;
  readonly #options: EnvironmentOptions;

  /**
   * @throws GirderError `invalid-pipeline` if the payload names no command; `unsupported` if its command is for another
   * operating system or processor.
   */
  constructor(
    readonly environment: Environment,
    { command, os, arch, env }: ProcessPayload,
    options: EnvironmentOptions,
  ) {
    if (command === "") {
      throw new GirderError("invalid-pipeline", "An environment of type PROCESS has no command.", {
        where: environment.urn,
        remedy: 'Name the program that boots a worker: --environment_config=\'{"command": "/path/to/boot"}\'.',
      });
    }
    const [ourOs, ourArch] = [process.platform, process.arch];
    if ((os !== "" && nodeOs(os) !== ourOs) || (arch !== "" && nodeArch(arch) !== ourArch)) {
      const asked = [os, arch].filter((part) => part !== "").join(" on ");
      throw new GirderError(
        "unsupported",
        `An environment of type PROCESS is for ${asked}; this is ${ourOs} on ${ourArch}.`,
        {
          where: command,
          remedy: "Leave out os and arch if the command runs here, or run the server on such a machine.",
        },
      );
    }
    this.#command = command;
    this.#env = env;
    this.#options = options;
  }

  async launch(worker: WorkerToLaunch): Promise<LaunchedWorker> {
    const { grace = DEFAULT_GRACE, onOutput } = this.#options;
    const env = { ...process.env, ...this.#env };
    const program = await findProgram(
      this.#command,
      env["PATH"],
      "The command of an environment of type PROCESS is the path of one program on the server's machine, without arguments: " +
        "put those into a script of its own.",
    );
    throwIfAborted(worker.signal);
    const child = await leash(program, bootArguments(worker), {
      env,
      grace,
      onLine: (line) => onOutput?.(worker.id, line),
    });
    const ended = child.ended.then((ending) => `The process ${program} ${describeEnding(ending)}`);
    return launchedWorker(worker.signal, () => child.end(), ended);
  }
}

/** An operating system as Node calls it. */
function nodeOs(name: string): string {
  const lower = name.toLowerCase();
  if (/^(darwin|mac ?os|os ?x|mac)/.test(lower)) return "darwin";
  if (/^win/.test(lower)) return "win32";
  return lower;
}

/** A processor as Node calls it. */
function nodeArch(name: string): string {
  const lower = name.toLowerCase();
  if (["amd64", "x86_64", "x86-64"].includes(lower)) return "x64";
  if (lower === "aarch64") return "arm64";
  if (["386", "i386", "i686", "x86"].includes(lower)) return "ia32";
  return lower;
}
