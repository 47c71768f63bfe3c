import type { ExecutableStage, PlanStage } from "./stages.js";

/**
 * Stages on their way to becoming one. Groups form a graph; `level` is a number that grows along each of its edges, so
 * that most questions about paths are answered by comparing two numbers.
 */
export class StageGroup {
  readonly members: PlanStage[] = [];
  readonly predecessors = new Set<StageGroup>();
  readonly successors = new Set<StageGroup>();
  /** Main inputs from outside the group. */
  readonly inputs = new Set<string>();
  /** Unbounded PCollections, main or side inputs, whose progress holds back everything the group outputs. */
  readonly waits = new Set<string>();
  /** The window function that every input must have, because a member looks up side inputs by window. */
  sideInputWindows: string | undefined;
  /** How often PCollections of the group are read by anyone outside, side inputs included. */
  openReads = 0;
  /** True if the group's only input is special: keyed, or split inside elements. */
  hasSpecialRoot = false;
  level = 0;

  /** The environment that runs the group, or undefined if it is a stage of the runner. */
  constructor(readonly environment: string | undefined) {}

  get executables(): ExecutableStage[] {
    return this.members.filter((stage) => stage.kind === "executable");
  }

  /** Records that this group reads what `producer` writes, and lifts levels where they no longer grow. */
  dependOn(producer: StageGroup): void {
    this.predecessors.add(producer);
    producer.successors.add(this);
    this.lift(producer.level + 1);
  }

  /** Takes over members and edges of another group, which has no path to or from this one. */
  absorb(other: StageGroup): void {
    this.members.push(...other.members);
    for (const producer of other.predecessors) {
      producer.successors.delete(other);
      this.predecessors.add(producer);
      producer.successors.add(this);
    }
    for (const consumer of other.successors) {
      consumer.predecessors.delete(other);
      consumer.predecessors.add(this);
      this.successors.add(consumer);
    }
    addAll(this.inputs, other.inputs);
    addAll(this.waits, other.waits);
    this.sideInputWindows ??= other.sideInputWindows;
    this.hasSpecialRoot ||= other.hasSpecialRoot;
    this.openReads += other.openReads;
    this.lift(other.level);
    for (const consumer of other.successors) {
      consumer.lift(this.level + 1);
    }
  }

  /** True if elements can travel from this group to the other, through at least one edge. */
  reaches(target: StageGroup): boolean {
    if (target.level <= this.level) {
      return false;
    }
    const seen = new Set<StageGroup>([target]);
    for (const group of seen) {
      for (const producer of group.predecessors) {
        if (producer === this) {
          return true;
        }
        if (producer.level > this.level) {
          seen.add(producer);
        }
      }
    }
    return false;
  }

  private lift(level: number): void {
    const pending: [StageGroup, number][] = [[this, level]];
    for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
      const [group, atLeast] = next;
      if (group.level < atLeast) {
        group.level = atLeast;
        for (const consumer of group.successors) {
          pending.push([consumer, atLeast + 1]);
        }
      }
    }
  }
}

function addAll<T>(set: Set<T>, values: Iterable<T>): void {
  for (const value of values) {
    set.add(value);
  }
}
