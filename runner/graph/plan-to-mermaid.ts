import { leavesOf } from "./resolve-composites.js";
import { mainInputsOf, outputsOf, type Plan, type PlanStage, sideInputsOf } from "./stages.js";
import { mainInputs, sideInputs } from "./transforms.js";

/**
 * The pipeline of a plan as a Mermaid flowchart: a node a transform that runs, a box a composite, an arrow a PCollection;
 * dashed where it is a side input.
 */
export function pipelineToMermaid(plan: Plan): string {
  const { transforms } = plan.components;
  const leaves = leavesOf(plan.components, plan.roots);
  const nodes = new Map(leaves.map((id, index) => [id, `t${index}`]));
  const lines = ["flowchart TD"];
  let composites = 0;
  const seen = new Set<string>();
  const draw = (id: string, indent: string): string[] => {
    const transform = transforms[id];
    if (transform === undefined || seen.has(id)) {
      return [];
    }
    seen.add(id);
    const name = label(lastPart(transform.uniqueName || id));
    const node = nodes.get(id);
    if (node !== undefined) {
      return [`${indent}${node}["${name}"]`];
    }
    const inside = transform.subtransforms.flatMap((sub) => draw(sub, `${indent}  `));
    if (inside.length === 0) {
      return [];
    }
    composites += 1;
    return [`${indent}subgraph c${composites}["${name}"]`, ...inside, `${indent}end`];
  };
  lines.push(...plan.roots.flatMap((id) => draw(id, "  ")));
  const writers = new Map(leaves.flatMap((id) => Object.values(transforms[id]!.outputs).map((output) => [output, id])));
  const arrow = (from: string, to: string, style: string): string[] => {
    const writer = nodes.get(writers.get(from) ?? "");
    return writer === undefined ? [] : [`  ${writer} ${style} ${nodes.get(to)!}`];
  };
  for (const id of leaves) {
    lines.push(...mainInputs(transforms[id]!).flatMap(([, pcollection]) => arrow(pcollection, id, "-->")));
    lines.push(...sideInputs(transforms[id]!).flatMap(([, pcollection]) => arrow(pcollection, id, "-.->")));
  }
  return `${lines.join("\n")}\n`;
}

/** The stages of a plan as a Mermaid flowchart: a node a stage, an arrow a materialised PCollection. */
export function stagesToMermaid(plan: Plan): string {
  const writers = new Map<string, number>();
  plan.stages.forEach((stage, index) => {
    for (const output of outputsOf(stage)) {
      writers.set(output, index);
    }
  });
  const nodes = plan.stages.map((stage, index) => `  s${index}${stageShape(plan, stage)}`);
  const arrows = plan.stages.flatMap((stage, index) => [
    ...mainInputsOf(stage).map((pcollection) => `  s${writers.get(pcollection)} --> s${index}`),
    ...sideInputsOf(stage).map((pcollection) => `  s${writers.get(pcollection)} -.-> s${index}`),
  ]);
  return `${["flowchart TD", ...nodes, ...arrows].join("\n")}\n`;
}

function stageShape(plan: Plan, stage: PlanStage): string {
  const name = (id: string): string => label(plan.components.transforms[id]?.uniqueName || id);
  switch (stage.kind) {
    case "executable":
      return `["${stage.transforms.map(name).join("<br/>")}"]`;
    case "group-by-key":
      return `{{"${name(stage.transform)}"}}`;
    default:
      return `(["${name(stage.transform)}"])`;
  }
}

function lastPart(name: string): string {
  return name.slice(name.lastIndexOf("/") + 1) || name;
}

/** Text inside quotes, where quotes, and brackets that look like HTML, are entities. */
function label(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll('"', "&quot;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
