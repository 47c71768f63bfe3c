/**
 * `npm run simulate -- [--seeds 100] [--from 0]`: runs random programs under random disturbances and compares what they
 * compute with an oracle. `--seed S` runs one again, and prints it.
 */
import { inspect, parseArgs } from "node:util";
import { runSeeds } from "./run-seeds.js";
import { simulationOf } from "./simulate.js";

const { values } = parseArgs({
  options: {
    seeds: { type: "string", default: "100" },
    from: { type: "string", default: "0" },
    seed: { type: "string" },
  },
});
/** How long (ms) a simulation may take. */
const TIME_LIMIT = 60_000;

const from = wholeNumber("seed", values.seed ?? values.from);
const seeds = values.seed === undefined ? wholeNumber("seeds", values.seeds) : 1;
let failed = 0;
let bundles = 0;
let spilled = 0;

if (values.seed !== undefined) {
  const { kind, program, disturbances } = simulationOf(from);
  const show = (value: unknown): string => inspect(value, { depth: 6, breakLength: Number.POSITIVE_INFINITY });
  const lines = kind === "batch" ? program.entries() : Object.entries({ ...program, events: "below" });
  for (const [name, part] of lines) console.log(`${name}: ${show(part)}`);
  if (kind === "stream") for (const event of program.events) console.log(`event ${show(event)}`);
  console.log("disturbances:", disturbances);
}
for await (const outcome of runSeeds({ from, to: from + seeds }, TIME_LIMIT)) {
  const { seed, failures } = outcome;
  bundles += outcome.bundles;
  if (outcome.spilledBytes > 0) spilled++;
  if (failures.length === 0) continue;
  failed++;
  console.log(`seed ${seed}:\n  ${failures.join("\n  ")}\n  replay: npm run simulate -- --seed ${seed}`);
}
console.log(`${seeds - failed} of ${seeds} as the oracle has it; ${bundles} bundles, ${spilled} programs spilled`);
process.exitCode = failed === 0 ? 0 : 1;

function wholeNumber(option: string, text: string): number {
  const number = Number(text);
  if (Number.isSafeInteger(number) && number >= 0) return number;
  console.error(`--${option} is ${text}: give a whole number of at least 0.`);
  process.exit(2);
}
