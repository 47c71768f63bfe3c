/**
 * `npm run bench -- latency [--only=maps,…] [--elements 50] [--interval 40] [--json FILE]`: how long an element of a stream of low load
 * is on its way on the embedded runner, from when it comes to its source to when the sink has it. Printed are median, 95th percentile
 * and maximum of ms; the first elements, while everything is compiled, are not counted.
 */
import { writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { GirderError, Pipeline } from "girder";
import { runEmbedded } from "../../../sdk/runners/embedded/embedded.js";
import { chosen } from "../chosen.js";
import { type Latency, type LatencyRow, type Load, latencyOf } from "./measure.js";
import { LATENCY_ROWS } from "./rows.js";

/** What a median must be below, in ms. */
const TARGET = 50;
/** Elements that come before those that count. */
const WARM_UP = 10;

/** The exit code: 1 if a median is above its target, 2 for options that are wrong. */
export async function latencyCommand(args: readonly string[]): Promise<number> {
  try {
    const { rows, load, json } = parsed(args);
    console.log(`${load.elements} elements, one every ${load.interval} ms: ms from source to sink`);
    console.log(`${"".padEnd(10)}  median     95 %      max`);
    const measured: Latency[] = [];
    for (const row of rows) {
      const latency = await measureLatency(row, load);
      measured.push(latency);
      const figures = [latency.median, latency.p95, latency.max].map((ms) => ms.toFixed(1).padStart(7)).join("  ");
      console.log(`${row.name.padEnd(10)} ${figures}  ${row.what}`);
    }
    if (json !== undefined) writeFileSync(json, `${JSON.stringify(measured, undefined, 2)}\n`);
    const slow = measured.filter(({ median }) => median >= TARGET);
    for (const { name } of slow) console.error(`${name}: the median is not below ${TARGET} ms.`);
    return slow.length === 0 ? 0 : 1;
  } catch (thrown) {
    console.error(thrown instanceof GirderError ? thrown.message : thrown);
    return 2;
  }
}

/** Runs a row on the embedded runner, as a stream. */
export async function measureLatency(row: LatencyRow, { elements, interval }: Load): Promise<Latency> {
  const latencies: number[] = [];
  const pipeline = new Pipeline();
  // The sources never end by themselves.
  const allCame = new AbortController();
  row.build(pipeline, { elements: elements + WARM_UP, interval }).map("Sink", (came) => {
    latencies.push(performance.now() - came);
    if (latencies.length === elements + WARM_UP) allCame.abort();
  });
  await runEmbedded(pipeline, { streaming: true, drain: allCame.signal });
  return latencyOf(row.name, latencies.slice(WARM_UP));
}

function parsed(args: readonly string[]) {
  const { values } = parseArgs({
    args: [...args],
    options: {
      only: { type: "string" },
      elements: { type: "string", default: "50" },
      interval: { type: "string", default: "40" },
      json: { type: "string" },
    },
  });
  const rows = chosen("only", values.only, LATENCY_ROWS, ({ name }) => name);
  const whole = (option: "elements" | "interval"): number => {
    const number = Number(values[option]);
    if (Number.isSafeInteger(number) && number > 0) return number;
    throw new GirderError("invalid-option", `--${option} is ${values[option]}.`, {
      remedy: "Use a whole number above zero.",
    });
  };
  return { rows, load: { elements: whole("elements"), interval: whole("interval") }, json: values.json };
}
