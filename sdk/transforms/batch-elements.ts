import { GirderError } from "../../portability/errors.js";
import type { Instant } from "../../portability/execution/time.js";
import type { BoundedWindow } from "../../portability/execution/window.js";
import { requireInteger } from "../combiners/arguments.js";
import { type ContextParam, timestampParam, windowParam } from "../pipeline/context.js";
import type { DoFn, Timestamped } from "../pipeline/do-fn.js";
import type { PCollection } from "../pipeline/pcollection.js";
import { named, type PTransform } from "../pipeline/pvalue.js";

/** How large batches are. */
export interface BatchElementsOptions {
  /** Elements of a batch, at least; the last one of a bundle may have fewer. Default: 1. */
  readonly min?: number;
  /** Elements of a batch, at most. Default: 10,000. */
  readonly max?: number;
  /** Between `min` and `max` batches become as large as what follows processes in this time, ms. Default: 100. */
  readonly targetDuration?: number;
}

interface Open<T> {
  readonly elements: T[];
  timestamp: Instant;
}

type BatchContext = {
  readonly timestamp: ContextParam<Instant>;
  readonly window: ContextParam<BoundedWindow>;
};

/**
 * Gathers elements of one window and bundle to arrays, for work that is cheaper done for many at once. A batch has the
 * timestamp of the element that came last.
 *
 * Batches never reach over bundles: where bundles are small, so are batches. See `groupIntoBatches` for batches of a size.
 *
 * @throws GirderError `invalid-argument` for sizes that are not whole numbers of at least 1, or a `min` above `max`.
 */
export function batchElements<T>(
  options: BatchElementsOptions = {},
): PTransform<PCollection<T>, PCollection<readonly T[]>> {
  const { min = 1, max = Math.max(10_000, min), targetDuration = 100 } = options;
  requireInteger("BatchElements", min, 1);
  requireInteger("BatchElements", max, 1);
  if (min > max || !(targetDuration > 0)) {
    throw new GirderError(
      "invalid-argument",
      `Batches cannot have from ${min} to ${max} elements, in ${targetDuration} ms.`,
      { remedy: "Give a min that is not above max, and a positive duration." },
    );
  }
  return named("BatchElements", (input) =>
    input.parDo("Batch", new Batching<T>(min, max, targetDuration), {
      timestamp: timestampParam(),
      window: windowParam(),
    }),
  );
}

class Batching<T> implements DoFn<T, readonly T[], BatchContext> {
  #open = new Map<BoundedWindow, Open<T>>();
  #size: number;

  constructor(
    readonly min: number,
    readonly max: number,
    readonly targetDuration: number,
  ) {
    this.#size = min;
  }

  startBundle(): void {
    this.#open = new Map();
  }

  *process(
    element: T,
    context: { readonly timestamp: Instant; readonly window: BoundedWindow },
  ): Generator<readonly T[]> {
    const { timestamp, window } = context;
    let open = this.#open.get(window);
    if (open === undefined) {
      open = { elements: [], timestamp };
      this.#open.set(window, open);
    }
    open.elements.push(element);
    open.timestamp = timestamp;
    if (open.elements.length < this.#size) return;
    this.#open.delete(window);
    const begin = performance.now();
    yield open.elements;
    this.#adapt(open.elements.length, performance.now() - begin);
  }

  /** What follows runs between two steps of the generator, as far as it is part of the same stage. */
  #adapt(size: number, duration: number): void {
    const fitting = duration === 0 ? size * 2 : Math.floor((size * this.targetDuration) / duration);
    this.#size = Math.min(this.max, Math.max(this.min, Math.min(fitting, size * 2)));
  }

  *finishBundle(): Generator<Timestamped<readonly T[]>> {
    for (const [window, { elements, timestamp }] of this.#open) yield { value: elements, timestamp, window };
    this.#open = new Map();
  }
}
