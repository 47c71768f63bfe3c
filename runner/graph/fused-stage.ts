import type { Components } from "../../portability/gen/org/apache/beam/model/pipeline/v1/beam_runner_api_pb.js";
import { topologicalOrder } from "./stage-graph.js";
import type { StageGroup } from "./stage-group.js";
import {
  type ExecutableStage,
  type FlattenStage,
  mainInputsOf,
  outputsOf,
  type PlanStage,
  type StageInput,
  sideInputsOf,
} from "./stages.js";
import { roleOf } from "./transforms.js";

/**
 * Makes one stage of each group, and one of the runner of each flatten that gains nothing from its group: no consumer
 * inside, and an input from outside that would be sent to the environment only to come back.
 */
export function buildStages(components: Components, groups: readonly StageGroup[]): PlanStage[] {
  const runnerStages: PlanStage[] = [];
  const fused: ExecutableStage[][] = [];
  for (const group of groups) {
    if (group.environment === undefined) {
      runnerStages.push(...group.members);
      continue;
    }
    const { kept, released } = releaseFlattens(components, group.executables);
    runnerStages.push(...released);
    fused.push(...(released.length === 0 ? [kept] : connectedParts(kept)));
  }
  const leaving = new Set(runnerStages.flatMap(mainInputsOf));
  for (const members of fused) {
    const inside = new Set(members.flatMap(outputsOf));
    for (const member of members) {
      for (const pcollection of mainInputsOf(member)) {
        if (!inside.has(pcollection)) {
          leaving.add(pcollection);
        }
      }
      for (const pcollection of sideInputsOf(member)) {
        leaving.add(pcollection);
      }
    }
  }
  return [...runnerStages, ...fused.map((members) => oneStage(members, leaving))];
}

function releaseFlattens(
  components: Components,
  members: readonly ExecutableStage[],
): { kept: ExecutableStage[]; released: FlattenStage[] } {
  const kept: ExecutableStage[] = [];
  const released: FlattenStage[] = [];
  const inside = new Set(members.flatMap(outputsOf));
  const readInside = new Set<string>();
  for (const member of topologicalOrder(members).reverse() as ExecutableStage[]) {
    const transform = components.transforms[member.id]!;
    const inputs = Object.values(transform.inputs);
    const [output] = Object.values(transform.outputs);
    const isUseless =
      roleOf(transform) === "flatten" &&
      !readInside.has(output!) &&
      inputs.some((pcollection) => !inside.has(pcollection));
    if (isUseless) {
      inside.delete(output!);
      released.push({ kind: "flatten", id: member.id, transform: member.id, inputs, output: output! });
    } else {
      kept.push(member);
      for (const pcollection of mainInputsOf(member)) {
        readInside.add(pcollection);
      }
    }
  }
  return { kept: kept.reverse(), released: released.reverse() };
}

/** Splits what only a released flatten held together: parts that neither hand on elements nor share an input. */
function connectedParts(members: readonly ExecutableStage[]): ExecutableStage[][] {
  const touching = new Map<string, ExecutableStage[]>();
  for (const member of members) {
    for (const pcollection of [...mainInputsOf(member), ...outputsOf(member)]) {
      const list = touching.get(pcollection) ?? [];
      list.push(member);
      touching.set(pcollection, list);
    }
  }
  const position = new Map(members.map((member, index) => [member, index]));
  const placed = new Set<ExecutableStage>();
  const parts: ExecutableStage[][] = [];
  for (const start of members) {
    if (placed.has(start)) {
      continue;
    }
    const reached = new Set([start]);
    for (const member of reached) {
      placed.add(member);
      for (const pcollection of [...mainInputsOf(member), ...outputsOf(member)]) {
        for (const neighbour of touching.get(pcollection)!) {
          reached.add(neighbour);
        }
        touching.set(pcollection, []);
      }
    }
    parts.push([...reached].sort((a, b) => position.get(a)! - position.get(b)!));
  }
  return parts;
}

/** Merges stages, given producers first, into one that outputs those of their PCollections that are `leaving`. */
function oneStage(members: readonly ExecutableStage[], leaving: ReadonlySet<string>): ExecutableStage {
  const [first] = members as [ExecutableStage];
  const inside = new Set(members.flatMap(outputsOf));
  // Thousands may read one and the same input.
  const consumers = new Map<string, StageInput["consumers"][number][]>();
  for (const input of members.flatMap((member) => member.inputs)) {
    if (inside.has(input.pcollection)) continue;
    const known = consumers.get(input.pcollection);
    if (known === undefined) consumers.set(input.pcollection, [...input.consumers]);
    else known.push(...input.consumers);
  }
  return {
    kind: "executable",
    id: first.id,
    environment: first.environment,
    transforms: members.flatMap((member) => member.transforms),
    inputs: Array.from(consumers, ([pcollection, readers]) => ({ pcollection, consumers: readers })),
    outputs: [...inside].filter((pcollection) => leaving.has(pcollection)),
    sideInputs: members.flatMap((member) => member.sideInputs),
    stateful: members.some((member) => member.stateful),
    splittable: members.some((member) => member.splittable),
    truncating: members.some((member) => member.truncating),
  };
}
