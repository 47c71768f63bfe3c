/**
 * `npm run simulate -- [--seeds 100] [--from 0]`: runs random programs under random disturbances and compares what they
 * compute with an oracle. `--seed S` runs one again, and prints it.
 */
import { inspect, parseArgs } from "node:util";
import { messageOf } from "../../portability/errors.js";
import { simulate, simulationOf } from "./simulate.js";

const { values } = parseArgs({
  options: {
    seeds: { type: "string", default: "100" },
    from: { type: "string", default: "0" },
    seed: { type: "string" },
  },
});
const from = wholeNumber("seed", values.seed ?? values.from);
const seeds = values.seed === undefined ? wholeNumber("seeds", values.seeds) : 1;
const failed: number[] = [];
let bundles = 0;
let spilled = 0;

for (let seed = from; seed < from + seeds; seed++) {
  const simulation = simulationOf(seed);
  if (values.seed !== undefined) {
    simulation.program.forEach((step, i) => {
      console.log(`step ${i}: ${inspect(step, { depth: 3, breakLength: Number.POSITIVE_INFINITY })}`);
    });
    console.log("disturbances:", simulation.disturbances);
  }
  const failures: string[] = [];
  try {
    const outcome = await simulate(simulation);
    failures.push(...outcome.failures);
    bundles += outcome.bundles;
    if (outcome.spilledBytes > 0) spilled++;
  } catch (thrown) {
    failures.push(messageOf(thrown));
  }
  if (failures.length > 0) {
    failed.push(seed);
    console.log(`seed ${seed}:\n  ${failures.join("\n  ")}\n  replay: npm run simulate -- --seed ${seed}`);
  }
}
console.log(
  `${seeds - failed.length} of ${seeds} as the oracle has it; ${bundles} bundles, ${spilled} programs spilled`,
);
process.exitCode = failed.length === 0 ? 0 : 1;

function wholeNumber(option: string, text: string): number {
  const number = Number(text);
  if (Number.isSafeInteger(number) && number >= 0) return number;
  console.error(`--${option} is ${text}: give a whole number of at least 0.`);
  process.exit(2);
}
