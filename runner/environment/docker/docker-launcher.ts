/** Workers that are containers: environment type DOCKER. */
import { randomUUID } from "node:crypto";
import { GirderError } from "../../../portability/errors.js";
import type {
  DockerPayload,
  Environment,
} from "../../../portability/gen/org/apache/beam/model/pipeline/v1/beam_runner_api_pb.js";
import { findProgram } from "../../../portability/process/find-program.js";
import { describeEnding, type Ending, leash } from "../../../portability/process/leash.js";
import { bootArguments } from "../boot-arguments.js";
import { DEFAULT_GRACE, type EnvironmentOptions } from "../environment-options.js";
import { launchedWorker, throwIfAborted } from "../launched-worker.js";
import type { LaunchedWorker, Launcher, WorkerEndpoints, WorkerToLaunch } from "../launcher.js";
import { dockerError } from "./docker-errors.js";

/** How long (ms) the engine may take to say whether it has an image. */
const INSPECT_TIME = 20_000;
/** How long (ms) a client that was asked to end may take: it has nothing to put in order. */
const CLIENT_GRACE = 500;

/** The labels of containers that are workers: the worker's id, and the id of the server's process. */
export const WORKER_LABEL = "girder.worker";
export const SERVER_LABEL = "girder.server";

/**
 * Runs a container for each worker, by the Docker client.
 *
 * - An image that the engine has is used as it is; one that it does not have is pulled.
 * - Where the runner's services listen on the loopback interface, the container shares the network of its host. Elsewhere it
 *   gets the engine's default network.
 * - The client stays in the foreground for the container's life, on a leash: its output and its exit code are the container's,
 *   and when this process ends, however it does, the container is asked to end and then removed by force.
 */
export class DockerLauncher implements Launcher {
  readonly #image: string;
  readonly #options: EnvironmentOptions;

  /** @throws GirderError `invalid-pipeline` if the payload names no image. */
  constructor(
    readonly environment: Environment,
    { containerImage }: DockerPayload,
    options: EnvironmentOptions,
  ) {
    // What begins with a hyphen would be an option to the client.
    if (containerImage === "" || containerImage.startsWith("-")) {
      throw new GirderError("invalid-pipeline", "An environment of type DOCKER does not name its image.", {
        where: containerImage || environment.urn,
        remedy: "Name the image of an SDK as --environment_config=registry/name:tag.",
      });
    }
    this.#image = containerImage;
    this.#options = options;
  }

  async launch(worker: WorkerToLaunch): Promise<LaunchedWorker> {
    const { docker = {}, grace = DEFAULT_GRACE, onOutput } = this.#options;
    const program = await findProgram(
      docker.program ?? "docker",
      process.env["PATH"],
      "Environments of type DOCKER need the Docker client and an engine: install them on the server's machine, or use another type.",
    );
    await this.#provide(program, worker.signal);
    throwIfAborted(worker.signal);
    const name = `girder-${randomUUID()}`;
    const args = [
      ...["run", "--rm", "--pull=never", `--name=${name}`],
      ...[`--label=${WORKER_LABEL}=${worker.id}`, `--label=${SERVER_LABEL}=${process.pid}`],
      ...(isLoopback(worker.endpoints) ? ["--network=host"] : []),
      ...(docker.runArguments ?? []),
      this.#image,
      ...bootArguments(worker),
    ];
    const client = await leash(program, args, {
      grace,
      afterwards: [program, "rm", "--force", name],
      onLine: (line) => onOutput?.(worker.id, line),
    });
    const ended = client.ended.then((ending) => `The container of image ${this.#image} ${describeContainer(ending)}`);
    return launchedWorker(worker.signal, () => client.end(), ended);
  }

  /** Sees that the engine has the image. */
  async #provide(program: string, signal: AbortSignal): Promise<void> {
    const inspected = await this.#run(
      program,
      ["image", "inspect", "--format={{.Id}}", this.#image],
      signal,
      INSPECT_TIME,
    );
    if (inspected.code === 0) return;
    if (!/no such image/i.test(inspected.lastWords.join("\n"))) throw this.#failure(inspected);
    const pulled = await this.#run(program, ["pull", "--quiet", this.#image], signal);
    if (pulled.code !== 0) throw this.#failure(pulled);
  }

  #failure({ lastWords }: Ending): GirderError {
    return dockerError(this.#image, lastWords.join("\n"));
  }

  /** @param timeout ms. Default: for ever, or until the signal aborts. */
  async #run(program: string, args: readonly string[], signal: AbortSignal, timeout?: number): Promise<Ending> {
    const late = timeout === undefined ? undefined : AbortSignal.timeout(timeout);
    const stop = late === undefined ? signal : AbortSignal.any([signal, late]);
    throwIfAborted(signal);
    const client = await leash(program, args, { grace: CLIENT_GRACE });
    const end = (): void => void client.end();
    if (stop.aborted) end();
    else stop.addEventListener("abort", end, { once: true });
    const ending = await client.ended;
    stop.removeEventListener("abort", end);
    throwIfAborted(signal);
    if (late?.aborted) {
      throw new GirderError("io", `The Docker engine has not answered within ${timeout! / 1_000} s.`, {
        where: this.#image,
        remedy: "See whether `docker info` answers, and restart the engine if it does not.",
      });
    }
    return ending;
  }
}

/** Whether any of the services can be reached from this host only. */
function isLoopback(endpoints: WorkerEndpoints): boolean {
  return Object.values<string>({ ...endpoints }).some((endpoint) =>
    /^(localhost|127(\.\d+){3}|\[?::1\]?):\d+$/i.test(endpoint),
  );
}

/** The exit codes that are the client's own. */
function describeContainer(ending: Ending): string {
  const how = describeEnding(ending);
  if (ending.code === 125) return `was not started by the engine: the client ${how}`;
  if (ending.code === 126 || ending.code === 127) return `has no entry point that can be run: it ${how}`;
  return how;
}
