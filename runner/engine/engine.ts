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
import type { Residual } from "../../portability/execution/stage.js";
import { type Instant, MAX_TIMESTAMP, MIN_TIMESTAMP, plus } from "../../portability/execution/time.js";
import type { WindowTable } from "../../portability/execution/window-table.js";
import type { NodeBacklog } from "./backlog.js";
import { BundleFormer } from "./bundle-former.js";
import { copyState, type EngineState, initialState, type OpenBundle } from "./engine-state.js";
import type { EngineCommand, EngineEvent, EngineOptions } from "./events.js";
import { FlowControl, isRelief } from "./flow-control.js";
import type { EngineGraph, GroupByKeyNode, ScriptedNode, StageNode } from "./graph.js";
import { outputsOf, type Readers, readersOf } from "./readers.js";
import type { StageState } from "./stage-state.js";
import { Watermarks } from "./watermarks.js";

export class Engine {
  readonly #readers: ReadonlyMap<string, Readers>;
  /** Nodes whose watermark may have changed, and whose readers' then may. */
  readonly #dirty: boolean[];
  readonly #state: EngineState;
  readonly #watermarks: Watermarks;
  readonly #former: BundleFormer;
  readonly #flow: FlowControl;

  constructor(
    readonly graph: EngineGraph,
    readonly windows: WindowTable,
    readonly options: EngineOptions,
    state?: EngineState,
  ) {
    this.#dirty = graph.nodes.map(() => false);
    this.#readers = readersOf(graph);
    this.#state = state === undefined ? initialState(graph, this.#readers, windows) : copyState(state);
    this.#watermarks = new Watermarks(graph, this.#readers, this.#state);
    this.#former = new BundleFormer(this.#state, this.#watermarks, options);
    this.#flow = new FlowControl(graph, this.#readers, this.#state, options);
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
        const truncating = undrained && state.draining ? this.#watermarks.truncating(node) : undefined;
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
      const relief = this.#flow.relieve();
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
    const truncating = undrained && this.#state.draining ? this.#watermarks.truncating(node) : undefined;
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
    else
      stage.add(
        input,
        batch,
        stage.node.stateful === true ? this.#watermarks.lowest(stage.node.inputs) : MIN_TIMESTAMP,
      );
  }

  /** Lets restrictions that have been begun, or have not, end early, and test streams. */
  #drain(): void {
    const state = this.#state;
    if (state.draining) return;
    state.draining = true;
    state.script.drain();
    this.#dirty.fill(true);
    state.stages.forEach((stage, i) => {
      const truncating = this.#watermarks.truncating(i);
      if (stage === undefined || truncating === undefined) return;
      for (const { batch } of [...stage.pending, ...stage.delayed]) truncating.add(0, batch, MIN_TIMESTAMP);
      for (const { work } of stage.lost) for (const { batch } of work) truncating.add(0, batch, MIN_TIMESTAMP);
      stage.pending = [];
      stage.delayed = [];
      stage.lost = [];
    });
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
        return this.#watermarks.lowest(node.inputs);
      case "group-by-key": {
        const grouping = this.#state.groupings[i]!;
        const input = this.#watermarks.lowest([node.input]);
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
        return this.#watermarks.ofStage(i, node);
    }
  }

  /** Opens bundles, those nearest the pipeline's end first: what is done is gone from memory soonest. */
  #schedule(commands: EngineCommand[]): void {
    const state = this.#state;
    if (!state.started || state.done) return;
    const { isCrowded } = this.#flow;
    for (let i = this.graph.nodes.length - 1; i >= 0; i--) {
      if (state.bundles.size >= this.options.maxOpenBundles) return;
      const stage = state.stages[i];
      if (stage === undefined || !this.#mayOpen(i, stage)) continue;
      if (isCrowded && this.#flow.isAhead(i)) continue;
      const { work, timers, attempt } = stage.lost.shift() ?? { ...this.#former.next(stage), attempt: 0 };
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
      const sideInputs = this.#former.sideInputs(stage.node, work, timers);
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
}
