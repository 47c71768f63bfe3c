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
import { forEachWindow } from "../../portability/execution/batch.js";
import type { SideInputContents } from "../../portability/execution/side-input.js";
import type { BundleResult } from "../../portability/execution/stage.js";
import { type Instant, MAX_TIMESTAMP, MIN_TIMESTAMP, plus } from "../../portability/execution/time.js";
import type { Timer } from "../../portability/execution/timer.js";
import type { InternedWindow } from "../../portability/execution/window.js";
import type { WindowTable } from "../../portability/execution/window-table.js";
import type { EngineCommand, EngineEvent, EngineOptions, Work, WorkItem } from "./events.js";
import type { EngineGraph, GroupByKeyNode, ScriptedNode, StageNode } from "./graph.js";
import { Grouping } from "./grouping.js";
import { outputsOf, type Readers, readersOf, stagesAfter } from "./readers.js";
import { type Readiness, splitByReadiness } from "./readiness.js";
import { Script } from "./script.js";
import { BundleSideInput, SideInputStore } from "./side-input-store.js";
import { type BundleWork, earliest, holdOf, StageState } from "./stage-state.js";
import { WindowMapper } from "./window-mapping.js";

interface OpenBundle extends BundleWork {
  readonly node: number;
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
  /** Groupings whose window function has been asked something. */
  asked: Set<number>;
  /** The processing time that was asked for last, for triggers. */
  wake: Instant;
  script: Script;
  sideInputs: Map<string, SideInputStore>;
  mapper: WindowMapper;
  bundles: Map<number, OpenBundle>;
}

export class Engine {
  readonly #readers: ReadonlyMap<string, Readers>;
  /** Of nodes that were asked about, the stages that what they output comes to. */
  readonly #downstream = new Map<number, ReadonlySet<number>>();
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
    this.#readers = readersOf(graph);
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
        const { node, work, timers, attempt } = this.#bundle(event.bundle);
        const stage = state.stages[node]!;
        stage.lost.push({ work, timers, attempt: attempt + 1 });
        stage.openBundles--;
        state.bundles.delete(event.bundle);
        break;
      }
      case "committed":
        state.now = Math.max(state.now, event.now);
        this.#commit(event.bundle, commands);
        break;
      case "windows-mapped":
        state.mapper.answer(event.windowing, event.from, event.to);
        break;
      case "windows-merged":
        state.asked.delete(event.node);
        this.#dirty[event.node] = true;
        this.#emit(event.node, state.groupings[event.node]!.merged(event.keys, state.now));
        break;
      case "groups-stored":
        state.groupings[event.node]!.store(event.stored);
        break;
      case "batches-stored": {
        const stage = state.stages[event.node]!;
        const { pending } = stage;
        stage.pending = pending.map((item, i) => ({ ...item, batch: event.stored[i]! }));
        break;
      }
      case "tick":
        state.now = Math.max(state.now, event.now);
        state.script.ticked();
        state.stages.forEach((stage) => {
          stage?.resume(state.now);
        });
        this.#tick();
        break;
    }
    do {
      this.#propagate(commands);
      const relief = this.#relieve();
      if (relief !== undefined) {
        commands.push(relief);
        break;
      }
      this.#schedule(commands);
    } while (this.#isIdle() && this.#advanceScript(commands));
    this.#finish(commands);
    this.#wakeForTriggers(commands);
    for (const question of state.mapper.takeQuestions()) commands.push({ type: "map-windows", ...question });
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
    stage.timers.apply(result.timers ?? [], this.#state.script.ahead);
    stage.state.apply(result.state ?? []);
    const next = stage.timers.next("processing-time");
    if (next < MAX_TIMESTAMP) this.#wake(next, commands);
    const rest: StageState["pending"] = [];
    for (const { input, batch, delay, watermark, bounded = true } of result.residuals) {
      if (delay <= 0) rest.push(watermark === undefined ? { input, batch } : { input, batch, hold: watermark });
      else if (bounded || !this.options.untilAvailable) {
        const at = this.#state.now + delay;
        stage.delayed.push({ at, input, batch, hold: watermark ?? batch.minTimestamp });
        this.#wake(at, commands);
      }
    }
    if (rest.length > 0) stage.pending.unshift(...rest);
  }

  /** Asks to be told when processing time has come to `at`, unless test streams say how it moves. */
  #wake(at: Instant, commands: EngineCommand[]): void {
    if (!this.#state.script.isThere) commands.push({ type: "wake", at });
  }

  /** Emits the panes whose processing time has come. */
  #tick(): void {
    this.#state.groupings.forEach((grouping, i) => {
      if (grouping === undefined || grouping.nextProcessingTime > this.#state.now) return;
      this.#dirty[i] = true;
      this.#emit(i, grouping.tick(this.#state.now));
    });
  }

  /** Gives the panes of a grouping to everyone who reads them. */
  #emit(node: number, panes: readonly Batch[]): void {
    const { output } = this.graph.nodes[node] as GroupByKeyNode;
    for (const pane of panes) this.#deliver(output, pane);
  }

  /** Asks to be told when a trigger's processing time has come. */
  #wakeForTriggers(commands: EngineCommand[]): void {
    if (this.#state.script.isThere) return;
    let next = MAX_TIMESTAMP;
    for (const grouping of this.#state.groupings) next = Math.min(next, grouping?.nextProcessingTime ?? MAX_TIMESTAMP);
    if (next < MAX_TIMESTAMP && next !== this.#state.wake) {
      this.#state.wake = next;
      commands.push({ type: "wake", at: next });
    }
  }

  /** Gives a batch of a PCollection to everyone who reads it. */
  #deliver(pcollection: string, batch: Batch): void {
    if (batch.count === 0) return;
    const readers = this.#readers.get(pcollection);
    if (readers === undefined) return;
    for (const { node, input } of readers.stages) this.#state.stages[node]!.add(input, batch);
    for (const node of readers.groupings) {
      const { strategy } = this.graph.nodes[node] as GroupByKeyNode;
      if (strategy.merging === "custom") this.#dirty[node] = true;
      this.#emit(node, this.#state.groupings[node]!.add(batch, this.#state.now));
    }
    for (const { output } of readers.flattens) this.#deliver(output, batch);
    this.#state.sideInputs.get(pcollection)?.add(batch);
  }

  /** Moves watermarks on, upstream first, and emits what they bring to an end. */
  #propagate(commands: EngineCommand[]): void {
    const { nodes } = this.graph;
    for (let i = 0; i < nodes.length; i++) {
      if (!this.#dirty[i]) continue;
      this.#dirty[i] = false;
      const before = this.#state.watermarks[i]!;
      const after = this.#outputWatermark(i, commands);
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

  #outputWatermark(i: number, commands: EngineCommand[]): Instant {
    const node = this.graph.nodes[i]!;
    switch (node.kind) {
      case "impulse":
        return this.#state.started ? MAX_TIMESTAMP : MIN_TIMESTAMP;
      case "scripted":
        return this.#state.script.watermark(i);
      case "flatten":
        return this.#lowest(node.inputs);
      case "group-by-key": {
        const grouping = this.#state.groupings[i]!;
        const input = this.#lowest([node.input]);
        const { asked, watermarks } = this.#state;
        const keys = asked.has(i) ? [] : grouping.takeQuestions(input);
        if (keys.length > 0) {
          asked.add(i);
          commands.push({ type: "merge-windows", node: i, keys });
        }
        if (!grouping.mayAdvance(input)) return watermarks[i]!;
        this.#emit(i, grouping.advance(input, this.#state.now));
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
    const stage = this.#state.stages[i]!;
    const upstream = this.#lowest(node.inputs);
    // A bundle that is out, or is to run again, reads the state that it was given.
    if (stage.openBundles === 0 && stage.lost.length === 0) stage.expire(upstream);
    const current = this.#state.watermarks[i]!;
    let watermark = stage.outputWatermark(upstream, current);
    if (stage.openBundles === 0) return watermark;
    for (const open of this.#state.bundles.values()) {
      // Already held where it stands: looking at the rest cannot move it.
      if (watermark <= current) return current;
      if (open.node === i) watermark = Math.min(watermark, earliest(open.work), holdOf(open.timers));
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
      const bytes = groupings[node]?.pendingBytes ?? stages[node]?.pendingBytes ?? 0;
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
    const { maxDownstreamBytes = Number.POSITIVE_INFINITY } = this.options;
    const isCrowded = maxDownstreamBytes < this.#waitingBytes(new Set(state.stages.keys()));
    for (let i = this.graph.nodes.length - 1; i >= 0; i--) {
      if (state.bundles.size >= this.options.maxOpenBundles) return;
      const stage = state.stages[i];
      if (stage === undefined || stage.openBundles > 0) continue;
      if (isCrowded && this.#isAhead(i, maxDownstreamBytes)) continue;
      const { work, timers, attempt } = stage.lost.shift() ?? { ...this.#next(stage), attempt: 0 };
      if (work.length === 0 && timers.length === 0) continue;
      const bundle = state.nextBundle++;
      stage.openBundles++;
      state.bundles.set(bundle, { node: i, work, timers, attempt, result: undefined });
      const sideInputs = this.#sideInputs(stage.node, work, timers);
      commands.push({ type: "run", bundle, node: i, work, timers, state: stage.state, sideInputs, attempt });
    }
  }

  /** Whether a stage is so far ahead of those that read it that it waits for them. They must be at work, lest all wait. */
  #isAhead(i: number, maxBytes: number): boolean {
    let after = this.#downstream.get(i);
    if (after === undefined) {
      after = stagesAfter(this.graph, this.#readers, i);
      this.#downstream.set(i, after);
    }
    const isWorking = [...after].some((node) => this.#state.stages[node]!.openBundles > 0);
    return isWorking && this.#waitingBytes(after) > maxBytes;
  }

  /** Estimated bytes that wait before these nodes, those that are out in a bundle among them. */
  #waitingBytes(nodes: ReadonlySet<number>): number {
    let bytes = 0;
    for (const node of nodes) bytes += this.#state.stages[node]?.pendingBytes ?? 0;
    for (const { node, work } of this.#state.bundles.values()) {
      if (nodes.has(node)) for (const { batch } of work) bytes += batch.residentBytes;
    }
    return bytes;
  }

  /** Whether nothing can be done until something happens outside. */
  #isIdle(): boolean {
    const { started, done, bundles, asked, mapper, script } = this.#state;
    return started && !done && bundles.size === 0 && asked.size === 0 && !mapper.isAsking && !script.isAsking;
  }

  #finish(commands: EngineCommand[]): void {
    if (!this.#isIdle() || commands.some(({ type }) => type.startsWith("store-")) || !this.#finished()) return;
    this.#state.done = true;
    commands.push({ type: "done" });
  }

  /** Lets the next event of a test stream happen. Returns whether something did. */
  #advanceScript(commands: EngineCommand[]): boolean {
    const { script, now } = this.#state;
    const event = script.next();
    this.graph.nodes.forEach(({ kind }, i) => {
      if (kind === "scripted") this.#dirty[i] = true;
    });
    if (event === undefined) {
      const next = this.#nextProcessingTime();
      if (!script.isThere || next === MAX_TIMESTAMP) return false;
      commands.push(script.ask(now, Math.max(now, next)));
      return false;
    }
    switch (event.kind) {
      case "elements":
        this.#deliver((this.graph.nodes[event.node] as ScriptedNode).output, event.batch);
        return true;
      case "watermark":
        return true;
      case "processing-time":
        commands.push(script.ask(now, plus(now, event.advance)));
        return false;
    }
  }

  /** When the next timer or trigger that waits for processing time is due, or delayed work. */
  #nextProcessingTime(): Instant {
    let next = MAX_TIMESTAMP;
    for (const stage of this.#state.stages) {
      if (stage === undefined) continue;
      next = Math.min(next, stage.timers.next("processing-time"));
      for (const { at } of stage.delayed) next = Math.min(next, at);
    }
    return next;
  }

  #finished(): boolean {
    const { stages, watermarks } = this.#state;
    for (const stage of stages) {
      if (stage === undefined) continue;
      if (stage.delayed.length > 0 || stage.unsorted.length > 0 || stage.timers.next("processing-time") < MAX_TIMESTAMP)
        return false;
    }
    const waiting = stages.findIndex((stage) => stage !== undefined && stage.pending.length > 0);
    const held = watermarks.findIndex((watermark) => watermark < MAX_TIMESTAMP);
    if (waiting >= 0 || held >= 0) {
      const at = waiting >= 0 ? waiting : held;
      throw new Error(`nothing can run, yet "${this.graph.nodes[at]!.id}" has not ended`);
    }
    return true;
  }

  /** What a stage does next. Timers that are due wait for what has come before them, and for nothing that comes later. */
  #next(stage: StageState): BundleWork {
    if (stage.node.timeSorted) stage.sort(this.#lowest(stage.node.inputs));
    if (stage.timers.size === 0) return { work: this.#take(stage), timers: [] };
    const watermark = stage.inputWatermark(this.#lowest(stage.node.inputs));
    const clocks = { "event-time": watermark, "processing-time": this.#state.now };
    const isDue = stage.timers.isDue(clocks);
    if (isDue) stage.ahead ??= stage.pending.length;
    if (!isDue || stage.ahead! > 0) {
      const work = this.#take(stage);
      if (work.length > 0) {
        if (isDue) stage.ahead! -= work.length;
        return { work, timers: [] };
      }
    }
    stage.ahead = undefined;
    return { work: [], timers: stage.timers.takeDue(clocks) };
  }

  /** Takes from a stage's pending work what fits into a bundle and whose side inputs are ready. */
  #take(stage: StageState): Work {
    const { maxBundleElements, maxBundleBytes } = this.options;
    const work: WorkItem[] = [];
    const blocked: StageState["pending"] = [];
    let elements = 0;
    let bytes = 0;
    let taken = 0;
    for (; taken < stage.pending.length && elements < maxBundleElements; taken++) {
      const item = stage.pending[taken]!;
      const { batch } = item;
      if (work.length > 0 && bytes + batch.bytes > maxBundleBytes) break;
      const { ready, waiting } = this.#splitByReadiness(stage.node, batch);
      if (waiting !== undefined) blocked.push({ ...item, batch: waiting });
      if (ready === undefined) continue;
      const room = maxBundleElements - elements;
      const part = ready.slice(0, Math.min(ready.count, room));
      work.push({ ...item, batch: part });
      if (part.count < ready.count) blocked.push({ ...item, batch: ready.slice(part.count, ready.count) });
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
  #splitByReadiness({ sideInputs }: StageNode, batch: Batch): Readiness {
    if (sideInputs.length === 0) return { ready: batch, waiting: undefined };
    return splitByReadiness(batch, (window) =>
      sideInputs.every(({ pcollection, mapping, ready = "complete" }) => {
        const side = this.#state.mapper.map(mapping, window);
        if (side === undefined) return false;
        if (this.#lowest([pcollection]) > side.maxTimestamp) return true;
        return ready !== "complete" && this.#state.sideInputs.get(pcollection)!.has(side.key, ready);
      }),
    );
  }

  #sideInputs({ sideInputs }: StageNode, work: Work, timers: readonly Timer[]): SideInputContents[] {
    if (sideInputs.length === 0) return [];
    const windows = new Set<InternedWindow>(timers.map(({ window }) => window));
    for (const { batch } of work) {
      if ("all" in batch.windows) forEachWindow(batch.windows.all, (window) => windows.add(window));
      else for (const each of batch.windows) forEachWindow(each, (window) => windows.add(window));
    }
    return sideInputs.map(({ pcollection, mapping }) => {
      const store = this.#state.sideInputs.get(pcollection)!;
      return new BundleSideInput(store, windows, (window) => this.#state.mapper.map(mapping, window));
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
      stages: nodes.map((node) => (node.kind === "stage" ? new StageState(node) : undefined)),
      groupings: nodes.map((node) =>
        node.kind === "group-by-key" ? new Grouping(node.strategy, this.windows) : undefined,
      ),
      asked: new Set(),
      wake: MAX_TIMESTAMP,
      script: new Script(this.graph.testStreams ?? []),
      mapper: new WindowMapper(this.windows),
      sideInputs: new Map(
        sideInputs.map(([pcollection]) => [pcollection, new SideInputStore(panesOf(this.graph, pcollection))]),
      ),
      bundles: new Map(),
    };
  }
}

/** What becomes of panes of a side input, if it is looked up before its windows are complete. */
function panesOf({ nodes }: EngineGraph, pcollection: string): "replaced" | "added" | undefined {
  for (const node of nodes) {
    if (node.kind !== "stage") continue;
    const found = node.sideInputs.find((it) => it.pcollection === pcollection);
    if (found?.ready !== undefined && found.ready !== "complete") return found.accumulating ? "replaced" : "added";
  }
  return undefined;
}

function copyState(state: EngineState): EngineState {
  return {
    ...state,
    watermarks: state.watermarks.slice(),
    stages: state.stages.map((stage) => stage?.copy()),
    groupings: state.groupings.map((grouping) => grouping?.copy()),
    asked: new Set(state.asked),
    mapper: state.mapper.copy(),
    script: state.script.copy(),
    sideInputs: new Map([...state.sideInputs].map(([pcollection, store]) => [pcollection, store.copy()])),
    bundles: new Map([...state.bundles].map(([id, bundle]) => [id, { ...bundle }])),
  };
}
