/** Operators around the author's functions. */
import { GirderError } from "../../portability/errors.js";
import type { Batch, WindowSet } from "../../portability/execution/batch.js";
import type { Timer } from "../../portability/execution/timer.js";
import type { InternedWindow } from "../../portability/execution/window.js";
import type { DoFn, RoutedOutputs, Timestamped } from "../pipeline/do-fn.js";
import type { Bundle } from "./bundle.js";
import type { ElementOf } from "./chain.js";
import type { ContextBinding } from "./context-binding.js";
import type { Cursor } from "./cursor.js";
import { checkedTimestamp, promised } from "./inline-calls.js";
import { isPromise, type Operator, type Receiver } from "./operator.js";
import { sendOutputs } from "./send-outputs.js";
import type { TimedOperator } from "./state/keyed-operator.js";
import { excerpt } from "./user-error.js";

type Call = (element: unknown, context: unknown) => unknown;

/** Finds the interned window of a window that an author's function names. */
export type InternWindow = (window: Timestamped<unknown>["window"]) => InternedWindow;

/** Contexts by cursor: one for a synchronous chain, one for each call of an awaiting one. */
export function contexts(binding: ContextBinding): (cursor: Cursor) => object | undefined {
  let last: { cursor: Cursor; context: object | undefined } | undefined;
  return (cursor) => {
    if (last?.cursor !== cursor) last = { cursor, context: binding.make?.(cursor) };
    return last.context;
  };
}

/** A DoFn with a life of its own. */
export class DoFnOperator implements TimedOperator {
  readonly isExclusive: boolean;
  readonly #context: (cursor: Cursor) => object | undefined;

  constructor(
    readonly transform: string,
    readonly doFn: DoFn<never, unknown>,
    readonly binding: ContextBinding,
    readonly intern: InternWindow,
    /** Where `startBundle` and `finishBundle` stand: they belong to no element. */
    readonly outside: Cursor,
  ) {
    this.#context = contexts(binding);
    this.isExclusive = doFn.startBundle !== undefined || doFn.finishBundle !== undefined;
  }

  setup(): void | Promise<void> {
    return this.doFn.setup?.();
  }

  start(bundle: Bundle): void | Promise<void> {
    this.binding.start(bundle);
    return this.doFn.startBundle?.(this.#context(this.outside) as never);
  }

  process(value: unknown, cursor: Cursor, outputs: readonly Receiver[]): void | Promise<void> {
    const result = this.doFn.process(value as never, this.#context(cursor) as never);
    return sendOutputs(result, this.transform, value, cursor, outputs[0]!);
  }

  onTimer(
    name: string,
    key: unknown,
    timer: Timer,
    cursor: Cursor,
    outputs: readonly Receiver[],
  ): void | Promise<void> {
    const { window, hold: timestamp, fire: fireTimestamp, tag } = timer;
    const fired = { key, window: window.value, timestamp, fireTimestamp, tag };
    const result = this.doFn.onTimer![name]!(fired as never, this.#context(cursor) as never);
    return sendOutputs(result, this.transform, fired, cursor, outputs[0]!);
  }

  onWindowExpiration(
    key: unknown,
    { window, hold: timestamp }: Timer,
    cursor: Cursor,
    outputs: readonly Receiver[],
  ): void | Promise<void> {
    const expired = { key, window: window.value, timestamp };
    const result = this.doFn.onWindowExpiration!(expired as never, this.#context(cursor) as never);
    return sendOutputs(result, this.transform, expired, cursor, outputs[0]!);
  }

  finish(cursor: Cursor, outputs: readonly Receiver[]): void | Promise<void> {
    const result = this.doFn.finishBundle?.(this.#context(this.outside) as never);
    return sendOutputs(result, this.transform, undefined, cursor, (output) => {
      const { value, timestamp, window } = this.#checked(output);
      cursor.timestamp = timestamp;
      cursor.windows = this.intern(window);
      outputs[0]!(value);
    });
  }

  #checked(output: unknown): Timestamped<unknown> {
    const { timestamp, window } = (output ?? {}) as Partial<Timestamped<unknown>>;
    if (timestamp === undefined || window === undefined) {
      throw new GirderError("user-exception", "finishBundle emitted something without timestamp and window.", {
        where: this.transform,
        remedy: "Emit { value, timestamp, window }: a bundle's end belongs to no element that could lend them.",
      });
    }
    checkedTimestamp(timestamp, this.transform);
    return output as Timestamped<unknown>;
  }

  teardown(): void | Promise<void> {
    return this.doFn.teardown?.();
  }
}

/** A map, filter or flatMap whose context cannot be handed over inline: it sees an element once for each of its windows. */
export class FunctionOperator implements Operator {
  readonly #context: (cursor: Cursor) => object | undefined;

  constructor(
    readonly kind: "map" | "filter" | "flatMap",
    readonly transform: string,
    readonly fn: Call,
    readonly binding: ContextBinding,
  ) {
    this.#context = contexts(binding);
  }

  start(bundle: Bundle): void {
    this.binding.start(bundle);
  }

  process(value: unknown, cursor: Cursor, outputs: readonly Receiver[]): void | Promise<void> {
    const result = this.fn(value, this.#context(cursor));
    if (this.kind === "flatMap") return sendOutputs(result, this.transform, value, cursor, outputs[0]!);
    const send = (settled: unknown): void => {
      if (this.kind === "map") outputs[0]!(settled);
      else if (settled) outputs[0]!(value);
    };
    if (isPromise(result)) {
      if (!cursor.awaits) throw promised(result, this.transform);
      return Promise.resolve(result).then(send);
    }
    send(result);
  }
}

/** A function that says for each output which PCollection it goes to. */
export class RouteOperator implements Operator {
  readonly #context: (cursor: Cursor) => object | undefined;
  readonly #index: ReadonlyMap<string, number>;

  constructor(
    readonly transform: string,
    readonly fn: (element: unknown, context: unknown) => RoutedOutputs | PromiseLike<RoutedOutputs>,
    tags: readonly string[],
    readonly binding: ContextBinding,
  ) {
    this.#context = contexts(binding);
    this.#index = new Map(tags.map((tag, i) => [tag, i]));
  }

  start(bundle: Bundle): void {
    this.binding.start(bundle);
  }

  process(value: unknown, cursor: Cursor, outputs: readonly Receiver[]): void | Promise<void> {
    const result = this.fn(value, this.#context(cursor));
    if (isPromise(result)) {
      if (!cursor.awaits) throw promised(result, this.transform);
      return Promise.resolve(result).then((settled) => this.#send(settled, value, outputs));
    }
    this.#send(result, value, outputs);
  }

  #send(routed: RoutedOutputs, element: unknown, outputs: readonly Receiver[]): void {
    for (const { tag, value } of routed) {
      const index = this.#index.get(tag);
      if (index === undefined) {
        const tags = Array.from(this.#index.keys(), (known) => JSON.stringify(known)).join(", ");
        throw new GirderError("user-exception", `There is no output "${tag}"; the outputs are ${tags}.`, {
          where: this.transform,
          remedy: `Element: ${excerpt(element)}`,
        });
      }
      outputs[index]!(value);
    }
  }
}

/** Runs an operator that sees windows once for each window of an element. */
export class EachWindowOperator implements Operator {
  constructor(readonly inner: Operator) {}

  get isExclusive(): boolean {
    return this.inner.isExclusive === true;
  }

  setup(): void | Promise<void> {
    return this.inner.setup?.();
  }

  start(bundle: Bundle): void | Promise<void> {
    return this.inner.start?.(bundle);
  }

  process(value: unknown, cursor: Cursor, outputs: readonly Receiver[]): void | Promise<void> {
    const { windows } = cursor;
    if (!Array.isArray(windows)) return this.inner.process(value, cursor, outputs);
    return this.#each(windows as readonly InternedWindow[], 0, windows, value, cursor, outputs);
  }

  #each(
    windows: readonly InternedWindow[],
    from: number,
    all: WindowSet,
    value: unknown,
    cursor: Cursor,
    outputs: readonly Receiver[],
  ): void | Promise<void> {
    for (let i = from; i < windows.length; i++) {
      cursor.windows = windows[i]!;
      const pending = this.inner.process(value, cursor, outputs);
      if (pending !== undefined) return pending.then(() => this.#each(windows, i + 1, all, value, cursor, outputs));
    }
    cursor.windows = all;
  }

  prefetch(batch: Batch, elementOf: ElementOf): Promise<unknown> | undefined {
    return this.inner.prefetch?.(batch, elementOf);
  }

  prefetchTimers(timers: readonly Timer[]): Promise<unknown> | undefined {
    return this.inner.prefetchTimers?.(timers);
  }

  fire(timer: Timer, cursor: Cursor, outputs: readonly Receiver[]): void | Promise<void> {
    return this.inner.fire?.(timer, cursor, outputs);
  }

  finish(cursor: Cursor, outputs: readonly Receiver[]): void | Promise<void> {
    return this.inner.finish?.(cursor, outputs);
  }

  teardown(): void | Promise<void> {
    return this.inner.teardown?.();
  }
}
