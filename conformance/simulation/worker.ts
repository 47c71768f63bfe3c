/** The thread in which `main.ts` runs simulations: tells of each seed how it came out. */
import { parentPort, workerData } from "node:worker_threads";
import { messageOf } from "../../portability/errors.js";
import { type Outcome, simulate, simulationOf } from "./simulate.js";

/** The seeds that the thread is to run: from (inclusive), to (exclusive). */
export interface Seeds {
  readonly from: number;
  readonly to: number;
}

/** A seed that is done. */
export interface Simulated extends Outcome {
  readonly seed: number;
}

if (parentPort !== null) {
  const { from, to } = workerData as Seeds;
  for (let seed = from; seed < to; seed++) {
    const outcome = await simulate(simulationOf(seed)).catch(
      (thrown): Outcome => ({ failures: [messageOf(thrown)], spilledBytes: 0, bundles: 0 }),
    );
    parentPort.postMessage({ seed, ...outcome } satisfies Simulated);
  }
}
