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
import type { BundleResult, Residual } from "../../portability/execution/stage.js";
import { type Instant, MAX_TIMESTAMP, MIN_TIMESTAMP, plus } from "../../portability/execution/time.js";
import type { Timer } from "../../portability/execution/timer.js";
import type { InternedWindow } from "../../portability/execution/window.js";
import type { WindowTable } from "../../portability/execution/window-table.js";
import type { NodeBacklog } from "./backlog.js";
import type { EngineCommand, EngineEvent, EngineOptions, Work, WorkItem } from "./events.js";
import type { EngineGraph, GroupByKeyNode, ScriptedNode, StageNode } from "./graph.js";
import { Grouping } from "./grouping.js";
import { outputsOf, type Readers, readersOf, stagesAfter } from "./readers.js";
import { type Readiness, splitByReadiness } from "./readiness.js";
import { Script } from "./script.js";
import { BundleSideInput, SideInputStore } from "./side-input-store.js";
import { type BundleWork, earliest, holdOf, StageState } from "./stage-state.js";
import { WindowMapper } from "./window-mapping.js";

interface OpenBundle {
  readonly node: number;
  /** What it does: less than it was given, once it has shared. */
  work: Work;
  readonly timers: readonly Timer[];
  readonly attempt: number;
  /** Whether others do not wait for it any more. */
  /** Whether it takes long. */
  slow: boolean;
  /** Whether it takes long, and waits for something meanwhile. */
  waits: boolean;
  /** Whether it was begun before the job was to be drained: what it leaves over is to be truncated. */
  readonly undrained: boolean;
  /** Whether it has been asked to share its work, and has not yet. */
  sharing: boolean;
  result: BundleResult | undefined;
}

/** All that the engine knows, as plain data around opaque batches. See {@link Engine.snapshot}. */
export interface EngineState {
  started: boolean;
  draining: boolean;
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

  /** What each stage and each grouping has before it. */
  get backlog(): NodeBacklog[] {
    const { stages, groupings, watermarks } = this.#state;
    return this.graph.nodes.flatMap(({ id }, i): NodeBacklog[] => {
      const known = stages[i] ?? groupings[i];
      if (known === undefined) return [];
      const elements = stages[i]?.pendingElements ?? 0;
      const bundles = stages[i]?.openBundles ?? 0;
      return [{ id, watermark: watermarks[i]!, elements, bytes: known.pendingBytes, bundles }];
    });
  }

  /** Elements that came after their window had expired. */
  get droppedLate(): number {
    const { groupings, stages } = this.#state;
    const dropped = (all: readonly ({ readonly droppedLate: number } | undefined)[]): number =>
      all.reduce((sum, each) => sum + (each?.droppedLate ?? 0), 0);
    return dropped(groupings) + dropped(stages);
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
      case "drain":
        this.#drain();
        break;
      case "finished": {
        const bundle = this.#bundle(event.bundle);
        bundle.result = event.result;
        commands.push({ type: "commit", bundle: event.bundle, node: bundle.node, result: event.result });
        return commands;
      }
      case "lost": {
        const { node, work, timers, attempt, undrained } = this.#bundle(event.bundle);
        const stage = state.stages[node]!;
        const truncating = undrained && state.draining ? this.#truncating(node) : undefined;
        if (truncating === undefined) stage.lost.push({ work, timers, attempt: attempt + 1 });
        else for (const { batch } of work) truncating.add(0, batch, MIN_TIMESTAMP);
        stage.openBundles--;
        state.bundles.delete(event.bundle);
        break;
      }
      case "slow": {
        const open = state.bundles.get(event.bundle);
        // It may have come to its end just now.
        if (open === undefined) break;
        open.slow = true;
        open.waits = event.waits;
        break;
      }
      case "split": {
        const open = this.#bundle(event.bundle);
        open.sharing = false;
        open.work = event.split.kept;
        this.#leave(open, event.split.residuals, commands);
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
        this.#emit(event.node, state.groupings[event.node]!.merged(event.keys, this.#triggerTime));
        break;
      case "groups-stored":
        state.groupings[event.node]!.store(event.stored);
        break;
      case "accumulators-merged":
        state.groupings[event.node]!.merge(event.merged);
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
    const open = this.#bundle(id);
    const { node, result } = open;
    if (result === undefined) throw new Error(`bundle ${id} was committed before it finished`);
    const stage = this.#state.stages[node]!;
    stage.openBundles--;
    this.#state.bundles.delete(id);
    this.#dirty[node] = true;
    const { outputs, truncating = false } = this.graph.nodes[node] as StageNode;
    if (truncating) for (const reader of this.#readers.get(outputs[0]!)!.stages) this.#dirty[reader.node] = true;
    for (const { output, batch } of result.outputs) this.#deliver(outputs[output]!, batch);
    stage.timers.apply(result.timers ?? [], this.#state.script.ahead);
    stage.state.apply(result.state ?? []);
    const next = stage.timers.next("processing-time");
    if (next < MAX_TIMESTAMP) this.#wake(next, commands);
    this.#leave(open, result.residuals, commands);
  }

  /** Puts back among a stage's work what a bundle has not done. */
  #leave({ node, undrained }: OpenBundle, residuals: readonly Residual[], commands: EngineCommand[]): void {
    const truncating = undrained && this.#state.draining ? this.#truncating(node) : undefined;
    if (truncating !== undefined) {
      for (const { batch } of residuals) truncating.add(0, batch, MIN_TIMESTAMP);
      return;
    }
    const stage = this.#state.stages[node]!;
    const rest: StageState["pending"] = [];
    for (const { input, batch, delay, watermark, bounded = true } of residuals) {
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

  /**
   * Processing time, ms, as triggers see it. With test streams it stands still but where they move it: timers of workers go by
   * their clocks, which do not.
   */
  get #triggerTime(): Instant {
    const { script, now } = this.#state;
    return script.isThere ? script.ahead : now;
  }

  /** Emits the panes whose processing time has come. */
  #tick(): void {
    this.#state.groupings.forEach((grouping, i) => {
      if (grouping === undefined || grouping.nextProcessingTime > this.#triggerTime) return;
      this.#dirty[i] = true;
      this.#emit(i, grouping.tick(this.#triggerTime));
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
    for (const { node, input } of readers.stages) this.#give(node, input, batch);
    for (const node of readers.groupings) {
      const { strategy } = this.graph.nodes[node] as GroupByKeyNode;
      const panes = this.#state.groupings[node]!.add(batch, this.#triggerTime);
      // What was emitted holds the watermark back no more.
      if (strategy.merging === "custom" || panes.length > 0) this.#dirty[node] = true;
      this.#emit(node, panes);
    }
    for (const { output } of readers.flattens) this.#deliver(output, batch);
    this.#state.sideInputs.get(pcollection)?.add(batch);
  }

  #give(node: number, input: number, batch: Batch): void {
    const stage = this.#state.stages[node]!;
    if (stage.node.truncating === true && !this.#state.draining) this.#deliver(stage.node.outputs[0]!, batch);
    else stage.add(input, batch, stage.node.stateful === true ? this.#lowest(stage.node.inputs) : MIN_TIMESTAMP);
  }

  /** Lets restrictions that have been begun, or have not, end early, and test streams. */
  #drain(): void {
    const state = this.#state;
    if (state.draining) return;
    state.draining = true;
    state.script.drain();
    this.#dirty.fill(true);
    state.stages.forEach((stage, i) => {
      const truncating = this.#truncating(i);
      if (stage === undefined || truncating === undefined) return;
      for (const { batch } of [...stage.pending, ...stage.delayed]) truncating.add(0, batch, MIN_TIMESTAMP);
      for (const { work } of stage.lost) for (const { batch } of work) truncating.add(0, batch, MIN_TIMESTAMP);
      stage.pending = [];
      stage.delayed = [];
      stage.lost = [];
    });
  }

  /** The stage that truncates what a stage reads. */
  #truncating(node: number): StageState | undefined {
    const reader = this.graph.nodes[node]!;
    if (reader.kind !== "stage") return undefined;
    const stage = this.#state.stages[this.#readers.get(reader.inputs[0]!)!.producer];
    return stage?.node.truncating === true ? stage : undefined;
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
        const cleared = grouping.cleared(input);
        if (!grouping.mayAdvance(cleared)) return watermarks[i]!;
        this.#emit(i, grouping.advance(cleared, this.#triggerTime));
        const output = Math.min(cleared, grouping.hold);
        grouping.outputAdvanced(output);
        return output;
      }
      case "stage":
        return this.#stageWatermark(i, node);
    }
  }

  /** The watermark of a stage's outputs: its inputs', held back by what it has not done yet. */
  #stageWatermark(i: number, node: StageNode, current = this.#state.watermarks[i]!): Instant {
    const stage = this.#state.stages[i]!;
    const upstream = Math.min(this.#lowest(node.inputs), this.#truncationWatermark(i));
    // A bundle that is out, or is to run again, reads the state that it was given.
    if (stage.openBundles === 0 && stage.lost.length === 0) stage.expire(upstream);
    let watermark = stage.outputWatermark(upstream, current);
    if (stage.openBundles === 0) return watermark;
    for (const open of this.#state.bundles.values()) {
      // Already held where it stands: looking at the rest cannot move it.
      if (watermark <= current) return current;
      if (open.node === i) watermark = Math.min(watermark, earliest(open.work), holdOf(open.timers));
    }
    return watermark;
  }

  /** What a stage has given back to be truncated is still its own: the watermark of what truncates was past it already. */
  #truncationWatermark(i: number): Instant {
    if (!this.#state.draining || this.#truncating(i) === undefined) return MAX_TIMESTAMP;
    const { producer } = this.#readers.get((this.graph.nodes[i] as StageNode).inputs[0]!)!;
    return this.#stageWatermark(producer, this.graph.nodes[producer] as StageNode, MIN_TIMESTAMP);
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

  /** Asks for accumulators to be merged where many have come, and for the largest store of elements to be moved out of memory, if all together are too large. */
  #relieve(): EngineCommand | undefined {
    const { groupings, stages } = this.#state;
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

  /** Opens bundles, those nearest the pipeline's end first: what is done is gone from memory soonest. */
  #schedule(commands: EngineCommand[]): void {
    const state = this.#state;
    if (!state.started || state.done) return;
    const { maxDownstreamBytes = Number.POSITIVE_INFINITY } = this.options;
    const isCrowded = maxDownstreamBytes < this.#waitingBytes(new Set(state.stages.keys()));
    for (let i = this.graph.nodes.length - 1; i >= 0; i--) {
      if (state.bundles.size >= this.options.maxOpenBundles) return;
      const stage = state.stages[i];
      if (stage === undefined || !this.#mayOpen(i, stage)) continue;
      if (isCrowded && this.#isAhead(i, maxDownstreamBytes)) continue;
      const { work, timers, attempt } = stage.lost.shift() ?? { ...this.#next(stage), attempt: 0 };
      if (work.length === 0 && timers.length === 0) {
        this.#share(i, stage, commands);
        continue;
      }
      const bundle = state.nextBundle++;
      stage.openBundles++;
      state.bundles.set(bundle, {
        node: i,
        work,
        timers,
        attempt,
        slow: false,
        waits: false,
        undrained: !state.draining,
        sharing: false,
        result: undefined,
      });
      const sideInputs = this.#sideInputs(stage.node, work, timers);
      commands.push({ type: "run", bundle, node: i, work, timers, state: stage.state, sideInputs, attempt });
    }
  }

  /**
   * Whether a stage may have another bundle out. Where it may have several, the next does not wait for a slow one, nor where
   * there is work for more than one. Where all of them wait, there may be more than could compute.
   */
  #mayOpen(i: number, stage: StageState): boolean {
    if (stage.openBundles === 0) return true;
    const { parallelism = 1, waiting = parallelism } = stage.node;
    if (stage.openBundles >= parallelism) return stage.openBundles < waiting && this.#are("waits", i);
    return stage.lost.length > 0 || this.#are("slow", i) || stage.pendingBytes >= this.options.maxBundleBytes;
  }

  /** Whether all bundles that a stage has out are slow, or wait. */
  #are(what: "slow" | "waits", node: number): boolean {
    for (const open of this.#state.bundles.values()) if (open.node === node && !open[what]) return false;
    return true;
  }

  /** Has the oldest slow bundle of a stage leave some of its work to another, as nothing else is there for that one. */
  #share(node: number, stage: StageState, commands: EngineCommand[]): void {
    if (stage.openBundles === 0) return;
    for (const [bundle, open] of this.#state.bundles) {
      if (open.node !== node || !open.slow || open.sharing || open.result !== undefined) continue;
      open.sharing = true;
      commands.push({ type: "split", bundle, node });
      return;
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
    if (!this.#isIdle() || commands.some(({ type }) => isRelief(type)) || !this.#finished()) return;
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
      draining: false,
      done: false,
      now: 0,
      nextBundle: 1,
      watermarks: nodes.map(() => MIN_TIMESTAMP),
      stages: nodes.map((node) => (node.kind === "stage" ? new StageState(node) : undefined)),
      groupings: nodes.map((node) =>
        node.kind === "group-by-key" ? new Grouping(node.strategy, this.windows, node.valueIdentity) : undefined,
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

/** Whether a command makes room, and its answer comes before anything else. */
function isRelief(type: EngineCommand["type"]): boolean {
  return type.startsWith("store-") || type === "merge-accumulators";
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
