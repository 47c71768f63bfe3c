/** Fetches the side inputs of an operator's window before it sees an element. */
import type { Batch } from "../../portability/execution/batch.js";
import type { Timer } from "../../portability/execution/timer.js";
import type { InternedWindow } from "../../portability/execution/window.js";
import type { Bundle } from "./bundle.js";
import type { ElementOf } from "./chain.js";
import type { Cursor } from "./cursor.js";
import type { Operator, Receiver } from "./operator.js";

/**
 * Whoever drives the stage fetches what belongs to the windows of the elements that enter it. Here is fetched what belongs
 * to windows that were assigned inside the stage.
 */
export class FetchingOperator implements Operator {
  #bundle: Bundle | undefined;

  constructor(
    readonly inner: Operator,
    /** Indices of the stage's side inputs. */
    readonly sides: readonly number[],
  ) {}

  get isExclusive(): boolean {
    return this.inner.isExclusive === true;
  }

  setup(): void | Promise<void> {
    return this.inner.setup?.();
  }

  start(bundle: Bundle): void | Promise<void> {
    this.#bundle = bundle;
    return this.inner.start?.(bundle);
  }

  #fetch(window: InternedWindow): Promise<void> | undefined {
    const { sideInputs } = this.#bundle!.task;
    for (const side of this.sides) {
      const pending = sideInputs[side]!.load?.(window);
      if (pending !== undefined) return pending.then(() => this.#fetch(window));
    }
    return undefined;
  }

  process(value: unknown, cursor: Cursor, outputs: readonly Receiver[]): void | Promise<void> {
    const pending = this.#fetch(cursor.window);
    if (pending !== undefined) return pending.then(() => this.inner.process(value, cursor, outputs));
    return this.inner.process(value, cursor, outputs);
  }

  prefetch(batch: Batch, elementOf: ElementOf): Promise<unknown> | undefined {
    return this.inner.prefetch?.(batch, elementOf);
  }

  prefetchTimers(timers: readonly Timer[]): Promise<unknown> | undefined {
    return this.inner.prefetchTimers?.(timers);
  }

  fire(timer: Timer, cursor: Cursor, outputs: readonly Receiver[]): void | Promise<void> {
    const pending = this.#fetch(timer.window);
    if (pending !== undefined) return pending.then(() => this.inner.fire?.(timer, cursor, outputs));
    return this.inner.fire?.(timer, cursor, outputs);
  }

  finish(cursor: Cursor, outputs: readonly Receiver[]): void | Promise<void> {
    return this.inner.finish?.(cursor, outputs);
  }

  teardown(): void | Promise<void> {
    return this.inner.teardown?.();
  }
}
