/** The parts that a runner makes of a splittable ParDo. */
import { GirderError } from "../../portability/errors.js";
import { type Batch, entry } from "../../portability/execution/batch.js";
import type { Residual } from "../../portability/execution/stage.js";
import { ClaimGuard, type GuardedTracker } from "../splittable/claim-guard.js";
import { type Allowance, type OffsetRange, OffsetRangeTracker } from "../splittable/offset-range-tracker.js";
import type { AnySplittable, SplittableContext } from "../splittable/splittable-do-fn.js";
import type { Bundle } from "./bundle.js";
import { claimAllowance } from "./claim-allowance.js";
import type { ContextBinding } from "./context-binding.js";
import { Cursor } from "./cursor.js";
import { contexts } from "./do-fn-operators.js";
import { isPromise, type Operator, type Receiver } from "./operator.js";
import { failureAt, type Paired, type Sized, SplittableCall } from "./splittable-call.js";
import { excerpt } from "./user-error.js";

/** Element to KV<element, KV<restriction, state of the watermark estimator>>. */
export class PairWithRestrictionOperator implements Operator {
  constructor(readonly doFn: AnySplittable) {}

  process(element: unknown, cursor: Cursor, outputs: readonly Receiver[]): void | Promise<void> {
    const state = this.doFn.watermark?.initialState(cursor.timestamp) ?? null;
    const send = (restriction: unknown): void => {
      outputs[0]!({ key: element, value: { key: restriction, value: state } } satisfies Paired);
    };
    const restriction = this.doFn.initialRestriction(element);
    if (isPromise(restriction)) return Promise.resolve(restriction).then(send);
    send(restriction);
  }
}

/** Splits restrictions to begin with, and sizes the parts. */
export function splitAndSize(transform: string, doFn: AnySplittable): (element: Paired) => unknown {
  return located(transform, ({ key: element, value: { key: restriction, value: state } }) => {
    const toSized = (part: unknown): Sized => sizedPart(doFn, element, part, state);
    const parts = doFn.split?.(element, restriction) ?? [restriction];
    if (isPromise(parts)) return Promise.resolve(parts).then((settled) => eachPart(settled, toSized));
    if (Symbol.iterator in parts) return Array.from(parts, toSized);
    return eachPart(parts, toSized);
  });
}

async function* eachPart(
  parts: Iterable<unknown> | AsyncIterable<unknown>,
  toSized: (part: unknown) => Sized,
): AsyncGenerator<Sized> {
  for await (const part of parts) yield toSized(part);
}

/** What is still to be done of parts that nobody has begun, when the pipeline is drained. */
export function truncateSized(transform: string, doFn: AnySplittable): (sized: Sized) => Sized[] {
  return located(transform, (sized: Sized) => {
    const { key: element, value: paired } = sized.key;
    if (doFn.truncate === undefined) return isBounded(doFn, element, paired.key) ? [sized] : [];
    const rest = doFn.truncate(element, paired.key);
    return rest === undefined ? [] : [sizedPart(doFn, element, rest, paired.value)];
  });
}

/** The function, its errors with the place where they happened. */
function located<I, O>(transform: string, fn: (input: I) => O): (input: I) => O {
  return (input) => {
    try {
      return fn(input);
    } catch (thrown) {
      throw failureAt(transform, thrown);
    }
  };
}

function sizedPart(doFn: AnySplittable, element: unknown, restriction: unknown, state: unknown): Sized {
  return {
    key: { key: element, value: { key: restriction, value: state } },
    value: sizeOf(doFn, element, restriction),
  };
}

function sizeOf(doFn: AnySplittable, element: unknown, restriction: unknown): number {
  const size = doFn.size?.(element, restriction) ?? trackerOf(doFn, element, restriction).progress().remaining;
  if (!(size >= 0)) {
    throw new GirderError("user-exception", `The size of a restriction is ${excerpt(size)}.`, {
      element: excerpt(element),
      remedy: "Return a number, 0 or more, from size and progress.",
    });
  }
  return Number.isFinite(size) ? size : 1;
}

const NO_LIMIT: Allowance = () => Number.POSITIVE_INFINITY;

function isBounded(doFn: AnySplittable, element: unknown, restriction: unknown): boolean {
  return trackerOf(doFn, element, restriction).isBounded();
}

/** @throws GirderError `user-exception` for a restriction that the DoFn says no tracker for. */
function trackerOf(
  doFn: AnySplittable,
  element: unknown,
  restriction: unknown,
  allowance = NO_LIMIT,
): GuardedTracker<unknown, unknown> {
  const made = doFn.newTracker?.(element, restriction);
  if (made !== undefined) return new ClaimGuard(made, allowance, doFn.bounded ?? true);
  const { from, to } = (restriction ?? {}) as Partial<OffsetRange>;
  if (typeof from !== "number" || typeof to !== "number") {
    throw new GirderError("user-exception", `There is no tracker for the restriction ${excerpt(restriction)}.`, {
      element: excerpt(element),
      remedy: "Give the DoFn a newTracker, or use offset ranges { from, to } for restrictions.",
    });
  }
  return new OffsetRangeTracker({ from, to }, allowance) as GuardedTracker<unknown, unknown>;
}

/** What a bundle has already done of an element that it has not finished. */
interface Begun {
  /** The element as the bundle was given it. */
  readonly original: Sized;
  /** Parts that are done. */
  readonly done: Batch[];
}

/** An element of the bundle that is being processed or waits to be gone on with. */
export interface OpenElement {
  readonly original: Sized;
  readonly done: readonly Batch[];
  /** Share (0 to 1) of it that is not yet done. */
  readonly remaining: number;
  /** Keeps this share of what remains and gives away the rest; undefined where it cannot be divided there. */
  split(fraction: number): Residual | undefined;
  /** What it still has to do, less what was given away. */
  primary(): Batch;
}

/** Processes parts until the bundle ends; what is left of the part in hand goes back to the runner. */
export class ProcessSizedOperator implements Operator {
  #bundle: Bundle | undefined;
  #begun = new WeakMap<Sized, Begun>();
  readonly #calls = new Set<SplittableCall>();
  readonly #context: (cursor: Cursor) => object | undefined;

  constructor(
    readonly transform: string,
    readonly doFn: AnySplittable,
    /** Index of the stage's input that the parts come from. */
    readonly input: number,
    readonly binding: ContextBinding,
  ) {
    this.#context = contexts(binding);
  }

  setup(): void | Promise<void> {
    return this.doFn.setup?.();
  }

  start(bundle: Bundle): void | Promise<void> {
    this.#bundle = bundle;
    this.#begun = new WeakMap();
    this.#calls.clear();
    this.binding.start(bundle);
    return this.doFn.startBundle?.();
  }

  process(value: unknown, cursor: Cursor, outputs: readonly Receiver[]): void | Promise<void> {
    const sized = value as Sized;
    const bundle = this.#bundle!;
    const call = this.#call(sized, cursor, outputs[0]!, claimAllowance(bundle));
    const leave = (residual: Residual): void => {
      bundle.residuals.push(residual);
      if (this.doFn.finalize !== undefined) this.#finalizeLater(call, residual);
      if (residual.delay <= 0) this.#remember(call, residual);
    };
    try {
      const { key: element } = sized.key;
      const { tracker, estimator } = call.about;
      const { output } = call;
      const context = withWatermark(this.#context(cursor) ?? {}, estimator);
      const result = this.doFn.process(element, tracker, output, context);
      const pending = call.settle(result, output, leave);
      if (pending === undefined) return;
      this.#calls.add(call);
      return pending
        .catch((thrown) => {
          throw call.failure(thrown);
        })
        .finally(() => this.#calls.delete(call));
    } catch (thrown) {
      throw call.failure(thrown);
    }
  }

  #call(sized: Sized, cursor: Cursor, receive: Receiver, allowance: Allowance): SplittableCall {
    const { doFn, transform, input } = this;
    const { key: element, value: paired } = sized.key;
    const tracker = trackerOf(doFn, element, paired.key, allowance);
    if (doFn.bounded !== false && !tracker.isBounded()) {
      throw new GirderError("user-exception", "A restriction never ends, but the DoFn is not declared unbounded.", {
        where: transform,
        element: excerpt(element),
        remedy: "Say bounded: false in the splittable DoFn.",
      });
    }
    return new SplittableCall(
      {
        transform,
        input,
        sized,
        tracker,
        estimator: doFn.watermark?.create(paired.value),
        resize: (restriction, state) => sizedPart(doFn, element, restriction, state),
        isBounded: (restriction) => doFn.bounded !== false || isBounded(doFn, element, restriction),
      },
      cursor,
      receive,
    );
  }

  /** Of several rests that an element leaves in a bundle, the last one counts. */
  #finalizeLater({ sized }: SplittableCall, { batch }: Residual): void {
    const { original } = this.#begun.get(sized) ?? { original: sized };
    const { key: element, value } = (batch.columns.refs[0] as Sized).key;
    this.#bundle!.onCommit(() => this.doFn.finalize!(element, value.key), original);
  }

  /** Notes what of an element is done when the rest of it waits in the bundle. */
  #remember(call: SplittableCall, { batch }: Residual): void {
    const begun = this.#begun.get(call.sized) ?? { original: call.sized, done: [] };
    const rest = batch.columns.refs[0] as Sized;
    begun.done.push(call.batch(call.primary));
    this.#begun.set(rest, begun);
  }

  /** The elements that are being processed right now. */
  get underWay(): OpenElement[] {
    return Array.from(this.#calls, (call): OpenElement => {
      const { original, done } = this.#begun.get(call.sized) ?? { original: call.sized, done: [] };
      return {
        original,
        done,
        remaining: call.remaining,
        split: (fraction) => call.split(fraction),
        primary: () => call.batch(call.primary),
      };
    });
  }

  /** The element of which `waiting` is the rest; undefined if it has not been begun. */
  waiting(waiting: Batch): OpenElement | undefined {
    const rest = waiting.columns.refs[0] as Sized;
    const begun = this.#begun.get(rest);
    if (begun === undefined) return undefined;
    const { timestamps, windows, panes } = waiting.columns;
    const place = new Cursor(entry(windows, 0));
    place.set(entry(timestamps, 0), entry(windows, 0), entry(panes, 0));
    const call = this.#call(rest, place, () => {}, NO_LIMIT);
    return {
      ...begun,
      remaining: begun.original.value > 0 ? Math.min(1, rest.value / begun.original.value) : 1,
      split: (fraction) => call.split(fraction),
      primary: () => {
        const { primary } = call;
        this.#begun.set(primary, begun);
        return call.batch(primary);
      },
    };
  }

  async teardown(): Promise<void> {
    await this.doFn.teardown?.();
  }
}

/** The author's context with the watermark estimator of the call. */
function withWatermark(context: object, watermark: unknown): SplittableContext<unknown> {
  return Object.create(context, { watermark: { value: watermark, enumerable: true } });
}
