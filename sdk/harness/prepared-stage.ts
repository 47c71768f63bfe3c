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
import { Finalization } from "./finalization.js";
import type { OpenBundle } from "./open-bundle.js";
import { PromiseReturned } from "./operator.js";
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
  }

  codec(pcollection: string): BatchCodec {
    return this.#stage.components.codec(pcollection);
  }

  setup(): Promise<void> {
    return this.#stage.setup();
  }

  run(task: BundleTask): BundleResult | Promise<BundleResult> {
    for (const { builder } of this.#stage.sinks) builder.take();
    const committedState = this.options.committedState?.(task);
    const open = this.#stage.open(committedState === undefined ? task : { ...task, committedState }, this.#meter);
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
    if (timers.length > open.fired) void open.fire(timers);
    return open.fired === timers.length;
  }

  /** Processes work until the slice is over; returns what is left of it. */
  #slice(open: OpenBundle, work: Work): Residual[] {
    const rest: Residual[] = [];
    for (const { input, batch } of work) {
      const done = rest.length > 0 ? 0 : (open.process(input, batch) as number);
      if (done < batch.count) rest.push({ input, batch: batch.slice(done, batch.count), delay: 0 });
    }
    return open.resumable(rest);
  }

  /** Goes on slice by slice, letting the event loop turn in between. */
  async #continue(open: OpenBundle, task: BundleTask, left: Residual[]): Promise<BundleResult> {
    let rest = left;
    try {
      while (rest.length > 0 && !open.bundle.over) {
        await nextTurn();
        open.bundle.nextSlice();
        rest = this.#slice(open, rest);
      }
      while (!this.#fire(open, task)) {
        await nextTurn();
        open.bundle.nextSlice();
      }
      return this.#finish(open, rest);
    } catch (thrown) {
      return this.#awaitFromNowOn(task, thrown);
    }
  }

  #finish(open: OpenBundle, rest: readonly Residual[]): BundleResult {
    void open.finish();
    return this.#result(open, rest);
  }

  async #runAwaiting(open: OpenBundle, task: BundleTask): Promise<BundleResult> {
    await open.start();
    let work: Work = task.inputs;
    let rest: Residual[] = [];
    do {
      open.bundle.nextSlice();
      const untouched: Residual[] = [];
      for (const { input, batch } of work) {
        const done = untouched.length > 0 ? 0 : await open.process(input, batch);
        if (done < batch.count) untouched.push({ input, batch: batch.slice(done, batch.count), delay: 0 });
      }
      rest = open.resumable(untouched);
      work = rest;
      await nextTurn();
    } while (rest.length > 0 && !open.bundle.over);
    while (open.fired < task.timers.length) {
      open.bundle.nextSlice();
      await open.fire(task.timers);
      await nextTurn();
    }
    await open.finish();
    return this.#result(open, rest);
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
