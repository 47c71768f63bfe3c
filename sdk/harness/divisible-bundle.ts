/** A bundle that is being processed: how far it has come, and how it is divided from outside. */
import type { BundleTask, Residual } from "../../portability/execution/stage.js";
import type { Bundle } from "./bundle.js";
import type { OpenElement, ProcessSizedOperator } from "./splittable-operators.js";

type Work = BundleTask["inputs"];
type WorkItem = Work[number];

/** An element that has been begun and is not done. */
interface Begun {
  readonly element: OpenElement;
  /** Where it waits to be gone on with; undefined while it is being processed. */
  readonly at: number | undefined;
  readonly input: number;
}

/** Elements of a bundle, those in hand by the share that is done or not. */
export interface BundleProgress {
  readonly completed: number;
  readonly remaining: number;
}

/** What has become of an open bundle that was divided. */
export interface BundleDivision {
  /**
   * By input, counted over the task's batches: elements before `primaryEnd` are the bundle's as they were, those from
   * `residualStart` on are not the bundle's any more. Those in between have become {@link primaries} and {@link residuals}.
   */
  readonly channels: readonly { readonly input: number; readonly primaryEnd: number; readonly residualStart: number }[];
  /** Parts of elements, and whole ones, that are the bundle's. */
  readonly primaries: Work;
  /** Parts of elements that are not the bundle's any more. */
  readonly residuals: readonly Residual[];
  /** The elements from `residualStart` on. */
  readonly untouched: Work;
}

export class DivisibleBundle {
  /** What is processed next: untouched elements, and rests of elements that have been begun. */
  waiting: Residual[] = [];
  /** What is being processed, where that takes turns of the event loop. */
  current: WorkItem | undefined;

  /**
   * @param inputs What the bundle was given.
   * @param processes By index of the stage's inputs, what processes its restrictions, if they are.
   */
  constructor(
    readonly bundle: Bundle,
    readonly inputs: Work,
    readonly processes: readonly (ProcessSizedOperator | undefined)[],
  ) {}

  /** Untouched elements, in the order of the task. */
  get #untouched(): WorkItem[] {
    const rest = this.waiting.filter((item) => this.#begunOf(item) === undefined);
    if (this.current === undefined) return rest;
    const { batch } = this.current;
    const [from, to] = [this.bundle.begun, Math.min(batch.count, this.bundle.limit)];
    return from < to ? [{ ...this.current, batch: batch.slice(from, to) }, ...rest] : rest;
  }

  #begunOf({ input, batch }: WorkItem): OpenElement | undefined {
    return batch.count === 1 ? this.processes[input]?.waiting(batch) : undefined;
  }

  /** Elements that have been begun and are not done. */
  get #begun(): Begun[] {
    const underWay = this.processes.flatMap((process, input) =>
      (process?.underWay ?? []).map((element): Begun => ({ element, at: undefined, input })),
    );
    const waiting = this.waiting.flatMap((item, at): Begun[] => {
      const element = this.#begunOf(item);
      return element === undefined ? [] : [{ element, at, input: item.input }];
    });
    return [...underWay, ...waiting];
  }

  get progress(): BundleProgress {
    const all = countOf(this.inputs);
    let remaining = countOf(this.#untouched);
    for (const { element } of this.#begun) remaining += element.remaining;
    return { completed: all - this.bundle.given - remaining, remaining };
  }

  /**
   * Keeps a share of what remains of the bundle and gives away the rest: within the elements in hand, if the share ends there
   * and they can be divided, otherwise between two elements.
   *
   * @param fraction Share (0 to 1) that the bundle keeps.
   * @param allowed Indices, counted over the task's batches, at which an element may be the first that is given away.
   * Default: all.
   * @returns undefined if nothing can be given away.
   */
  trySplit(fraction: number, allowed: readonly number[] = []): BundleDivision | undefined {
    const { inputs } = this;
    const isAllowed = (index: number): boolean => allowed.length === 0 || allowed.includes(index);
    const untouched = this.#untouched;
    const count = countOf(untouched);
    const all = countOf(inputs) - this.bundle.given;
    const begun = this.#begun;
    let inHand = 0;
    for (const { element } of begun) inHand += element.remaining;
    const kept = Math.min(1, Math.max(0, fraction)) * (inHand + count);
    const first = this.#indexOfFirst(begun.map(({ element }) => element));
    if (begun.length > 0 && kept <= inHand && kept < inHand + count && isAllowed(first) && isAllowed(all - count)) {
      const residuals = this.#splitElements(begun, inHand === 0 ? 0 : kept / inHand);
      if (residuals.length > 0) {
        const primaries = this.#primaries(first, all - count, begun);
        this.#giveAway(count, 0);
        return { channels: channelsOf(inputs, first, all - count), primaries, residuals, untouched };
      }
    }
    const target = all - count + Math.max(0, Math.round(kept - inHand));
    const cut = nearest(target, all - count, all - 1, allowed);
    if (cut === undefined) return undefined;
    const keep = cut - (all - count);
    this.#giveAway(count, keep);
    return { channels: channelsOf(inputs, cut, cut), primaries: [], residuals: [], untouched: from(untouched, keep) };
  }

  /** Index in the task of the first of these elements. */
  #indexOfFirst(elements: readonly OpenElement[]): number {
    const originals = new Set<unknown>(elements.map(({ original }) => original));
    let index = 0;
    for (const { batch } of this.inputs) {
      for (const ref of batch.columns.refs) {
        if (originals.has(ref)) return index;
        index++;
      }
    }
    return index;
  }

  #splitElements(begun: readonly Begun[], fraction: number): Residual[] {
    const residuals: Residual[] = [];
    for (const { element, at } of begun) {
      const residual = element.split(fraction);
      if (residual === undefined) continue;
      residuals.push(residual);
      if (at !== undefined) this.waiting[at] = { ...this.waiting[at]!, batch: element.primary() };
    }
    return residuals;
  }

  /** What the elements between two indices of the task have become, as far as it is the bundle's. */
  #primaries(first: number, end: number, begun: readonly Begun[]): WorkItem[] {
    const parts = new Map<unknown, WorkItem[]>();
    for (const { element, input } of begun) {
      const known = parts.get(element.original) ?? [];
      parts.set(element.original, known);
      for (const batch of [...element.done, element.primary()]) known.push({ input, batch });
    }
    const primaries: WorkItem[] = [];
    let index = 0;
    for (const { input, batch } of this.inputs) {
      for (const [i, ref] of batch.columns.refs.entries()) {
        if (index >= first && index < end)
          primaries.push(...(parts.get(ref) ?? [{ input, batch: batch.slice(i, i + 1) }]));
        index++;
      }
    }
    return primaries;
  }

  /** Leaves `keep` of the `count` untouched elements to the bundle. */
  #giveAway(count: number, keep: number): void {
    const { bundle } = this;
    bundle.given += count - keep;
    let left = keep;
    if (this.current !== undefined) {
      const here = Math.max(0, Math.min(this.current.batch.count, bundle.limit) - bundle.begun);
      bundle.limit = bundle.begun + Math.min(here, left);
      left -= Math.min(here, left);
    }
    this.waiting = this.waiting.flatMap((item) => {
      if (this.#begunOf(item) !== undefined) return [item];
      const kept = Math.min(left, item.batch.count);
      left -= kept;
      return kept === 0 ? [] : [{ ...item, batch: item.batch.slice(0, kept) }];
    });
  }
}

function countOf(work: Work): number {
  let count = 0;
  for (const { batch } of work) count += batch.count;
  return count;
}

/** The elements of some work from an index on. */
function from(work: Work, index: number): WorkItem[] {
  let before = 0;
  return work.flatMap((item) => {
    const { batch } = item;
    const start = Math.min(batch.count, Math.max(0, index - before));
    before += batch.count;
    return start < batch.count ? [{ ...item, batch: batch.slice(start, batch.count) }] : [];
  });
}

function channelsOf(inputs: Work, primaryEnd: number, residualStart: number): BundleDivision["channels"] {
  const channels = new Map<number, { input: number; primaryEnd: number; residualStart: number }>();
  let index = 0;
  for (const { input, batch } of inputs) {
    const channel = channels.get(input) ?? { input, primaryEnd: 0, residualStart: 0 };
    channels.set(input, channel);
    const within = (end: number): number => Math.min(batch.count, Math.max(0, end - index));
    channel.primaryEnd += within(primaryEnd);
    channel.residualStart += within(residualStart);
    index += batch.count;
  }
  return [...channels.values()];
}

/** Of the allowed indices from `least` to `most`, the one nearest to `target`. */
function nearest(target: number, least: number, most: number, allowed: readonly number[]): number | undefined {
  if (least > most) return undefined;
  if (allowed.length === 0) return Math.min(most, Math.max(least, target));
  let best: number | undefined;
  for (const index of allowed) {
    if (index < least || index > most) continue;
    if (best === undefined || Math.abs(index - target) < Math.abs(best - target)) best = index;
  }
  return best;
}
