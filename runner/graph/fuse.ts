import {
  type Components,
  IsBounded_Enum,
} from "../../portability/gen/org/apache/beam/model/pipeline/v1/beam_runner_api_pb.js";
import type { Capabilities } from "./capabilities.js";
import { buildStages } from "./fused-stage.js";
import { topologicalOrder } from "./stage-graph.js";
import { StageGroup } from "./stage-group.js";
import { type ExecutableStage, mainInputsOf, outputsOf, type Plan, type PlanStage, sideInputsOf } from "./stages.js";
import { parDoPayloadOf } from "./transforms.js";

/**
 * Fuses stages of one transform each into as few stages as it can: consumers with their producers, then siblings that
 * read the same PCollection.
 *
 * Stages are taken in topological order and join the group of their producer, if
 * - both run in one environment, and the consumer may receive elements in the middle of a bundle (one with state, or
 *   with restrictions to split, may not);
 * - no cycle of stages arises, neither through side inputs nor through groupings: no other producer of the consumer may
 *   lie behind the group;
 * - side inputs are looked up in the windows that the runner sees at the group's border;
 * - nothing that leaves the group would newly wait for an unbounded PCollection that it does not depend on. Waiting for
 *   a bounded one is fine: it ends by itself.
 *
 * A flatten may pull the groups of several producers together. One that ends up with neither all its producers nor any
 * consumer in its group goes back to the runner, which forwards without decoding.
 */
export function fuse(plan: Plan, capabilities: Capabilities): Plan {
  const fusion = new Fusion(plan, capabilities);
  for (const stage of topologicalOrder(plan.stages)) {
    fusion.place(stage);
  }
  fusion.fuseSiblings();
  return { ...plan, stages: buildStages(plan.components, fusion.groups()) };
}

class Fusion {
  private readonly components: Components;
  private readonly severalInputs: ReadonlyMap<string, boolean>;
  /** How often each PCollection is read, side inputs included, and two reads by one transform counted twice. */
  private readonly reads = new Map<string, number>();
  /** The group that writes each PCollection. Groups that were absorbed lead to their successor by `absorbed`. */
  private readonly writers = new Map<string, StageGroup>();
  private readonly absorbed = new Map<StageGroup, StageGroup>();
  private readonly all: StageGroup[] = [];
  private readonly windowKeys = new Map<string, string>();

  constructor(plan: Plan, capabilities: Capabilities) {
    this.components = plan.components;
    this.severalInputs = new Map(
      Object.entries(plan.components.environments).map(([id, it]) => [id, capabilities.severalInputs(it)]),
    );
    for (const stage of plan.stages) {
      for (const pcollection of readsOf(stage)) {
        this.reads.set(pcollection, (this.reads.get(pcollection) ?? 0) + 1);
      }
    }
  }

  /** The groups that are left, in the order in which they were begun. */
  groups(): StageGroup[] {
    return this.all.filter((group) => !this.absorbed.has(group));
  }

  /** Puts a stage, all of whose producers are placed, into a group. */
  place(stage: PlanStage): void {
    const group = this.groupFor(stage);
    group.members.push(stage);
    const reads = readsOf(stage);
    for (const pcollection of reads) {
      const writer = this.writerOf(pcollection);
      writer.openReads -= writer === group ? 1 : 0;
      if (writer !== group) {
        group.dependOn(writer);
      }
    }
    for (const pcollection of mainInputsOf(stage)) {
      if (this.writerOf(pcollection) !== group) {
        group.inputs.add(pcollection);
      }
    }
    for (const pcollection of this.waitsOf(stage, group)) {
      group.waits.add(pcollection);
    }
    group.hasSpecialRoot ||= stage.kind === "executable" && isSpecialRoot(stage, this.components);
    group.sideInputWindows ??= this.sideInputWindowsOf(stage);
    for (const output of outputsOf(stage)) {
      this.writers.set(output, group);
      group.openReads += this.reads.get(output) ?? 0;
    }
  }

  /** Joins groups that read one and the same PCollection in one environment, and nothing else. */
  fuseSiblings(): void {
    const readers = new Map<string, StageGroup[]>();
    for (const group of this.groups()) {
      if (group.environment === undefined || group.inputs.size !== 1 || group.hasSpecialRoot) {
        continue;
      }
      const [input] = group.inputs;
      const key = JSON.stringify([group.environment, input, [...group.waits].sort()]);
      const siblings = readers.get(key) ?? [];
      readers.set(key, siblings);
      // Siblings that cannot join the latest few are rare, and comparing all with all would be quadratic.
      const sibling = siblings.slice(-SIBLINGS_TRIED).find((other) => !connected(other, group));
      if (sibling === undefined) {
        siblings.push(group);
      } else {
        this.absorb(sibling, group);
      }
    }
  }

  private groupFor(stage: PlanStage): StageGroup {
    const joined = stage.kind === "executable" ? this.producerGroupFor(stage) : undefined;
    if (joined !== undefined) {
      return joined;
    }
    const group = new StageGroup(stage.kind === "executable" ? stage.environment : undefined);
    this.all.push(group);
    return group;
  }

  private producerGroupFor(stage: ExecutableStage): StageGroup | undefined {
    if (startsStage(stage, this.components)) {
      return undefined;
    }
    const readsByWriter = new Map<StageGroup, number>();
    for (const pcollection of readsOf(stage)) {
      const writer = this.writerOf(pcollection);
      readsByWriter.set(writer, (readsByWriter.get(writer) ?? 0) + 1);
    }
    const producers = new Set(mainInputsOf(stage).map((pcollection) => this.writerOf(pcollection)));
    let joined: StageGroup | undefined;
    for (const candidate of producers) {
      if (candidate.environment !== stage.environment) {
        continue;
      }
      if (joined === undefined) {
        joined = this.canJoin(stage, candidate, readsByWriter) ? candidate : undefined;
      } else if (this.canPullTogether(stage, joined, candidate, readsByWriter)) {
        this.absorb(joined, candidate);
        readsByWriter.set(joined, readsByWriter.get(joined)! + readsByWriter.get(candidate)!);
      }
    }
    return joined;
  }

  private canJoin(stage: ExecutableStage, group: StageGroup, readsByWriter: ReadsByWriter): boolean {
    const sideWriters = sideInputsOf(stage).map((pcollection) => this.writerOf(pcollection));
    if (sideWriters.includes(group)) {
      return false;
    }
    if ([...readsByWriter.keys()].some((writer) => writer !== group && group.reaches(writer))) {
      return false;
    }
    const outside = mainInputsOf(stage).filter((pcollection) => this.writerOf(pcollection) !== group);
    const ownWindows = this.sideInputWindowsOf(stage);
    const windows = group.sideInputWindows ?? ownWindows;
    return (
      this.mayHaveInputs(group, outside) &&
      (ownWindows ?? windows) === windows &&
      this.windowsAgree(windows, [...group.inputs, ...outside]) &&
      mayWait(group, this.waitsOf(stage, group), readsByWriter)
    );
  }

  private canPullTogether(
    stage: ExecutableStage,
    group: StageGroup,
    other: StageGroup,
    readsByWriter: ReadsByWriter,
  ): boolean {
    // What the stage reads beside the two groups holds back all that either of them outputs.
    const outside = this.waitsOf(stage, group).filter((pcollection) => this.writerOf(pcollection) !== other);
    const windows = group.sideInputWindows ?? other.sideInputWindows;
    return (
      !connected(group, other) &&
      ![...readsByWriter.keys()].some((writer) => writer !== other && other.reaches(writer)) &&
      !other.hasSpecialRoot &&
      this.mayHaveInputs(group, other.inputs) &&
      this.windowsAgree(windows, group.inputs) &&
      this.windowsAgree(windows, other.inputs) &&
      (other.sideInputWindows ?? windows) === windows &&
      mayWait(group, other.waits, readsByWriter) &&
      mayWait(other, [...group.waits, ...outside], readsByWriter)
    );
  }

  private mayHaveInputs(group: StageGroup, added: Iterable<string>): boolean {
    if (!group.hasSpecialRoot && this.severalInputs.get(group.environment!) === true) {
      return true;
    }
    return new Set([...group.inputs, ...added]).size <= 1;
  }

  private windowsAgree(windows: string | undefined, inputs: Iterable<string>): boolean {
    return windows === undefined || [...inputs].every((pcollection) => this.windowKey(pcollection) === windows);
  }

  private waitsOf(stage: PlanStage, group: StageGroup): string[] {
    return readsOf(stage).filter(
      (pcollection) =>
        this.writerOf(pcollection) !== group &&
        this.components.pcollections[pcollection]!.isBounded !== IsBounded_Enum.BOUNDED,
    );
  }

  private sideInputWindowsOf(stage: PlanStage): string | undefined {
    const [main] = mainInputsOf(stage);
    return sideInputsOf(stage).length === 0 || main === undefined ? undefined : this.windowKey(main);
  }

  private windowKey(pcollection: string): string {
    const id = this.components.pcollections[pcollection]!.windowingStrategyId;
    let key = this.windowKeys.get(id);
    if (key === undefined) {
      const windowFn = this.components.windowingStrategies[id]!.windowFn;
      key = `${windowFn?.urn} ${Buffer.from(windowFn?.payload ?? []).toString("hex")}`;
      this.windowKeys.set(id, key);
    }
    return key;
  }

  private writerOf(pcollection: string): StageGroup {
    let group = this.writers.get(pcollection)!;
    for (let next = this.absorbed.get(group); next !== undefined; next = this.absorbed.get(group)) {
      group = next;
    }
    this.writers.set(pcollection, group);
    return group;
  }

  private absorb(group: StageGroup, other: StageGroup): void {
    group.absorb(other);
    this.absorbed.set(other, group);
  }
}

/** How often a stage reads PCollections of each group. */
type ReadsByWriter = ReadonlyMap<StageGroup, number>;

/** How many earlier groups a sibling is compared with. */
const SIBLINGS_TRIED = 8;

/** True if a group waits already for what its reader waits for, or outputs nothing except to that reader. */
function mayWait(group: StageGroup, waits: Iterable<string>, readsByWriter: ReadsByWriter): boolean {
  if (group.openReads === readsByWriter.get(group)) {
    return true;
  }
  for (const pcollection of waits) {
    if (!group.waits.has(pcollection)) {
      return false;
    }
  }
  return true;
}

function connected(a: StageGroup, b: StageGroup): boolean {
  return a.level < b.level ? a.reaches(b) : b.level < a.level && b.reaches(a);
}

/** True of transforms whose input must come from the runner: keyed, to be split, sorted, or the same again after a failure. */
function startsStage(stage: ExecutableStage, components: Components): boolean {
  return (
    isSpecialRoot(stage, components) ||
    stage.transforms.some((id) => parDoPayloadOf(components.transforms[id]!)?.requiresStableInput === true)
  );
}

/** True of transforms whose elements are not those of others: keyed, to be split or truncated, or kept until sorted. */
function isSpecialRoot(
  { stateful, splittable, truncating, transforms }: ExecutableStage,
  components: Components,
): boolean {
  const isTimeSorted = (id: string): boolean =>
    parDoPayloadOf(components.transforms[id]!)?.requiresTimeSortedInput === true;
  return stateful || splittable || truncating || transforms.some(isTimeSorted);
}

/** Every read of a stage of one transform: two reads of one PCollection count twice. */
function readsOf(stage: PlanStage): string[] {
  const main =
    stage.kind === "executable"
      ? stage.inputs.flatMap((input) => input.consumers.map(() => input.pcollection))
      : mainInputsOf(stage);
  return [...main, ...sideInputsOf(stage)];
}
