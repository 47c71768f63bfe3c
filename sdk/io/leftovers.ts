/** What writing leaves on disk while it lasts, for the case that its job fails. */
import { fileSystemFor } from "./filesystem/index.js";

/**
 * The temporary folders of a job that are still there, and the files that are being put together.
 *
 * It only knows of what happens in this process: on a runner with workers elsewhere, a failed job leaves its folder.
 */
export class Leftovers {
  readonly #folders = new Set<string>();
  readonly #finishing = new Set<Promise<unknown>>();
  #abort = new AbortController();

  /** A folder that is to be removed; returns it. */
  folder(path: string): string {
    this.#folders.add(path);
    return path;
  }

  /** Removes a folder. */
  async remove(path: string): Promise<void> {
    await fileSystemFor(path).deleteFolder(path);
    this.#folders.delete(path);
  }

  /** Does what has to be ended early where the job fails meanwhile: `work` is handed the signal for it. */
  async finishing(work: (signal: AbortSignal) => Promise<void>): Promise<void> {
    const done = work(this.#abort.signal);
    this.#finishing.add(done);
    try {
      await done;
    } finally {
      this.#finishing.delete(done);
    }
  }

  /** Ends what is being done and removes what is left, as far as that can be done: the job has failed already. */
  async removeAll(): Promise<void> {
    this.#abort.abort();
    this.#abort = new AbortController();
    await Promise.allSettled(this.#finishing);
    await Promise.allSettled([...this.#folders].map((folder) => this.remove(folder)));
  }
}
