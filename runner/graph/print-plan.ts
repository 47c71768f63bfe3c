import type { Plan, PlanStage } from "./stages.js";

/**
 * A plan as text for people: stages in their order, with the names of transforms as their author gave them, and what
 * each stage reads and materialises.
 *
 * ```
 * 2. executable in py
 *      Read/Split
 *      Count/Precombine
 *    reads  Impulse.out
 *    writes Count/Precombined
 * ```
 */
export function printPlan(plan: Plan): string {
  const lines = plan.stages.flatMap((stage, index) => printStage(plan, stage, index + 1));
  const notes = plan.notes.map((note) => `note: ${note}`);
  return [...lines, ...notes, ""].join("\n");
}

function printStage(plan: Plan, stage: PlanStage, number: number): string[] {
  const transform = (id: string): string => plan.components.transforms[id]?.uniqueName || id;
  const pcollection = (id: string): string => plan.components.pcollections[id]?.uniqueName || id;
  const indent = " ".repeat(`${number}. `.length);
  const line = (label: string, ids: readonly string[]): string[] =>
    ids.length === 0 ? [] : [`${indent}${label} ${ids.map(pcollection).join(", ")}`];
  switch (stage.kind) {
    case "impulse":
      return [`${number}. impulse ${transform(stage.transform)}`, ...line("writes", [stage.output])];
    case "test-stream":
      return [`${number}. test stream ${transform(stage.transform)}`, ...line("writes", stage.outputs)];
    case "group-by-key":
      return [
        `${number}. group by key ${transform(stage.transform)}`,
        ...line("reads ", [stage.input]),
        ...line("writes", [stage.output]),
      ];
    case "flatten":
      return [
        `${number}. flatten ${transform(stage.transform)}`,
        ...line("reads ", stage.inputs),
        ...line("writes", [stage.output]),
      ];
    case "executable": {
      const traits = [
        stage.stateful ? ", keyed" : "",
        stage.splittable ? ", splittable" : "",
        stage.truncating ? ", truncating" : "",
      ].join("");
      return [
        `${number}. executable in ${stage.environment}${traits}`,
        ...stage.transforms.map((id) => `${indent}  ${transform(id)}`),
        ...line(
          "reads ",
          stage.inputs.map((input) => input.pcollection),
        ),
        ...line(
          "looks up",
          stage.sideInputs.map((input) => input.pcollection),
        ),
        ...line("writes", stage.outputs),
      ];
    }
  }
}
