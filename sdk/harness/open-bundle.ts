/** A bundle between its start and its end, through which elements are put as they come. */
import type { Batch } from "../../portability/execution/batch.js";
import type { Residual } from "../../portability/execution/stage.js";
import type { Timer } from "../../portability/execution/timer.js";
import type { Bundle } from "./bundle.js";
import type { Chain, ElementOf } from "./chain.js";
import { promised } from "./inline-calls.js";
import { isPromise, type StageProgram, type Step } from "./operator.js";
import { userError } from "./user-error.js";

/**
 * ```
 * start  process*  fire*  finish
 * ```
 *
 * Where the stage awaits, each of them gives a promise; where it does not, none does, and each throws
 * {@link PromiseReturned} when a function has returned a promise after all. The bundle is then void, and has to be begun
 * anew on the stage, which awaits from then on.
 */
export class OpenBundle {
  constructor(
    readonly bundle: Bundle,
    readonly program: StageProgram,
    readonly chain: Chain,
    readonly awaits: boolean,
  ) {}

  /** Begins the bundle, for all steps. */
  start(): void | Promise<void> {
    return this.#each((step) =>
      step.kind === "operator" ? step.operator.start?.(this.bundle) : step.start?.(this.bundle),
    );
  }

  /**
   * Loads what the elements of a batch will need of committed state that is elsewhere; undefined if nothing has to be waited for.
   * To be called before the batch is processed.
   */
  prefetch(input: number, batch: Batch, elementOf: ElementOf): Promise<unknown> | undefined {
    const loading = (this.program.inputs[input] ?? []).flatMap((step) =>
      step.kind === "operator" ? (step.operator.prefetch?.(batch, elementOf) ?? []) : [],
    );
    return loading.length === 0 ? undefined : Promise.all(loading);
  }

  /** The same for timers that are about to fire. */
  prefetchTimers(timers: readonly Timer[]): Promise<unknown> | undefined {
    const loading = [...new Set(this.program.timers)].flatMap(
      (step) =>
        step.operator.prefetchTimers?.(timers.filter(({ family }) => this.program.timers[family] === step)) ?? [],
    );
    return loading.length === 0 ? undefined : Promise.all(loading);
  }

  /** Processes elements of a batch until it, the bundle's turn on the thread or the bundle is over; returns how many. */
  process(input: number, batch: Batch): number | Promise<number> {
    return this.chain.run(input, batch, this.bundle);
  }

  /** Fires those of the bundle's timers that have not fired, until its turn on the thread is over. */
  fire(timers: readonly Timer[]): void | Promise<void> {
    const fired = this.chain.fire(timers, this.bundle.fired, this.bundle);
    if (typeof fired === "number") this.bundle.fired = fired;
    else {
      return fired.then((count) => {
        this.bundle.fired = count;
      });
    }
  }

  /**
   * What may be gone on with in the bundle's next turn: parts given up in the middle come before what is untouched, unless they
   * never end: those take turns. Work that has to wait stays with the bundle.
   */
  resumable(untouched: readonly Residual[]): Residual[] {
    const { bundle } = this;
    const now = bundle.residuals.filter(({ delay }) => delay <= 0);
    bundle.residuals = bundle.residuals.filter(({ delay }) => delay > 0);
    const endless = now.filter(({ bounded }) => bounded === false);
    return [...now.filter(({ bounded }) => bounded !== false), ...untouched, ...endless];
  }

  /** Ends the bundle, for all steps, producers first. */
  finish(): void | Promise<void> {
    return this.#each((step) =>
      step.kind === "operator" && step.operator.finish !== undefined ? this.chain.finish(step) : undefined,
    );
  }

  #each(call: (step: Step) => void | Promise<void>): void | Promise<void> {
    if (this.awaits) return this.#eachInTurn(call);
    for (const step of this.program.steps) {
      try {
        const value: unknown = call(step);
        if (isPromise(value)) throw promised(value, step.transform);
      } catch (thrown) {
        throw userError(thrown, step.transform);
      }
    }
  }

  async #eachInTurn(call: (step: Step) => void | Promise<void>): Promise<void> {
    for (const step of this.program.steps) {
      try {
        await call(step);
      } catch (thrown) {
        throw userError(thrown, step.transform);
      }
    }
  }
}
