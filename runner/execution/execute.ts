/**
 * The loop between engine, workers and store: the runner's only clock, promises and I/O.
 *
 * It carries out the engine's commands and tells it what came of them. A worker's plain result is committed in the same
 * tick; between bundles the loop lets Node's event loop turn, at least every {@link SLICE_TIME} ms.
 */
import { setImmediate as nextTurn } from "node:timers/promises";
import { GirderError, messageOf } from "../../portability/errors.js";
import { Batch, type BatchCodec, StoredBatch } from "../../portability/execution/batch.js";
import { NO_FIRING } from "../../portability/execution/pane.js";
import type {
  BundleResult,
  BundleTask,
  PreparedStage,
  StageDescriptor,
  StageWorker,
  WindowFunction,
} from "../../portability/execution/stage.js";
import { MIN_TIMESTAMP } from "../../portability/execution/time.js";
import { WindowTable } from "../../portability/execution/window-table.js";
import {
  type Components,
  IsBounded_Enum,
  type Pipeline,
} from "../../portability/gen/org/apache/beam/model/pipeline/v1/beam_runner_api_pb.js";
import { MetricsContainer } from "../../portability/metrics/index.js";
import { Engine } from "../engine/engine.js";
import type { EngineCommand, EngineEvent, EngineOptions } from "../engine/events.js";
import type { EngineGraph, GroupByKeyNode, StageNode } from "../engine/graph.js";
import { inStreams } from "../graph/capabilities.js";
import { plan } from "../graph/plan.js";
import { Spill } from "../store/spill.js";
import { Alarms } from "./alarms.js";
import { type Executable, executableOf } from "./engine-graph.js";
import { BUNDLE_TIME, type ExecutionOptions, SLICE_TIME, STREAMING_BUNDLE_TIME } from "./options.js";
import type { JobResult, Progress } from "./progress.js";
import { seededRandom } from "./random.js";
import { Stragglers } from "./stragglers.js";
import { testStreamOf } from "./test-stream.js";

const MAX_BUNDLE_ELEMENTS = Number.MAX_SAFE_INTEGER;
const MAX_BUNDLE_BYTES = 16 * 1024 * 1024;
/**
 * Bytes of outputs that a bundle may hold, if the memory budget allows: the more, the fewer commits, and the more that the
 * garbage collector moves about before it is grouped.
 */
const MAX_OUTPUT_BYTES = 32 * 1024 * 1024;
/** Enough for sources that never end and are always in a bundle: those nearest the pipeline's end come first. */
const MAX_OPEN_BUNDLES = 32;
const BUNDLE_ATTEMPTS = 4;
const MEMORY_BUDGET = 1 << 30;
/** Ms between two calls of `onProgress`. */
const PROGRESS_INTERVAL = 100;
/** The same for a job that has nothing to do. */
const IDLE_PROGRESS_INTERVAL = 1000;

/** What is done before anything else, for it makes room. */
type Relief = Extract<EngineCommand, { type: "store-groups" | "store-batches" | "merge-accumulators" }>;
type Ask<Type> = Extract<EngineCommand, { type: Type }>;
type Run = Extract<EngineCommand, { type: "run" }>;

/**
 * Runs a pipeline to its end.
 *
 * @throws GirderError `invalid-pipeline` or `unsupported` before anything runs; `user-exception`, `worker-lost`,
 * `cancelled` and others when a bundle fails for good. What was not committed by then has no effect.
 */
export async function execute(pipeline: Pipeline, options: ExecutionOptions): Promise<JobResult> {
  const { capabilities } = options;
  const executable = executableOf(plan(pipeline, options.streaming === true ? inStreams(capabilities) : capabilities));
  const windows = new WindowTable();
  const workers = new Map<string, StageWorker>();
  const stages = new Map<number, PreparedStage>();
  try {
    for (const [node, { environment, descriptor }] of executable.stages) {
      let worker = workers.get(environment);
      if (worker === undefined) {
        worker = options.worker(pipeline.components!.environments[environment]!, environment);
        workers.set(environment, worker);
      }
      stages.set(node, await worker.prepare(descriptor, windows));
    }
    return await new Execution(executable, windows, workers, stages, options).run();
  } finally {
    for (const stage of stages.values()) await stage.close();
    for (const worker of workers.values()) await worker.close?.();
  }
}

/** A stage with as many bundles at once as its worker can run, if no key has to wait for its turn. */
function withParallelism(node: StageNode, { states, timers }: StageDescriptor, stage: PreparedStage): StageNode {
  const isOrdered = states.length > 0 || timers.length > 0 || node.timeSorted === true;
  if (isOrdered) return node;
  const { parallelism = 1, waiting = parallelism } = stage;
  return { ...node, parallelism, waiting };
}

function isRelief(command: EngineCommand): command is Relief {
  return ["store-groups", "store-batches", "merge-accumulators"].includes(command.type);
}

/** A grouping that finds the values which are taken back: those whose bytes are equal. */
function withIdentity(node: GroupByKeyNode, codec: BatchCodec): GroupByKeyNode {
  return { ...node, valueIdentity: (ref) => Buffer.from(codec.encodeValues([ref])).toString("latin1") };
}

function isUnbounded({ pcollections }: Components): boolean {
  return Object.values(pcollections).some(({ isBounded }) => isBounded === IsBounded_Enum.UNBOUNDED);
}

class Execution {
  #engine: Engine;
  readonly #graph: EngineGraph;
  /** By how much (ms) processing time is ahead of the clock: test streams move it. */
  #ahead = 0;
  readonly #engineOptions: EngineOptions;
  readonly #executable: Executable;
  readonly #windows: WindowTable;
  readonly #workers: ReadonlyMap<string, StageWorker>;
  readonly #stages: ReadonlyMap<number, PreparedStage>;
  readonly #options: ExecutionOptions;
  readonly #random: () => number;
  readonly #metrics: MetricsContainer;
  readonly #elements = new Map<string, number>();
  readonly #spill = new Spill();
  readonly #stop = { stopped: false };
  readonly #bundleTime: number;
  readonly #alarms = new Alarms((at) => this.#happened({ type: "tick", now: Math.max(at, Date.now()) }));
  readonly #stragglers = new Stragglers((event) => this.#happened(event));
  /** What is to be done, in order. */
  readonly #commands: EngineCommand[] = [];
  /** What has happened meanwhile, while the loop was waiting. */
  readonly #events: EngineEvent[] = [];
  #wake: (() => void) | undefined;
  #failure: { readonly error: unknown } | undefined;
  #bundles = 0;
  #lastTurn = performance.now();
  #lastProgress = 0;

  constructor(
    executable: Executable,
    windows: WindowTable,
    workers: ReadonlyMap<string, StageWorker>,
    stages: ReadonlyMap<number, PreparedStage>,
    options: ExecutionOptions,
  ) {
    this.#executable = executable;
    this.#windows = windows;
    this.#workers = workers;
    this.#stages = stages;
    this.#options = options;
    this.#metrics = options.metrics ?? new MetricsContainer();
    this.#random = seededRandom(options.seed ?? 0);
    this.#engineOptions = {
      maxBundleElements: options.maxBundleElements ?? MAX_BUNDLE_ELEMENTS,
      maxBundleBytes: MAX_BUNDLE_BYTES,
      maxOpenBundles: MAX_OPEN_BUNDLES,
      memoryBudget: options.memoryBudget ?? MEMORY_BUDGET,
      maxDownstreamBytes: (options.memoryBudget ?? MEMORY_BUDGET) / 8,
      untilAvailable: options.untilAvailable ?? false,
    };
    const { graph, testStreams, components } = executable;
    const isStreaming = options.streaming ?? isUnbounded(components);
    this.#bundleTime = options.maxBundleTime ?? (isStreaming ? STREAMING_BUNDLE_TIME : BUNDLE_TIME);
    // Any stage knows the coders of all PCollections.
    const codec = (pcollection: string) => stages.values().next().value!.codec(pcollection);
    const nodes = graph.nodes.map((node, i) => {
      if (node.kind === "group-by-key" && executable.retracted.has(i)) return withIdentity(node, codec(node.input));
      if (node.kind === "group-by-key" && executable.combines.has(i)) {
        const { environment } = executable.combines.get(i)!;
        return { ...node, accumulators: workers.get(environment)?.mergeAccumulators !== undefined };
      }
      const stage = stages.get(i);
      if (node.kind !== "stage" || stage === undefined) return node;
      return withParallelism(node, executable.stages.get(i)!.descriptor, stage);
    });
    this.#graph = {
      ...graph,
      nodes,
      testStreams: testStreams.map((it) => testStreamOf(it, components, codec)),
    };
    this.#engine = new Engine(this.#graph, windows, this.#engineOptions);
  }

  async run(): Promise<JobResult> {
    const { signal, drain } = this.#options;
    const drained = (): void => this.#happened({ type: "drain" });
    const cancel = (): void => {
      this.#stop.stopped = true;
      this.#fail(new GirderError("cancelled", "The job was cancelled."));
    };
    if (signal?.aborted) cancel();
    signal?.addEventListener("abort", cancel, { once: true });
    // A job that waits has progress, too: time passes, and its watermark does not.
    const telling = setInterval(() => this.#tell(), IDLE_PROGRESS_INTERVAL);
    try {
      if (drain?.aborted) this.#step({ type: "drain" });
      drain?.addEventListener("abort", drained, { once: true });
      this.#step({ type: "start", impulse: this.#impulse() });
      return await this.#loop();
    } finally {
      signal?.removeEventListener("abort", cancel);
      drain?.removeEventListener("abort", drained);
      clearInterval(telling);
      this.#alarms.clear();
      this.#stragglers.clear();
      this.#spill.close();
    }
  }

  #impulse(): Batch {
    const window = { all: this.#windows.global };
    return new Batch([new Uint8Array()], undefined, { all: MIN_TIMESTAMP }, window, { all: NO_FIRING }, 8);
  }

  /** Processing time, ms. */
  #now(): number {
    return Date.now() + this.#ahead;
  }

  async #loop(): Promise<JobResult> {
    for (;;) {
      if (this.#failure !== undefined) throw this.#failure.error;
      const event = this.#events.shift();
      if (event !== undefined) this.#step(event);
      const command = this.#commands.shift();
      if (command !== undefined) {
        if (command.type === "done") return this.#result();
        this.#carryOut(command);
        await this.#turn();
      } else if (event === undefined) {
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
      }
    }
  }

  /** Lets the event loop turn if it has waited long enough. */
  async #turn(): Promise<void> {
    const now = performance.now();
    if (now - this.#lastTurn < SLICE_TIME) return;
    this.#tell(now);
    await nextTurn();
    this.#lastTurn = performance.now();
  }

  #tell(now = performance.now()): void {
    if (now - this.#lastProgress < PROGRESS_INTERVAL) return;
    this.#lastProgress = now;
    this.#options.onProgress?.(this.#progress());
  }

  #step(event: EngineEvent): void {
    const commands = this.#engine.step(event);
    if (this.#options.restoreAlways) {
      this.#engine = new Engine(this.#graph, this.#windows, this.#engineOptions, this.#engine.snapshot());
    }
    for (const command of commands) {
      // Between asking for memory and getting it nothing may happen that would add to what is being moved.
      if (isRelief(command)) this.#relieve(command);
      else this.#commands.push(command);
    }
  }

  #relieve(command: Relief): void {
    const { node } = command;
    const { graph } = this.#executable;
    const reader = graph.nodes[node]!;
    // Any stage knows the coders of all PCollections.
    const stage = this.#stages.values().next().value!;
    if (command.type === "merge-accumulators") {
      const combine = this.#executable.combines.get(node)!;
      const worker = this.#workers.get(combine.environment)!;
      this.#step({ type: "accumulators-merged", node, merged: worker.mergeAccumulators!(combine, command.values) });
    } else if (command.type === "store-batches") {
      const { inputs } = reader as StageNode;
      const stored = command.work.map(({ input, batch }) => this.#spill.batch(batch, stage.codec(inputs[input]!)));
      this.#step({ type: "batches-stored", node, stored });
    } else {
      const codec = stage.codec((reader as GroupByKeyNode).input);
      const stored = command.values.map((values) => this.#spill.values(values, codec));
      this.#step({ type: "groups-stored", node, stored });
    }
  }

  /** Keeps an event that came while the loop was doing something else. */
  #happened(event: EngineEvent): void {
    this.#events.push(event);
    this.#wakeUp();
  }

  #wakeUp(): void {
    this.#wake?.();
    this.#wake = undefined;
  }

  #fail(error: unknown): void {
    this.#failure ??= { error };
    this.#wakeUp();
  }

  #carryOut(command: EngineCommand): void {
    switch (command.type) {
      case "run":
        this.#run(command);
        break;
      case "commit":
        this.#count(command.node, command.result);
        this.#step({ type: "committed", bundle: command.bundle, now: this.#now() });
        command.result.finalize?.();
        break;
      case "split":
        this.#stragglers.share(command.bundle);
        break;
      case "wake":
        this.#alarms.set(command.at);
        break;
      case "advance-clock":
        this.#ahead += Math.max(0, command.to - this.#now());
        this.#step({ type: "tick", now: Math.max(command.to, this.#now()) });
        break;
      case "map-windows":
        void this.#ask(() => this.#mapWindows(command));
        break;
      case "merge-windows":
        void this.#ask(() => this.#mergeWindows(command));
        break;
      default:
        break;
    }
  }

  /** Has an environment asked something, whose answer is an event; again where its worker was lost meanwhile. */
  async #ask(question: () => Promise<EngineEvent>, attempt = 1): Promise<void> {
    try {
      this.#happened(await question());
    } catch (thrown) {
      const isLost = thrown instanceof GirderError && thrown.code === "worker-lost";
      if (isLost && this.#failure === undefined && attempt < this.#attempts) await this.#ask(question, attempt + 1);
      else this.#fail(thrown);
    }
  }

  get #attempts(): number {
    return this.#options.bundleAttempts ?? BUNDLE_ATTEMPTS;
  }

  async #mapWindows({ windowing, windows }: Ask<"map-windows">): Promise<EngineEvent> {
    const fn = this.#executable.mappings.get(windowing)!;
    const to = await this.#workerOf(fn).mapWindows!(fn, this.#windows, windows);
    return { type: "windows-mapped", windowing, from: windows, to };
  }

  async #mergeWindows({ node, keys }: Ask<"merge-windows">): Promise<EngineEvent> {
    const fn = this.#executable.mergings.get(node)!;
    const asked = keys.map(({ windows }) => windows);
    const merges = await this.#workerOf(fn).mergeWindows!(fn, this.#windows, asked);
    return { type: "windows-merged", node, keys: keys.map(({ key }, i) => ({ key, merges: merges[i]! })) };
  }

  #workerOf({ environment }: WindowFunction): StageWorker {
    const worker = this.#workers.get(environment);
    if (worker?.mapWindows === undefined) {
      throw new GirderError("unsupported", "Window functions of its own are not called in this environment.", {
        where: environment,
        remedy: "Use one of the standard window functions.",
      });
    }
    return worker;
  }

  #run(command: Run): void {
    const injectable = command.attempt < this.#attempts - 1;
    const fail = injectable && this.#random() < (this.#options.failBundles ?? 0);
    const split = this.#random() < (this.#options.splitBundles ?? 0);
    const task: BundleTask = {
      bundle: command.bundle,
      inputs: command.work.map(({ input, batch, hold }) => ({
        input,
        batch: batch instanceof StoredBatch ? batch.load() : batch,
        ...(hold === undefined ? {} : { watermark: hold }),
      })),
      timers: command.timers,
      state: command.state,
      sideInputs: command.sideInputs,
      deadline: performance.now() + this.#bundleTime,
      slice: SLICE_TIME,
      maxElements: split ? 1 + Math.floor(this.#random() * 8) : this.#engineOptions.maxBundleElements,
      maxOutputBytes: Math.min(MAX_OUTPUT_BYTES, this.#engineOptions.memoryBudget / 8),
      stop: this.#stop,
    };
    const finished = (result: BundleResult): EngineEvent => {
      if (!fail) return { type: "finished", bundle: command.bundle, result };
      result.discarded?.();
      return { type: "lost", bundle: command.bundle };
    };
    const stage = this.#stages.get(command.node)!;
    let result: BundleResult | Promise<BundleResult>;
    try {
      result = stage.run(task);
    } catch (thrown) {
      this.#bundleFailed(command, thrown);
      return;
    }
    if (!(result instanceof Promise)) {
      this.#step(finished(result));
      return;
    }
    const { parallelism = 1, waiting = parallelism } = this.#graph.nodes[command.node] as StageNode;
    const mayBeSlow = waiting > 1;
    if (mayBeSlow) this.#stragglers.began(command.bundle, stage);
    result.then(
      async (settled) => {
        if (mayBeSlow) await this.#stragglers.ended(command.bundle);
        this.#happened(finished(settled));
      },
      async (thrown) => {
        if (mayBeSlow) await this.#stragglers.ended(command.bundle);
        this.#bundleFailed(command, thrown);
        this.#wakeUp();
      },
    );
  }

  #bundleFailed(command: Run, thrown: unknown): void {
    if (thrown instanceof GirderError && thrown.code !== "worker-lost") this.#fail(thrown);
    else if (command.attempt + 1 < this.#attempts) {
      this.#events.push({ type: "lost", bundle: command.bundle });
    } else {
      const { id } = this.#executable.graph.nodes[command.node]!;
      this.#fail(
        new GirderError("worker-lost", `A bundle failed ${command.attempt + 1} times: ${messageOf(thrown)}.`, {
          where: id,
          cause: thrown,
          remedy: "See the cause; --bundle-attempts sets how often a bundle is tried.",
        }),
      );
    }
  }

  #count(node: number, result: BundleResult): void {
    this.#bundles++;
    this.#metrics.merge(result.metrics);
    const { outputs } = this.#executable.stages.get(node)!.descriptor;
    for (const { output, batch } of result.outputs) {
      const { pcollection } = outputs[output]!;
      this.#elements.set(pcollection, (this.#elements.get(pcollection) ?? 0) + batch.count);
    }
  }

  #progress(): Progress {
    return {
      elements: this.#elements,
      bundles: this.#bundles,
      stages: { done: this.#engine.stagesDone, total: this.#executable.stages.size },
      backlog: this.#engine.backlog,
    };
  }

  #result(): JobResult {
    const progress = this.#progress();
    this.#options.onProgress?.(progress);
    return {
      metrics: this.#metrics,
      progress,
      droppedLate: this.#engine.droppedLate,
      drained: this.#options.drain?.aborted ?? false,
      spilledBytes: this.#spill.bytes,
    };
  }
}
