/** One simulation: a program and a way to run it, both determined by a seed, and what the oracle says to it. */
import { Pipeline, reify } from "girder";
import { collect } from "girder/testing";
import { runEmbedded } from "../../sdk/runners/embedded/embedded.js";
import { build } from "./build.js";
import { generateProgram } from "./generate.js";
import { evaluate, type PlainElement } from "./oracle.js";
import { leavesOf, type Program } from "./program.js";
import { buildStream } from "./streams/build-stream.js";
import { generateStream } from "./streams/generate-stream.js";
import { evaluateStream } from "./streams/stream-oracle.js";
import type { StreamProgram } from "./streams/stream-program.js";

/** How the program is run: all of it makes no difference to what it computes. */
export interface Disturbances {
  /** Of the random choices below. */
  readonly seed: number;
  /** Shares of bundles that fail, and that end early. */
  readonly failBundles: number;
  readonly splitBundles: number;
  readonly restoreAlways: boolean;
  readonly maxBundleElements: number;
  /** Bytes. */
  readonly memoryBudget: number;
}

export type Simulation = { readonly disturbances: Disturbances } & (
  | { readonly kind: "batch"; readonly program: Program }
  | { readonly kind: "stream"; readonly program: StreamProgram }
);

/** What went wrong: a line for the collection or the job concerned. */
export interface Outcome {
  readonly failures: readonly string[];
  readonly spilledBytes: number;
  readonly bundles: number;
}

/** The simulation of a seed, the same each time. */
export function simulationOf(seed: number): Simulation {
  const random = mulberry32(seed);
  const simulated =
    random() < 0.5
      ? ({ kind: "batch", program: generateProgram(random) } as const)
      : ({ kind: "stream", program: generateStream(random) } as const);
  const oneOf = <T>(values: readonly T[]): T => values[Math.floor(random() * values.length)]!;
  const disturbances = {
    seed,
    failBundles: oneOf([0, 0.1, 0.4]),
    splitBundles: oneOf([0, 0.2, 0.6]),
    restoreAlways: oneOf([true, false]),
    maxBundleElements: oneOf([1, 3, 10, Number.MAX_SAFE_INTEGER]),
    memoryBudget: oneOf([200, 4_000, 1 << 30]),
  };
  return { ...simulated, disturbances };
}

/** Runs a program and compares what it outputs with what the oracle has for it. */
export function simulate(simulation: Simulation): Promise<Outcome> {
  return simulation.kind === "stream"
    ? simulateStream(simulation.program, simulation.disturbances)
    : simulateBatch(simulation.program, simulation.disturbances);
}

/** Compares every collection that no step reads. */
export async function simulateBatch(program: Program, disturbances: Disturbances, oracle = evaluate): Promise<Outcome> {
  const pipeline = new Pipeline();
  const collections = build(program, pipeline.root);
  const leaves = leavesOf(program).map((number) => {
    const reified = collections[number]!.apply(reify());
    return {
      number,
      collected: collect(reified.map(({ value, timestamp, window }) => describe({ value, timestamp, window }))),
    };
  });
  const result = await runEmbedded(pipeline, disturbances);
  const expected = oracle(program);
  const failures = leaves.flatMap(({ number, collected }) => {
    const difference = compare(collected.elements.toSorted(), expected[number]!.map(describe).sort());
    return difference === undefined ? [] : [`collection ${number}: ${difference}`];
  });
  if (result.droppedLate > 0) failures.push(`${result.droppedLate} elements were dropped as late`);
  return { failures, spilledBytes: result.spilledBytes, bundles: result.progress.bundles };
}

/** Compares all panes, or all that a DoFn with state has output. */
export async function simulateStream(
  program: StreamProgram,
  disturbances: Disturbances,
  oracle = evaluateStream,
): Promise<Outcome> {
  const pipeline = new Pipeline();
  const collected = collect(buildStream(program, pipeline.root));
  const result = await runEmbedded(pipeline, disturbances);
  const difference = compare(collected.elements.toSorted(), oracle(program).sort());
  const failures = difference === undefined ? [] : [difference];
  return { failures, spilledBytes: result.spilledBytes, bundles: result.progress.bundles };
}

function describe({ value, timestamp, window }: PlainElement): string {
  return `${value} at ${timestamp} in ${String(window)}`;
}

/** The first element in which two sorted lists differ. */
function compare(actual: readonly string[], expected: readonly string[]): string | undefined {
  const at = Array.from({ length: Math.max(actual.length, expected.length) }, (_, i) => i).find(
    (i) => actual[i] !== expected[i],
  );
  if (at === undefined) return undefined;
  const of = (elements: readonly string[]): string => `${elements[at] ?? "nothing more"} (of ${elements.length})`;
  return `element ${at} in order is ${of(actual)}, the oracle has ${of(expected)}`;
}

/** Numbers in [0, 1), the same for the same seed. */
function mulberry32(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}
