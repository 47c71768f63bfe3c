/**
 * The engine: owns all event time and all data between stages, and decides what runs next.
 *
 * It is a deterministic state machine: `step(event)` returns commands, and the same events give the same commands. It
 * has no clock, no I/O and no promises; somebody else carries commands out and reports back with events. A bundle is the
 * unit of commit: what it consumed, produced and left over become visible together, at `committed`, or not at all.
 *
 * Batch is a stream whose sources end. There is one way to run: a stage works on what it has, watermarks move as work
 * is done, a window is grouped when the watermark passes its end.
 */
import type { Batch } from "../../portability/execution/batch.js";
import { entry, forEachWindow } from "../../portability/execution/batch.js";
import type { BundleResult, SideInputContents } from "../../portability/execution/stage.js";
import { type Instant, MAX_TIMESTAMP, MIN_TIMESTAMP } from "../../portability/execution/time.js";
import type { InternedWindow } from "../../portability/execution/window.js";
import type { WindowTable } from "../../portability/execution/window-table.js";
import type { EngineCommand, EngineEvent, EngineOptions, Work } from "./events.js";
import type { EngineGraph, EngineNode, StageNode } from "./graph.js";
import { Grouping } from "./grouping.js";
import { SideInputStore } from "./side-input-store.js";
import { mapWindow } from "./window-mapping.js";

/** Work put off until processing time `at`. */
interface Delayed {
  readonly at: Instant;
  readonly input: number;
  readonly batch: Batch;
  readonly hold: Instant;
}

interface StageState {
  /** What waits to be processed, oldest first. */
  pending: { input: number; batch: Batch }[];
  delayed: Delayed[];
  /** Bundles to run again as they were. */
  lost: { work: Work; attempt: number }[];
  openBundles: number;
}

interface OpenBundle {
  readonly node: number;
  readonly work: Work;
  readonly attempt: number;
  result: BundleResult | undefined;
}

/** All that the engine knows, as plain data around opaque batches. See {@link Engine.snapshot}. */
export interface EngineState {
  started: boolean;
  done: boolean;
  now: Instant;
  nextBundle: number;
  watermarks: Instant[];
  stages: (StageState | undefined)[];
  groupings: (Grouping | undefined)[];
  sideInputs: Map<string, SideInputStore>;
  bundles: Map<number, OpenBundle>;
}

/** Who reads a PCollection. */
interface Readers {
  producer: number;
  stages: { node: number; input: number }[];
  groupings: number[];
  flattens: { node: number; output: string }[];
  /** Nodes that have it as a side input. */
  sideInputs: number[];
}

export class Engine {
  readonly #readers = new Map<string, Readers>();
  /** Nodes whose watermark may have changed, and whose readers' then may. */
  readonly #dirty: boolean[];
  #state: EngineState;

  constructor(
    readonly graph: EngineGraph,
    readonly windows: WindowTable,
    readonly options: EngineOptions,
    state?: EngineState,
  ) {
    this.#dirty = graph.nodes.map(() => false);
    this.#index();
    this.#state = state === undefined ? this.#initialState() : copyState(state);
  }

  /** A copy of everything the engine knows. An engine made of it goes on as this one would. */
  snapshot(): EngineState {
    return copyState(this.#state);
  }

  /** Stages that will do no more. */
  get stagesDone(): number {
    return this.#state.stages.filter((stage, i) => stage !== undefined && this.#state.watermarks[i] === MAX_TIMESTAMP)
      .length;
  }

  /** Elements that came after their window had expired. */
  get droppedLate(): number {
    return this.#state.groupings.reduce((sum, grouping) => sum + (grouping?.droppedLate ?? 0), 0);
  }

  /** Takes what happened; returns what is to be done, in order. */
  step(event: EngineEvent): EngineCommand[] {
    const commands: EngineCommand[] = [];
    const state = this.#state;
    switch (event.type) {
      case "start":
        state.started = true;
        this.#dirty.fill(true);
        for (const node of this.graph.nodes) if (node.kind === "impulse") this.#deliver(node.output, event.impulse);
        break;
      case "finished": {
        const bundle = this.#bundle(event.bundle);
        bundle.result = event.result;
        commands.push({ type: "commit", bundle: event.bundle, node: bundle.node, result: event.result });
        return commands;
      }
      case "lost": {
        const { node, work, attempt } = this.#bundle(event.bundle);
        const stage = state.stages[node]!;
        stage.lost.push({ work, attempt: attempt + 1 });
        stage.openBundles--;
        state.bundles.delete(event.bundle);
        break;
      }
      case "committed":
        this.#commit(event.bundle, commands);
        break;
      case "groups-stored":
        state.groupings[event.node]!.store(event.stored);
        break;
      case "batches-stored": {
        const stage = state.stages[event.node]!;
        const { pending } = stage;
        stage.pending = pending.map(({ input }, i) => ({ input, batch: event.stored[i]! }));
        break;
      }
      case "tick":
        state.now = event.now;
        this.#resume();
        break;
    }
    this.#propagate();
    const relief = this.#relieve();
    if (relief === undefined) this.#schedule(commands);
    else commands.push(relief);
    return commands;
  }

  #bundle(id: number): OpenBundle {
    const bundle = this.#state.bundles.get(id);
    if (bundle === undefined) throw new Error(`bundle ${id} is not open`);
    return bundle;
  }

  #commit(id: number, commands: EngineCommand[]): void {
    const { node, result } = this.#bundle(id);
    if (result === undefined) throw new Error(`bundle ${id} was committed before it finished`);
    const stage = this.#state.stages[node]!;
    stage.openBundles--;
    this.#state.bundles.delete(id);
    this.#dirty[node] = true;
    const { outputs } = this.graph.nodes[node] as StageNode;
    for (const { output, batch } of result.outputs) this.#deliver(outputs[output]!, batch);
    const rest: StageState["pending"] = [];
    for (const { input, batch, delay, watermark } of result.residuals) {
      if (delay <= 0) rest.push({ input, batch });
      else {
        const at = this.#state.now + delay;
        stage.delayed.push({ at, input, batch, hold: watermark ?? batch.minTimestamp });
        commands.push({ type: "wake", at });
      }
    }
    if (rest.length > 0) stage.pending.unshift(...rest);
  }

  /** Puts delayed work whose time has come back into its stage. */
  #resume(): void {
    const { now, stages } = this.#state;
    for (const stage of stages) {
      if (stage === undefined || stage.delayed.length === 0) continue;
      for (const { at, input, batch } of stage.delayed) if (at <= now) stage.pending.push({ input, batch });
      stage.delayed = stage.delayed.filter(({ at }) => at > now);
    }
  }

  /** Gives a batch of a PCollection to everyone who reads it. */
  #deliver(pcollection: string, batch: Batch): void {
    if (batch.count === 0) return;
    const readers = this.#readers.get(pcollection);
    if (readers === undefined) return;
    for (const { node, input } of readers.stages) this.#state.stages[node]!.pending.push({ input, batch });
    for (const node of readers.groupings) {
      const { output } = this.graph.nodes[node] as EngineNode & { output: string };
      for (const late of this.#state.groupings[node]!.add(batch)) this.#deliver(output, late);
    }
    for (const { output } of readers.flattens) this.#deliver(output, batch);
    this.#state.sideInputs.get(pcollection)?.add(batch);
  }

  /** Moves watermarks on, upstream first, and emits what they bring to an end. */
  #propagate(): void {
    const { nodes } = this.graph;
    for (let i = 0; i < nodes.length; i++) {
      if (!this.#dirty[i]) continue;
      this.#dirty[i] = false;
      const before = this.#state.watermarks[i]!;
      const after = this.#outputWatermark(i);
      if (after <= before) continue;
      this.#state.watermarks[i] = after;
      for (const output of outputsOf(nodes[i]!)) {
        const readers = this.#readers.get(output);
        if (readers === undefined) continue;
        for (const { node } of readers.stages) this.#dirty[node] = true;
        for (const node of readers.groupings) this.#dirty[node] = true;
        for (const { node } of readers.flattens) this.#dirty[node] = true;
      }
    }
  }

  #outputWatermark(i: number): Instant {
    const node = this.graph.nodes[i]!;
    switch (node.kind) {
      case "impulse":
        return this.#state.started ? MAX_TIMESTAMP : MIN_TIMESTAMP;
      case "flatten":
        return this.#lowest(node.inputs);
      case "group-by-key": {
        const grouping = this.#state.groupings[i]!;
        const input = this.#lowest([node.input]);
        for (const pane of grouping.advance(input)) this.#deliver(node.output, pane);
        const output = Math.min(input, grouping.hold);
        grouping.outputAdvanced(output);
        return output;
      }
      case "stage":
        return this.#stageWatermark(i, node);
    }
  }

  /** The watermark of a stage's outputs: its inputs', held back by what it has not done yet. */
  #stageWatermark(i: number, node: StageNode): Instant {
    const current = this.#state.watermarks[i]!;
    let watermark = this.#lowest(node.inputs);
    const stage = this.#state.stages[i]!;
    for (const { batch } of stage.pending) {
      // Already held where it stands: looking at the rest cannot move it.
      if (watermark <= current) return current;
      watermark = Math.min(watermark, batch.minTimestamp);
    }
    for (const { hold } of stage.delayed) watermark = Math.min(watermark, hold);
    for (const { work } of stage.lost)
      for (const { batch } of work) watermark = Math.min(watermark, batch.minTimestamp);
    if (stage.openBundles > 0) {
      for (const open of this.#state.bundles.values()) {
        if (open.node !== i) continue;
        for (const { batch } of open.work) watermark = Math.min(watermark, batch.minTimestamp);
      }
    }
    return watermark;
  }

  #lowest(pcollections: readonly string[]): Instant {
    let lowest = MAX_TIMESTAMP;
    for (const pcollection of pcollections) {
      const watermark = this.#state.watermarks[this.#readers.get(pcollection)!.producer]!;
      if (watermark < MAX_TIMESTAMP && this.graph.bounded?.has(pcollection)) return MIN_TIMESTAMP;
      lowest = Math.min(lowest, watermark);
    }
    return lowest;
  }

  /** Asks for the largest store of elements to be moved out of memory, if all together are too large. */
  #relieve(): EngineCommand | undefined {
    const { groupings, stages } = this.#state;
    let all = 0;
    let largest = { bytes: 0, node: -1, grouped: false };
    for (let node = 0; node < stages.length; node++) {
      const bytes =
        groupings[node]?.pendingBytes ??
        stages[node]?.pending.reduce((sum, { batch }) => sum + batch.residentBytes, 0) ??
        0;
      all += bytes;
      if (bytes > largest.bytes) largest = { bytes, node, grouped: groupings[node] !== undefined };
    }
    if (all <= this.options.memoryBudget || largest.node < 0) return undefined;
    const { node, grouped } = largest;
    if (grouped) return { type: "store-groups", node, values: groupings[node]!.heldValues() };
    return { type: "store-batches", node, work: stages[node]!.pending.slice() };
  }

  /** Opens bundles, those nearest the pipeline's end first: what is done is gone from memory soonest. */
  #schedule(commands: EngineCommand[]): void {
    const state = this.#state;
    if (!state.started || state.done) return;
    for (let i = this.graph.nodes.length - 1; i >= 0; i--) {
      if (state.bundles.size >= this.options.maxOpenBundles) return;
      const stage = state.stages[i];
      if (stage === undefined || stage.openBundles > 0) continue;
      const lost = stage.lost.shift();
      const node = this.graph.nodes[i] as StageNode;
      const work = lost?.work ?? this.#take(node, stage);
      if (work.length === 0) continue;
      const bundle = state.nextBundle++;
      const attempt = lost?.attempt ?? 0;
      stage.openBundles++;
      state.bundles.set(bundle, { node: i, work, attempt, result: undefined });
      commands.push({ type: "run", bundle, node: i, work, sideInputs: this.#sideInputs(node, work), attempt });
    }
    if (state.bundles.size === 0 && this.#finished()) {
      state.done = true;
      commands.push({ type: "done" });
    }
  }

  #finished(): boolean {
    const { stages, watermarks } = this.#state;
    if (stages.some((stage) => stage !== undefined && stage.delayed.length > 0)) return false;
    const waiting = stages.findIndex((stage) => stage !== undefined && stage.pending.length > 0);
    const held = watermarks.findIndex((watermark) => watermark < MAX_TIMESTAMP);
    if (waiting >= 0 || held >= 0) {
      const at = waiting >= 0 ? waiting : held;
      throw new Error(`nothing can run, yet "${this.graph.nodes[at]!.id}" has not ended`);
    }
    return true;
  }

  /** Takes from a stage's pending work what fits into a bundle and whose side inputs are ready. */
  #take(node: StageNode, stage: StageState): Work {
    const { maxBundleElements, maxBundleBytes } = this.options;
    const work: { input: number; batch: Batch }[] = [];
    const blocked: StageState["pending"] = [];
    let elements = 0;
    let bytes = 0;
    let taken = 0;
    for (; taken < stage.pending.length && elements < maxBundleElements; taken++) {
      const { input, batch } = stage.pending[taken]!;
      if (work.length > 0 && bytes + batch.bytes > maxBundleBytes) break;
      const { ready, waiting } = this.#splitByReadiness(node, batch);
      if (waiting !== undefined) blocked.push({ input, batch: waiting });
      if (ready === undefined) continue;
      const room = maxBundleElements - elements;
      const part = ready.slice(0, Math.min(ready.count, room));
      work.push({ input, batch: part });
      if (part.count < ready.count) blocked.push({ input, batch: ready.slice(part.count, ready.count) });
      elements += part.count;
      bytes += part.bytes;
    }
    if (taken > 0 && (work.length > 0 || blocked.length > 0)) {
      stage.pending.splice(0, taken);
      if (blocked.length > 0) stage.pending.unshift(...blocked);
    }
    return work;
  }

  /** Elements whose side inputs have arrived for each of their windows, and those that must wait. */
  #splitByReadiness(node: StageNode, batch: Batch): { ready: Batch | undefined; waiting: Batch | undefined } {
    if (node.sideInputs.length === 0) return { ready: batch, waiting: undefined };
    const known = new Map<InternedWindow, boolean>();
    const windowReady = (window: InternedWindow): boolean => {
      let ready = known.get(window);
      if (ready === undefined) {
        ready = node.sideInputs.every(({ pcollection, mapping }) => {
          const side = mapWindow(mapping, window, this.windows);
          return this.#lowest([pcollection]) > side.maxTimestamp;
        });
        known.set(window, ready);
      }
      return ready;
    };
    const elementReady = (i: number): boolean => {
      let ready = true;
      forEachWindow(entry(batch.windows, i), (window) => {
        ready = ready && windowReady(window);
      });
      return ready;
    };
    if ("all" in batch.windows) {
      return elementReady(0) ? { ready: batch, waiting: undefined } : { ready: undefined, waiting: batch };
    }
    const ready: number[] = [];
    const waiting: number[] = [];
    for (let i = 0; i < batch.count; i++) (elementReady(i) ? ready : waiting).push(i);
    if (waiting.length === 0) return { ready: batch, waiting: undefined };
    if (ready.length === 0) return { ready: undefined, waiting: batch };
    return { ready: batch.select(ready), waiting: batch.select(waiting) };
  }

  #sideInputs(node: StageNode, work: Work): SideInputContents[] {
    return node.sideInputs.map(({ pcollection, mapping }) => {
      const contents = new Map<InternedWindow, readonly Batch[]>();
      const store = this.#state.sideInputs.get(pcollection)!;
      const add = (window: InternedWindow): void => {
        if (!contents.has(window)) contents.set(window, store.get(mapWindow(mapping, window, this.windows)));
      };
      for (const { batch } of work) {
        if ("all" in batch.windows) forEachWindow(batch.windows.all, add);
        else for (const windows of batch.windows) forEachWindow(windows, add);
      }
      return contents;
    });
  }

  #index(): void {
    const { nodes } = this.graph;
    nodes.forEach((node, i) => {
      for (const output of outputsOf(node)) {
        this.#readers.set(output, { producer: i, stages: [], groupings: [], flattens: [], sideInputs: [] });
      }
      const reads = (pcollection: string): Readers => {
        const readers = this.#readers.get(pcollection);
        if (readers === undefined)
          throw new Error(`"${node.id}" reads "${pcollection}", which no earlier node produces`);
        return readers;
      };
      switch (node.kind) {
        case "stage":
          node.inputs.forEach((pcollection, input) => {
            reads(pcollection).stages.push({ node: i, input });
          });
          for (const { pcollection } of node.sideInputs) reads(pcollection).sideInputs.push(i);
          break;
        case "group-by-key":
          reads(node.input).groupings.push(i);
          break;
        case "flatten":
          for (const input of node.inputs) reads(input).flattens.push({ node: i, output: node.output });
          break;
        case "impulse":
          break;
      }
    });
  }

  #initialState(): EngineState {
    const { nodes } = this.graph;
    const sideInputs = [...this.#readers].filter(([, readers]) => readers.sideInputs.length > 0);
    return {
      started: false,
      done: false,
      now: 0,
      nextBundle: 1,
      watermarks: nodes.map(() => MIN_TIMESTAMP),
      stages: nodes.map((node) =>
        node.kind === "stage" ? { pending: [], delayed: [], lost: [], openBundles: 0 } : undefined,
      ),
      groupings: nodes.map((node) =>
        node.kind === "group-by-key" ? new Grouping(node.strategy, this.windows) : undefined,
      ),
      sideInputs: new Map(sideInputs.map(([pcollection]) => [pcollection, new SideInputStore()])),
      bundles: new Map(),
    };
  }
}

function outputsOf(node: EngineNode): readonly string[] {
  return node.kind === "stage" ? node.outputs : [node.output];
}

function copyState(state: EngineState): EngineState {
  return {
    ...state,
    watermarks: state.watermarks.slice(),
    stages: state.stages.map(
      (stage) =>
        stage && {
          pending: stage.pending.slice(),
          delayed: stage.delayed.slice(),
          lost: stage.lost.slice(),
          openBundles: stage.openBundles,
        },
    ),
    groupings: state.groupings.map((grouping) => grouping?.copy()),
    sideInputs: new Map([...state.sideInputs].map(([pcollection, store]) => [pcollection, store.copy()])),
    bundles: new Map([...state.bundles].map(([id, bundle]) => [id, { ...bundle }])),
  };
}
