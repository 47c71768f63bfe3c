/** Fetches the side inputs of an operator's window before it sees an element. */
import type { Timer } from "../../portability/execution/timer.js";
import type { Bundle } from "./bundle.js";
import type { Cursor } from "./cursor.js";
import type { Receiver } from "./operator.js";
import type { TimedOperator } from "./state/keyed-operator.js";

/**
 * Whoever drives the stage fetches what belongs to the windows of the elements that enter it. Here is fetched what belongs
 * to windows that were assigned inside the stage.
 */
export class FetchingOperator implements TimedOperator {
  #bundle: Bundle | undefined;

  constructor(
    readonly inner: TimedOperator,
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

  /** Fetches a side input of the cursor's window that is not there; undefined if all are. */
  #fetch(cursor: Cursor): Promise<void> | undefined {
    const { sideInputs } = this.#bundle!.task;
    for (const side of this.sides) {
      const pending = sideInputs[side]!.load?.(cursor.window);
      if (pending !== undefined) return pending;
    }
    return undefined;
  }

  process(value: unknown, cursor: Cursor, outputs: readonly Receiver[]): void | Promise<void> {
    const pending = this.#fetch(cursor);
    if (pending !== undefined) return pending.then(() => this.process(value, cursor, outputs));
    return this.inner.process(value, cursor, outputs);
  }

  onTimer(
    name: string,
    key: unknown,
    timer: Timer,
    cursor: Cursor,
    outputs: readonly Receiver[],
  ): void | Promise<void> {
    const pending = this.#fetch(cursor);
    if (pending !== undefined) return pending.then(() => this.onTimer(name, key, timer, cursor, outputs));
    return this.inner.onTimer?.(name, key, timer, cursor, outputs);
  }

  onWindowExpiration(key: unknown, timer: Timer, cursor: Cursor, outputs: readonly Receiver[]): void | Promise<void> {
    const pending = this.#fetch(cursor);
    if (pending !== undefined) return pending.then(() => this.onWindowExpiration(key, timer, cursor, outputs));
    return this.inner.onWindowExpiration?.(key, timer, cursor, outputs);
  }

  finish(cursor: Cursor, outputs: readonly Receiver[]): void | Promise<void> {
    return this.inner.finish?.(cursor, outputs);
  }

  teardown(): void | Promise<void> {
    return this.inner.teardown?.();
  }
}
