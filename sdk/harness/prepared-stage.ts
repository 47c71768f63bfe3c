/** A stage behind the seam: whole bundles are put through it, turn by turn. */
import { setImmediate as nextTurn } from "node:timers/promises";
import type { BatchCodec } from "../../portability/execution/batch.js";
import type {
  BundleResult,
  BundleTask,
  PreparedStage,
  Residual,
  StageDescriptor,
} from "../../portability/execution/stage.js";
import type { WindowTable } from "../../portability/execution/window-table.js";
import type { FunctionTable } from "../pipeline/functions.js";
import { BatchSink } from "./batch-sink.js";
import type { OutputMeter } from "./bundle.js";
import { CompiledStage } from "./compiled-stage.js";
import { type BundleDivision, type BundleProgress, DivisibleBundle } from "./divisible-bundle.js";
import { EachWindowOperator } from "./do-fn-operators.js";
import { Finalization } from "./finalization.js";
import type { OpenBundle } from "./open-bundle.js";
import { PromiseReturned, type Step } from "./operator.js";
import { ProcessSizedOperator } from "./splittable-operators.js";
import type { CommittedState } from "./state/committed-state.js";

type Work = BundleTask["inputs"];

/** What a stage may be told beside what to do. */
export interface HarnessOptions {
  /** Where a bundle's cells of state get what is committed. Default: the view that comes with the bundle's task. */
  readonly committedState?: (task: BundleTask) => CommittedState;
}

export class HarnessStage implements PreparedStage {
  readonly #stage: CompiledStage<BatchSink>;
  readonly #meter: OutputMeter = { bytes: 0 };
  readonly #finalization = new Finalization();
  /** By index of the stage's inputs, what processes its restrictions. */
  readonly #processes: readonly (ProcessSizedOperator | undefined)[];
  /** The bundle that is being processed, where that takes turns of the event loop. */
  #divisible: DivisibleBundle | undefined;

  constructor(
    readonly descriptor: StageDescriptor,
    windows: WindowTable,
    functions: FunctionTable,
    readonly options: HarnessOptions = {},
  ) {
    this.#stage = new CompiledStage(descriptor, windows, functions, {
      newSink: ({ pcollection, keyed }, components) =>
        new BatchSink(keyed ? components.codec(pcollection).identity : undefined, this.#meter),
    });
    this.#processes = this.#stage.program.inputs.map((steps) => steps.map(processOf).find((it) => it !== undefined));
  }

  /** How far the bundle that is being processed has come; undefined if there is none to ask about. */
  progress(): BundleProgress | undefined {
    return this.#divisible?.progress;
  }

  /**
   * Divides the bundle that is being processed, see {@link DivisibleBundle.trySplit}. To be called when the event loop turns:
   * what is synchronous lets it turn once in a slice of its time.
   *
   * @returns undefined if nothing can be given away, or nothing is being processed.
   */
  trySplit(fraction: number, allowed?: readonly number[]): BundleDivision | undefined {
    return this.#divisible?.trySplit(fraction, allowed);
  }

  codec(pcollection: string): BatchCodec {
    return this.#stage.components.codec(pcollection);
  }

  setup(): Promise<void> {
    return this.#stage.setup();
  }

  run(task: BundleTask): BundleResult | Promise<BundleResult> {
    for (const { builder } of this.#stage.sinks) builder.take();
    const open = this.#stage.open(task, this.#meter, this.options.committedState?.(task));
    if (open.awaits) return this.#runAwaiting(open, task);
    try {
      return this.#runAtOnce(open, task);
    } catch (thrown) {
      return this.#awaitFromNowOn(task, thrown);
    }
  }

  /** A function has returned a promise after all: the bundle is run again, and every later one, by a chain that awaits. */
  async #awaitFromNowOn(task: BundleTask, thrown: unknown): Promise<BundleResult> {
    if (!(thrown instanceof PromiseReturned)) throw thrown;
    await this.#stage.awaitFromNowOn(thrown);
    return this.run(task);
  }

  #runAtOnce(open: OpenBundle, task: BundleTask): BundleResult | Promise<BundleResult> {
    void open.start();
    const rest = this.#slice(open, task.inputs);
    const isDone = (rest.length === 0 || open.bundle.over) && this.#fire(open, task);
    return isDone ? this.#finish(open, rest) : this.#continue(open, task, rest);
  }

  /**
   * Fires timers until the slice is over; returns whether all have fired. They cannot be given back as elements can: they fire
   * however long the bundle has lasted.
   */
  #fire(open: OpenBundle, { timers }: BundleTask): boolean {
    if (timers.length > open.bundle.fired) void open.fire(timers);
    return open.bundle.fired === timers.length;
  }

  /** Processes work until the slice is over; returns what is left of it. */
  #slice(open: OpenBundle, work: Work): Residual[] {
    const rest: Residual[] = [];
    for (const item of work) {
      const { input, batch } = item;
      const done = rest.length > 0 ? 0 : (open.process(input, batch) as number);
      if (done < batch.count) rest.push({ ...item, batch: batch.slice(done, batch.count), delay: 0 });
    }
    return open.resumable(rest);
  }

  #divisibleOf({ bundle }: OpenBundle, task: BundleTask): DivisibleBundle {
    this.#divisible = new DivisibleBundle(bundle, task.inputs, this.#processes);
    return this.#divisible;
  }

  /** Goes on slice by slice, letting the event loop turn in between. */
  async #continue(open: OpenBundle, task: BundleTask, left: Residual[]): Promise<BundleResult> {
    const { bundle } = open;
    const divisible = this.#divisibleOf(open, task);
    divisible.waiting = left;
    try {
      while (divisible.waiting.length > 0 && !bundle.over) {
        await nextTurn();
        bundle.nextSlice();
        divisible.waiting = this.#slice(open, divisible.waiting);
      }
      while (!this.#fire(open, task)) {
        await nextTurn();
        bundle.nextSlice();
      }
      return this.#finish(open, divisible.waiting);
    } catch (thrown) {
      return await this.#awaitFromNowOn(task, thrown);
    } finally {
      this.#divisible = undefined;
    }
  }

  #finish(open: OpenBundle, rest: readonly Residual[]): BundleResult {
    void open.finish();
    return this.#result(open, rest);
  }

  async #runAwaiting(open: OpenBundle, task: BundleTask): Promise<BundleResult> {
    await open.start();
    const { bundle } = open;
    const divisible = this.#divisibleOf(open, task);
    divisible.waiting = task.inputs.map((item) => ({ ...item, delay: 0 }));
    try {
      do {
        await this.#awaitSlice(open, divisible);
        await nextTurn();
      } while (divisible.waiting.length > 0 && !bundle.over);
    } finally {
      this.#divisible = undefined;
    }
    while (bundle.fired < task.timers.length) {
      bundle.nextSlice();
      await open.fire(task.timers);
      await nextTurn();
    }
    await open.finish();
    return this.#result(open, divisible.waiting);
  }

  /** Processes what waits until the slice is over; the rest of it goes on waiting. */
  async #awaitSlice(open: OpenBundle, divisible: DivisibleBundle): Promise<void> {
    const { bundle } = open;
    bundle.nextSlice();
    for (let next = divisible.waiting.shift(); next !== undefined; next = divisible.waiting.shift()) {
      const { input, batch } = next;
      divisible.current = next;
      bundle.begun = 0;
      bundle.limit = batch.count;
      const done = await open.process(input, batch);
      divisible.current = undefined;
      if (done >= bundle.limit) continue;
      divisible.waiting.unshift({ ...next, batch: batch.slice(done, bundle.limit) });
      break;
    }
    divisible.waiting = open.resumable(divisible.waiting);
  }

  #result({ bundle }: OpenBundle, rest: readonly Residual[]): BundleResult {
    const outputs = this.#stage.sinks.flatMap(({ builder }, output) =>
      builder.take().map((batch) => ({ output, batch })),
    );
    const { state, timers, finalizers, metrics } = bundle;
    return {
      outputs,
      residuals: [...bundle.residuals, ...rest],
      metrics,
      ...(state.length === 0 ? {} : { state }),
      ...(timers.length === 0 ? {} : { timers }),
      ...(finalizers.length === 0 ? {} : { finalize: () => this.#finalization.call(finalizers) }),
    };
  }

  async close(): Promise<void> {
    await this.#finalization.settled();
    await this.#stage.teardown();
  }
}

/** What processes restrictions in a step, if that is what it does. */
function processOf(step: Step): ProcessSizedOperator | undefined {
  if (step.kind !== "operator") return undefined;
  const operator = step.operator instanceof EachWindowOperator ? step.operator.inner : step.operator;
  return operator instanceof ProcessSizedOperator ? operator : undefined;
}
