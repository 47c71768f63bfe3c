/** What keeps memory flat: stages that wait for those that read them, and stores that go out of memory. */
import type { EngineState } from "./engine-state.js";
import type { EngineCommand, EngineOptions } from "./events.js";
import type { EngineGraph } from "./graph.js";
import { type Readers, stagesAfter } from "./readers.js";

export class FlowControl {
  /** Of nodes that were asked about, the stages that what they output comes to. */
  readonly #downstream = new Map<number, ReadonlySet<number>>();

  constructor(
    readonly graph: EngineGraph,
    readonly readers: ReadonlyMap<string, Readers>,
    readonly state: EngineState,
    readonly options: EngineOptions,
  ) {}

  get #most(): number {
    return this.options.maxDownstreamBytes ?? Number.POSITIVE_INFINITY;
  }

  /** Asks for accumulators to be merged where many have come, and for the largest store of elements to be moved out of memory, if all together are too large. */
  relieve(): EngineCommand | undefined {
    const { groupings, stages } = this.state;
    const full = this.graph.nodes.findIndex(
      (node, i) => node.kind === "group-by-key" && node.accumulators && groupings[i]!.isWorthMerging,
    );
    if (full >= 0) return { type: "merge-accumulators", node: full, values: groupings[full]!.mergeable() };
    let all = 0;
    let largest = { bytes: 0, node: -1, grouped: false };
    for (let node = 0; node < stages.length; node++) {
      const bytes = groupings[node]?.pendingBytes ?? stages[node]?.pendingBytes ?? 0;
      all += bytes;
      if (bytes > largest.bytes) largest = { bytes, node, grouped: groupings[node] !== undefined };
    }
    if (all <= this.options.memoryBudget || largest.node < 0) return undefined;
    const { node, grouped } = largest;
    if (grouped) return { type: "store-groups", node, values: groupings[node]!.heldValues() };
    return { type: "store-batches", node, work: stages[node]!.pending.slice() };
  }

  /** Whether so much waits that stages must not run ahead. */
  get isCrowded(): boolean {
    return this.#waitingBytes(this.state.stages.keys()) > this.#most;
  }

  /** Whether a stage is so far ahead of those that read it that it waits for them. They must be at work, lest all wait. */
  isAhead(i: number): boolean {
    let after = this.#downstream.get(i);
    if (after === undefined) {
      after = stagesAfter(this.graph, this.readers, i);
      this.#downstream.set(i, after);
    }
    const isWorking = [...after].some((node) => this.state.stages[node]!.openBundles > 0);
    return isWorking && this.#waitingBytes(after) > this.#most;
  }

  /** Estimated bytes that wait before these nodes, those that are out in a bundle among them. */
  #waitingBytes(of: Iterable<number>): number {
    const nodes = new Set(of);
    let bytes = 0;
    for (const node of nodes) bytes += this.state.stages[node]?.pendingBytes ?? 0;
    for (const { node, work } of this.state.bundles.values()) {
      if (nodes.has(node)) for (const { batch } of work) bytes += batch.residentBytes;
    }
    return bytes;
  }
}

/** Whether a command makes room, and its answer comes before anything else. */
export function isRelief(type: EngineCommand["type"]): boolean {
  return type.startsWith("store-") || type === "merge-accumulators";
}
