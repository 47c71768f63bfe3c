/** How far event time has come, as a node sees it. */
import { type Instant, MAX_TIMESTAMP, MIN_TIMESTAMP } from "../../portability/execution/time.js";
import type { EngineState } from "./engine-state.js";
import type { EngineGraph, StageNode } from "./graph.js";
import type { Readers } from "./readers.js";
import { earliest, holdOf, type StageState } from "./stage-state.js";

export class Watermarks {
  constructor(
    readonly graph: EngineGraph,
    readonly readers: ReadonlyMap<string, Readers>,
    readonly state: EngineState,
  ) {}

  /** The watermark of a stage's outputs: its inputs', held back by what it has not done yet. */
  ofStage(i: number, node: StageNode, current = this.state.watermarks[i]!): Instant {
    const stage = this.state.stages[i]!;
    const upstream = Math.min(this.lowest(node.inputs), this.#truncationWatermark(i));
    // A bundle that is out, or is to run again, reads the state that it was given.
    if (stage.openBundles === 0 && stage.lost.length === 0) stage.expire(upstream);
    let watermark = stage.outputWatermark(upstream, current);
    if (stage.openBundles === 0) return watermark;
    for (const open of this.state.bundles.values()) {
      // Already held where it stands: looking at the rest cannot move it.
      if (watermark <= current) return current;
      if (open.node === i) watermark = Math.min(watermark, earliest(open.work), holdOf(open.timers));
    }
    return watermark;
  }

  /** What a stage has given back to be truncated is still its own: the watermark of what truncates was past it already. */
  #truncationWatermark(i: number): Instant {
    if (!this.state.draining || this.truncating(i) === undefined) return MAX_TIMESTAMP;
    const { producer } = this.readers.get((this.graph.nodes[i] as StageNode).inputs[0]!)!;
    return this.ofStage(producer, this.graph.nodes[producer] as StageNode, MIN_TIMESTAMP);
  }

  /** The lowest of these PCollections. One that is bounded has no watermark before it is complete. */
  lowest(pcollections: readonly string[]): Instant {
    let lowest = MAX_TIMESTAMP;
    for (const pcollection of pcollections) {
      const watermark = this.state.watermarks[this.readers.get(pcollection)!.producer]!;
      if (watermark < MAX_TIMESTAMP && this.graph.bounded?.has(pcollection)) return MIN_TIMESTAMP;
      lowest = Math.min(lowest, watermark);
    }
    return lowest;
  }

  /** The stage that truncates what a stage reads. */
  truncating(node: number): StageState | undefined {
    const reader = this.graph.nodes[node]!;
    if (reader.kind !== "stage") return undefined;
    const stage = this.state.stages[this.readers.get(reader.inputs[0]!)!.producer];
    return stage?.node.truncating === true ? stage : undefined;
  }
}
