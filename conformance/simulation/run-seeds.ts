/** Runs many simulations, one of which may never end. */
import { on } from "node:events";
import { Worker } from "node:worker_threads";
import type { Seeds, Simulated } from "./worker.js";

/**
 * Runs the simulations of seeds one after the other, in a thread of their own: one that takes longer than `timeLimit` ms,
 * be it that it never lets go of its thread, is a failure, and the next one is begun in a new thread.
 */
export async function* runSeeds({ from, to }: Seeds, timeLimit: number): AsyncGenerator<Simulated> {
  let next = from;
  while (next < to) {
    const worker = new Worker(new URL("./worker.js", import.meta.url), {
      workerData: { from: next, to } satisfies Seeds,
    });
    // Buffers what comes early, and throws what the thread throws.
    const answers = on(worker, "message") as AsyncIterableIterator<[Simulated]>;
    try {
      for (; next < to; next++) {
        const simulated = await withinTime(answers.next(), timeLimit);
        const stuck = { seed: next, failures: [`it did not end within ${timeLimit} ms`], spilledBytes: 0, bundles: 0 };
        yield simulated ?? stuck;
        if (simulated === undefined) {
          next++;
          break;
        }
      }
    } finally {
      await worker.terminate();
    }
  }
}

/** The answer; undefined if it does not come in time. */
async function withinTime(
  answer: Promise<IteratorResult<[Simulated]>>,
  timeLimit: number,
): Promise<Simulated | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const over = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), timeLimit);
  });
  const settled = await Promise.race([answer, over]).finally(() => clearTimeout(timer));
  return settled?.value?.[0];
}
