/** Workers of whichever alternative can be had: environment type ANYOF. */
import { GirderError, messageOf } from "../../portability/errors.js";
import type { Environment } from "../../portability/gen/org/apache/beam/model/pipeline/v1/beam_runner_api_pb.js";
import { throwIfAborted } from "./launched-worker.js";
import type { LaunchedWorker, Launcher, WorkerToLaunch } from "./launcher.js";

/**
 * Tries alternatives in order and stays with the first that launches a worker: all workers of an environment are to be alike.
 * Launches that come while it is still trying wait for what comes of it.
 */
export class AnyOfLauncher implements Launcher {
  readonly #alternatives: readonly Launcher[];
  #current = 0;
  #chosen = false;
  #trying: Promise<unknown> | undefined;

  /** @param alternatives one at least, the one to prefer first. */
  constructor(alternatives: readonly Launcher[]) {
    this.#alternatives = alternatives;
  }

  get environment(): Environment {
    return this.#alternatives[this.#current]!.environment;
  }

  async launch(worker: WorkerToLaunch): Promise<LaunchedWorker> {
    while (!this.#chosen && this.#trying !== undefined) await this.#trying;
    if (this.#chosen) return this.#alternatives[this.#current]!.launch(worker);
    const launching = this.#try(worker);
    this.#trying = launching.catch(() => undefined);
    try {
      return await launching;
    } finally {
      this.#trying = undefined;
    }
  }

  async #try(worker: WorkerToLaunch): Promise<LaunchedWorker> {
    const failures: unknown[] = [];
    for (const [index, alternative] of this.#alternatives.entries()) {
      throwIfAborted(worker.signal);
      this.#current = index;
      try {
        const launched = await alternative.launch(worker);
        this.#chosen = true;
        return launched;
      } catch (thrown) {
        throwIfAborted(worker.signal);
        failures.push(thrown);
      }
    }
    this.#current = 0;
    if (failures.length === 1) throw failures[0];
    throw new GirderError(
      "io",
      `None of the ${failures.length} alternatives of an environment can be used here:\n${failures
        .map((failure) => `- ${messageOf(failure)}`)
        .join("\n")}\n`,
      { cause: failures[0], remedy: "Any one of them is enough." },
    );
  }
}
