/**
 * How many elements each PCollection of a stage has had.
 *
 * Counting costs time, so that it is done only where it must be: what a function makes one for one of its input, and what
 * leaves the stage, has been counted already.
 */
import type { StageProgram, Step, Tally } from "./operator.js";
import { SinkOperator } from "./sink-operator.js";

/** Steps that output one element for each of their input. */
const ONE_TO_ONE: ReadonlySet<Step["kind"]> = new Set(["map", "assignWindows", "assignTimestamps"]);

/** A tally for each PCollection that chains have to count. */
export function talliesOf({ consumers, steps }: StageProgram): ReadonlyMap<string, Tally> {
  const tallies = new Map<string, Tally>();
  for (const step of steps) {
    if (ONE_TO_ONE.has(step.kind)) continue;
    for (const pcollection of step.outputs) {
      const leaves = consumers.get(pcollection)?.some(isSink) ?? false;
      if (!leaves) tallies.set(pcollection, { count: 0 });
    }
  }
  return tallies;
}

function isSink(step: Step): boolean {
  return step.kind === "operator" && step.operator instanceof SinkOperator;
}

/**
 * The counts, by PCollection.
 *
 * @param known Elements of what enters and leaves the stage, by PCollection.
 * @param inputNames The PCollections that enter, by input index.
 */
export function elementCounts(
  { consumers, steps, tallies, inputs }: StageProgram,
  known: ReadonlyMap<string, number>,
  inputNames: readonly string[],
): ReadonlyMap<string, number> {
  const counts = new Map(known);
  for (const [pcollection, { count }] of tallies ?? []) counts.set(pcollection, count);
  const read = new Map<Step, string[]>();
  const reads = (step: Step, pcollection: string): void => {
    const list = read.get(step);
    if (list === undefined) read.set(step, [pcollection]);
    else list.push(pcollection);
  };
  for (const [pcollection, readers] of consumers) for (const step of readers) reads(step, pcollection);
  inputs.forEach((readers, i) => {
    for (const step of readers) reads(step, inputNames[i]!);
  });
  for (const step of steps) {
    const [output] = step.outputs;
    if (output === undefined || counts.has(output)) continue;
    counts.set(
      output,
      (read.get(step) ?? []).reduce((sum, pcollection) => sum + (counts.get(pcollection) ?? 0), 0),
    );
  }
  return counts;
}
