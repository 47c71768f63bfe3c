/** A stage ready to run: its program, compiled, and the bundles put through it. */
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
import { awaitingChain } from "./awaiting-chain.js";
import { Bundle } from "./bundle.js";
import type { Chain, ElementOf } from "./chain.js";
import { closureChain } from "./closure-chain.js";
import { Cursor } from "./cursor.js";
import { Finalization } from "./finalization.js";
import { generateChain, mayGenerateCode } from "./generated-chain.js";
import { promised } from "./inline-calls.js";
import { isPromise, PromiseReturned } from "./operator.js";
import { type BuiltProgram, buildProgram } from "./program.js";
import { StageComponents } from "./stage-components.js";
import type { CommittedState } from "./state/committed-state.js";
import { userError } from "./user-error.js";

type Work = BundleTask["inputs"];

/** What a stage may be told beside what to do. */
export interface HarnessOptions {
  /** Where a bundle's cells of state get what is committed. Default: the view that comes with the bundle's task. */
  readonly committedState?: (task: BundleTask) => CommittedState;
}

export class HarnessStage implements PreparedStage {
  readonly #program: BuiltProgram;
  readonly #components: StageComponents;
  readonly #elementOf: readonly ElementOf[];
  readonly #cursor: Cursor;
  #chain: Chain;
  #awaiting: boolean;
  readonly #finalization = new Finalization();

  constructor(
    readonly descriptor: StageDescriptor,
    windows: WindowTable,
    functions: FunctionTable,
    readonly options: HarnessOptions = {},
  ) {
    this.#components = new StageComponents(descriptor, windows);
    this.#cursor = new Cursor(windows.global);
    this.#program = buildProgram(this.#components, functions, new Cursor(windows.global));
    this.#elementOf = descriptor.inputs.map(({ pcollection }) => this.#components.codec(pcollection).elementOf);
    this.#awaiting = this.#program.steps.some((step) => step.asynchronous);
    this.#chain = this.#compile();
  }

  #compile(): Chain {
    if (this.#awaiting) return awaitingChain(this.#program, this.#cursor, this.#elementOf);
    const build = mayGenerateCode() ? generateChain : closureChain;
    return build(this.#program, this.#cursor, this.#elementOf);
  }

  codec(pcollection: string): BatchCodec {
    return this.#components.codec(pcollection);
  }

  /** Calls the authors' `setup`. */
  async setup(): Promise<void> {
    for (const step of this.#program.steps) {
      if (step.kind !== "operator" || step.operator.setup === undefined) continue;
      try {
        await step.operator.setup();
      } catch (thrown) {
        throw userError(thrown, step.transform);
      }
    }
  }

  run(task: BundleTask): BundleResult | Promise<BundleResult> {
    for (const sink of this.#program.sinks) sink.builder.take();
    if (this.#awaiting) return this.#runAwaiting(task);
    try {
      return this.#runAtOnce(task);
    } catch (thrown) {
      if (!(thrown instanceof PromiseReturned)) throw thrown;
      return this.#awaitFromNowOn(task, thrown);
    }
  }

  /** A function has returned a promise after all: the bundle is run again, and every later one, by a chain that awaits. */
  async #awaitFromNowOn(task: BundleTask, { settled }: PromiseReturned): Promise<BundleResult> {
    // What hangs on the promise belongs to the run that is given up: it must not count in the next.
    await settled;
    this.#awaiting = true;
    this.#chain = this.#compile();
    for (const sink of this.#program.sinks) sink.builder.take();
    return this.#runAwaiting(task);
  }

  #newBundle(task: BundleTask): Bundle {
    return new Bundle(task, this.#program.meter, this.options.committedState?.(task));
  }

  #runAtOnce(task: BundleTask): BundleResult | Promise<BundleResult> {
    const bundle = this.#newBundle(task);
    for (const step of this.#program.steps) {
      this.#attributed(step.transform, () => this.#settled(this.#start(step, bundle), step.transform));
    }
    const rest = this.#slice(task.inputs, bundle);
    const isDone = (rest.length === 0 || bundle.over) && this.#fire(bundle);
    return isDone ? this.#finish(bundle, rest) : this.#continue(bundle, rest);
  }

  /**
   * Fires timers until the slice is over; returns whether all have fired. They cannot be given back as elements can: they fire
   * however long the bundle has lasted.
   */
  #fire(bundle: Bundle): boolean {
    const { timers } = bundle.task;
    if (timers.length > bundle.fired) bundle.fired = this.#chain.fire(timers, bundle.fired, bundle) as number;
    return bundle.fired === timers.length;
  }

  /** Processes work until the slice is over; returns what is left of it. */
  #slice(work: Work, bundle: Bundle): Residual[] {
    const rest: Residual[] = [];
    for (const { input, batch } of work) {
      const done = rest.length > 0 ? 0 : (this.#chain.run(input, batch, bundle) as number);
      if (done < batch.count) rest.push({ input, batch: batch.slice(done, batch.count), delay: 0 });
    }
    return this.#resumable(bundle, rest);
  }

  /** Goes on slice by slice, letting the event loop turn in between. */
  async #continue(bundle: Bundle, left: Residual[]): Promise<BundleResult> {
    let rest = left;
    try {
      while (rest.length > 0 && !bundle.over) {
        await nextTurn();
        bundle.nextSlice();
        rest = this.#slice(rest, bundle);
      }
      while (!this.#fire(bundle)) {
        await nextTurn();
        bundle.nextSlice();
      }
      return this.#finish(bundle, rest);
    } catch (thrown) {
      if (!(thrown instanceof PromiseReturned)) throw thrown;
      return this.#awaitFromNowOn(bundle.task, thrown);
    }
  }

  /** What may be gone on with in the next slice: parts given up in the middle come before what is untouched. */
  #resumable(bundle: Bundle, untouched: Residual[]): Residual[] {
    const now = bundle.residuals.filter(({ delay }) => delay <= 0);
    bundle.residuals = bundle.residuals.filter(({ delay }) => delay > 0);
    return [...now, ...untouched];
  }

  #finish(bundle: Bundle, rest: readonly Residual[]): BundleResult {
    for (const step of this.#program.steps) {
      if (step.kind !== "operator" || step.operator.finish === undefined) continue;
      this.#attributed(step.transform, () => this.#settled(this.#chain.finish(step), step.transform));
    }
    return this.#result(bundle, rest);
  }

  #settled(value: unknown, transform: string): void {
    if (isPromise(value)) throw promised(value, transform);
  }

  async #runAwaiting(task: BundleTask): Promise<BundleResult> {
    const bundle = this.#newBundle(task);
    for (const step of this.#program.steps) {
      try {
        await this.#start(step, bundle);
      } catch (thrown) {
        throw userError(thrown, step.transform);
      }
    }
    let work: Work = task.inputs;
    let rest: Residual[] = [];
    do {
      bundle.nextSlice();
      const untouched: Residual[] = [];
      for (const { input, batch } of work) {
        const done = untouched.length > 0 ? 0 : await this.#chain.run(input, batch, bundle);
        if (done < batch.count) untouched.push({ input, batch: batch.slice(done, batch.count), delay: 0 });
      }
      rest = this.#resumable(bundle, untouched);
      work = rest;
      await nextTurn();
    } while (rest.length > 0 && !bundle.over);
    while (bundle.fired < task.timers.length) {
      bundle.nextSlice();
      bundle.fired = await this.#chain.fire(task.timers, bundle.fired, bundle);
      await nextTurn();
    }
    for (const step of this.#program.steps) {
      if (step.kind !== "operator" || step.operator.finish === undefined) continue;
      try {
        await this.#chain.finish(step);
      } catch (thrown) {
        throw userError(thrown, step.transform);
      }
    }
    return this.#result(bundle, rest);
  }

  #start(step: BuiltProgram["steps"][number], bundle: Bundle): void | Promise<void> {
    return step.kind === "operator" ? step.operator.start?.(bundle) : step.start?.(bundle);
  }

  #attributed(transform: string, call: () => void): void {
    try {
      call();
    } catch (thrown) {
      throw userError(thrown, transform);
    }
  }

  #result(bundle: Bundle, rest: readonly Residual[]): BundleResult {
    const outputs = this.#program.sinks.flatMap(({ builder }, output) =>
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
    for (const step of this.#program.steps) {
      if (step.kind !== "operator") continue;
      try {
        await step.operator.teardown?.();
      } catch (thrown) {
        throw userError(thrown, step.transform);
      }
    }
  }
}
