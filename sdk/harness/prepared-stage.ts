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
import { EachWindowOperator } from "./do-fn-operators.js";
import { generateChain, mayGenerateCode } from "./generated-chain.js";
import { promised } from "./inline-calls.js";
import { type BundleProgress, type BundleSplit, OpenBundle } from "./open-bundle.js";
import { isPromise, PromiseReturned, type Step } from "./operator.js";
import { type BuiltProgram, buildProgram } from "./program.js";
import { ProcessSizedOperator } from "./splittable-operators.js";
import { StageComponents } from "./stage-components.js";
import { userError } from "./user-error.js";

type Work = BundleTask["inputs"];

export class HarnessStage implements PreparedStage {
  readonly #program: BuiltProgram;
  readonly #components: StageComponents;
  readonly #elementOf: readonly ElementOf[];
  readonly #cursor: Cursor;
  /** By index of the stage's inputs, what processes its restrictions. */
  readonly #processes: readonly (ProcessSizedOperator | undefined)[];
  #chain: Chain;
  #awaiting: boolean;
  /** The bundle that is being processed, where that takes turns of the event loop. */
  #open: OpenBundle | undefined;

  constructor(
    readonly descriptor: StageDescriptor,
    windows: WindowTable,
    functions: FunctionTable,
  ) {
    this.#components = new StageComponents(descriptor, windows);
    this.#cursor = new Cursor(windows.global);
    this.#program = buildProgram(this.#components, functions, new Cursor(windows.global));
    this.#elementOf = descriptor.inputs.map(({ pcollection }) => this.#components.codec(pcollection).elementOf);
    this.#processes = this.#program.inputs.map((steps) => steps.map(processOf).find((it) => it !== undefined));
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

  /** How far the bundle that is being processed has come; undefined if there is none to ask about. */
  progress(): BundleProgress | undefined {
    return this.#open?.progress;
  }

  /**
   * Divides the bundle that is being processed, see {@link OpenBundle.trySplit}. To be called when the event loop turns: what
   * is synchronous lets it turn once in a slice of its time.
   *
   * @returns undefined if nothing can be given away, or nothing is being processed.
   */
  trySplit(fraction: number, allowed?: readonly number[]): BundleSplit | undefined {
    return this.#open?.trySplit(fraction, allowed);
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

  #runAtOnce(task: BundleTask): BundleResult | Promise<BundleResult> {
    const bundle = new Bundle(task, this.#program.meter);
    for (const step of this.#program.steps) {
      this.#attributed(step.transform, () => this.#settled(this.#start(step, bundle), step.transform));
    }
    const rest = this.#slice(task.inputs, bundle);
    return rest.length === 0 || bundle.over ? this.#finish(bundle, rest) : this.#continue(bundle, rest);
  }

  /** Processes work until the slice is over; returns what is left of it. */
  #slice(work: Work, bundle: Bundle): Residual[] {
    const rest: Residual[] = [];
    for (const item of work) {
      const { input, batch } = item;
      const done = rest.length > 0 ? 0 : (this.#chain.run(input, batch, bundle) as number);
      if (done < batch.count) rest.push({ ...item, batch: batch.slice(done, batch.count), delay: 0 });
    }
    return this.#resumable(bundle, rest);
  }

  /** Goes on slice by slice, letting the event loop turn in between. */
  async #continue(bundle: Bundle, left: Residual[]): Promise<BundleResult> {
    const open = this.#opened(bundle);
    open.waiting = left;
    try {
      while (open.waiting.length > 0 && !bundle.over) {
        await nextTurn();
        bundle.nextSlice();
        open.waiting = this.#slice(open.waiting, bundle);
      }
      return this.#finish(bundle, open.waiting);
    } catch (thrown) {
      if (!(thrown instanceof PromiseReturned)) throw thrown;
      return this.#awaitFromNowOn(bundle.task, thrown);
    } finally {
      this.#open = undefined;
    }
  }

  #opened(bundle: Bundle): OpenBundle {
    this.#open = new OpenBundle(bundle, this.#processes);
    return this.#open;
  }

  /**
   * What may be gone on with in the next slice: parts given up in the middle come before what is untouched, unless they never
   * end: those take turns.
   */
  #resumable(bundle: Bundle, untouched: Residual[]): Residual[] {
    const now = bundle.residuals.filter(({ delay }) => delay <= 0);
    bundle.residuals = bundle.residuals.filter(({ delay }) => delay > 0);
    const endless = now.filter(({ bounded }) => bounded === false);
    return [...now.filter(({ bounded }) => bounded !== false), ...untouched, ...endless];
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
    const bundle = new Bundle(task, this.#program.meter);
    for (const step of this.#program.steps) {
      try {
        await this.#start(step, bundle);
      } catch (thrown) {
        throw userError(thrown, step.transform);
      }
    }
    const open = this.#opened(bundle);
    open.waiting = task.inputs.map((item) => ({ ...item, delay: 0 }));
    try {
      do {
        await this.#awaitSlice(open);
        await nextTurn();
      } while (open.waiting.length > 0 && !bundle.over);
    } finally {
      this.#open = undefined;
    }
    for (const step of this.#program.steps) {
      if (step.kind !== "operator" || step.operator.finish === undefined) continue;
      try {
        await this.#chain.finish(step);
      } catch (thrown) {
        throw userError(thrown, step.transform);
      }
    }
    return this.#result(bundle, open.waiting);
  }

  /** Processes what waits until the slice is over; the rest of it goes on waiting. */
  async #awaitSlice(open: OpenBundle): Promise<void> {
    const { bundle } = open;
    bundle.nextSlice();
    for (let next = open.waiting.shift(); next !== undefined; next = open.waiting.shift()) {
      const { input, batch } = next;
      open.current = next;
      bundle.begun = 0;
      bundle.limit = batch.count;
      const done = await this.#chain.run(input, batch, bundle);
      open.current = undefined;
      if (done >= bundle.limit) continue;
      open.waiting.unshift({ ...next, batch: batch.slice(done, bundle.limit) });
      break;
    }
    open.waiting = this.#resumable(bundle, open.waiting);
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
    const { finalize, metrics } = bundle;
    const residuals = [...bundle.residuals, ...rest];
    return { outputs, residuals, metrics, ...(finalize === undefined ? {} : { finalize }) };
  }

  async close(): Promise<void> {
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

/** What processes restrictions in a step, if that is what it does. */
function processOf(step: Step): ProcessSizedOperator | undefined {
  if (step.kind !== "operator") return undefined;
  const operator = step.operator instanceof EachWindowOperator ? step.operator.inner : step.operator;
  return operator instanceof ProcessSizedOperator ? operator : undefined;
}
