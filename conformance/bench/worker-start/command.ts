/**
 * `npm run bench -- worker-start [--only=bundle,…] [--runs 10] [--program FILE] [--json FILE]`: ms from when a worker is started to when
 * it opens its control stream, in each of the ways in which runners start workers. Printed are median, minimum and maximum, and the
 * processor time (which a busy machine changes less).
 */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { GirderError } from "girder";
import { packageFolder } from "../../../sdk/runners/package-folder.js";
import { bundleProgram } from "../../../sdk/runners/portable/program-bundle.js";
import { chosen } from "../chosen.js";
import { measureNode, measureStarts, type StartTimes } from "./measure.js";
import { RunnerStub } from "./runner-stub.js";
import { WAYS, type Way } from "./ways.js";

/** What the median of a worker from a bundle must be below, in ms. */
const TARGET = 200;

export interface WorkerStarts extends StartTimes {
  readonly name: string;
}

/** The exit code: 1 if the median from a bundle is above its target, 2 for options that are wrong. */
export async function workerStartCommand(args: readonly string[]): Promise<number> {
  try {
    const { ways, runs, program, json } = parsed(args);
    console.log(`${runs} workers, one after the other: ms from start to control stream`);
    console.log(`${"".padEnd(14)}  median      min      max      CPU`);
    const measured = await measureWays(ways, program, runs, ({ name, median, min, max, cpu }) => {
      const figures = [median, min, max, cpu].map((ms) => (ms === undefined ? "–" : ms.toFixed(0)).padStart(7));
      const what = WAYS.find((way) => way.name === name)?.what ?? "Node alone, from start to end";
      console.log(`${name.padEnd(14)} ${figures.join("  ")}  ${what}`);
    });
    if (json !== undefined) writeFileSync(json, `${JSON.stringify(measured, undefined, 2)}\n`);
    const slow = measured.filter(({ name, median }) => name === "bundle" && median >= TARGET);
    for (const { name } of slow) console.error(`${name}: the median is not below ${TARGET} ms.`);
    return slow.length === 0 ? 0 : 1;
  } catch (thrown) {
    console.error(thrown instanceof GirderError ? thrown.message : thrown);
    return 2;
  }
}

/** @param onMeasured Is told of each as soon as it has been measured. */
export async function measureWays(
  ways: readonly Way[],
  program: string,
  runs: number,
  onMeasured: (starts: WorkerStarts) => void = () => undefined,
): Promise<readonly WorkerStarts[]> {
  const spec = { pipeline: 0, argv: [], captures: [] };
  await using bundle = await bundleProgram({ program, spec });
  await using stub = await RunnerStub.start(bundle.path, spec);
  const measured: WorkerStarts[] = [{ name: "node", ...measureNode(runs) }];
  onMeasured(measured[0]!);
  for (const { name, open } of ways) {
    await using way = await open({ program, file: bundle.path, address: stub.address });
    const starts = { name, ...(await measureStarts(name, way, stub, runs)) };
    measured.push(starts);
    onMeasured(starts);
  }
  return measured;
}

function parsed(args: readonly string[]) {
  const { values } = parseArgs({
    args: [...args],
    options: {
      only: { type: "string" },
      runs: { type: "string", default: "10" },
      program: { type: "string", default: join(packageFolder(), "examples/wordcount.ts") },
      json: { type: "string" },
    },
  });
  const runs = Number(values.runs);
  if (!Number.isSafeInteger(runs) || runs < 1) {
    throw new GirderError("invalid-option", `--runs is ${values.runs}.`, { remedy: "Use a whole number above zero." });
  }
  return {
    ways: chosen("only", values.only, WAYS, ({ name }) => name),
    runs,
    program: values.program,
    json: values.json,
  };
}
