/** A stage ready to run: its program, compiled, and the bundles put through it. */
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
import { generateChain, mayGenerateCode } from "./generated-chain.js";
import { isPromise, PromiseReturned } from "./operator.js";
import { type BuiltProgram, buildProgram } from "./program.js";
import { StageComponents } from "./stage-components.js";
import { userError } from "./user-error.js";

export class HarnessStage implements PreparedStage {
  readonly #program: BuiltProgram;
  readonly #components: StageComponents;
  readonly #elementOf: readonly ElementOf[];
  readonly #cursor: Cursor;
  #chain: Chain;
  #awaiting: boolean;

  constructor(
    readonly descriptor: StageDescriptor,
    windows: WindowTable,
    functions: FunctionTable,
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
      this.#awaiting = true;
      this.#chain.abandon();
      this.#chain = this.#compile();
      return this.run(task);
    }
  }

  #runAtOnce(task: BundleTask): BundleResult {
    const bundle = new Bundle(task);
    const settled = (value: unknown, transform: string): void => {
      if (isPromise(value)) {
        Promise.resolve(value).catch(() => {});
        throw new PromiseReturned(transform);
      }
    };
    for (const step of this.#program.steps) {
      this.#attributed(step.transform, () => settled(this.#start(step, bundle), step.transform));
    }
    const rest: Residual[] = [];
    for (const { input, batch } of task.inputs) {
      const done = rest.length > 0 ? 0 : (this.#chain.run(input, batch, bundle) as number);
      if (done < batch.count) rest.push({ input, batch: batch.slice(done, batch.count), delay: 0 });
    }
    for (const step of this.#program.steps) {
      if (step.kind !== "operator" || step.operator.finish === undefined) continue;
      this.#attributed(step.transform, () => settled(this.#chain.finish(step), step.transform));
    }
    return this.#result(bundle, rest);
  }

  async #runAwaiting(task: BundleTask): Promise<BundleResult> {
    const bundle = new Bundle(task);
    for (const step of this.#program.steps) {
      try {
        await this.#start(step, bundle);
      } catch (thrown) {
        throw userError(thrown, step.transform);
      }
    }
    const rest: Residual[] = [];
    for (const { input, batch } of task.inputs) {
      const done = rest.length > 0 ? 0 : await this.#chain.run(input, batch, bundle);
      if (done < batch.count) rest.push({ input, batch: batch.slice(done, batch.count), delay: 0 });
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
    return { outputs, residuals: [...bundle.residuals, ...rest], metrics: bundle.metrics };
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
