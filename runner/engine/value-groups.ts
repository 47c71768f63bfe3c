/** Values by key, in arrays: what a batch job groups is here. */
import type { Batch } from "../../portability/execution/batch.js";
import type { Groups } from "../../portability/execution/groups.js";
import type { KeyIdentity } from "../../portability/execution/key-identity.js";
import type { PaneInfo } from "../../portability/execution/pane.js";
import type { Instant } from "../../portability/execution/time.js";
import type { InternedWindow } from "../../portability/execution/window.js";
import { PaneBuilder } from "./panes.js";

/** Elements from which a batch is kept as it is until somebody asks for the groups. */
const LARGE_BATCH = 256;
/** Elements of a batch that is made of single ones. */
const MADE_BATCH = 4096;
/** The longest array that the engine makes with all its places at once; longer ones would be tables of hashes. */
const LONGEST_ARRAY = 1 << 25;

/**
 * Each key has a slot. The values of a large batch stay in the batch until the groups are read: then each group's number of
 * values is known, and its array is made once. To append them as they come takes a third longer, for the arrays that are
 * outgrown.
 */
export class ValueGroups implements Groups {
  readonly #slots = new Map<KeyIdentity, number>();
  /** By slot: the values, but for those of kept batches. */
  readonly #values: (unknown[] | undefined)[] = [];
  #kept: KeptBatches | undefined;

  get size(): number {
    return this.#slots.size;
  }

  takes(): boolean {
    return true;
  }

  addAll(batch: Batch): void {
    const { refs, keys } = batch.columns;
    const { length } = refs;
    if (length < LARGE_BATCH) {
      for (let i = 0; i < length; i++) this.#addValue(keys![i]!, refs[i]);
      return;
    }
    const slots = new Int32Array(length);
    for (let i = 0; i < length; i++) slots[i] = this.#slotOf(keys![i]!);
    this.#kept ??= new KeptBatches();
    this.#kept.add(refs, slots);
  }

  add(batch: Batch, i: number): void {
    const { refs, keys } = batch.columns;
    this.#addValue(keys![i]!, refs[i]);
  }

  #addValue(key: KeyIdentity, ref: unknown): void {
    const slot = this.#slotOf(key);
    if (this.#kept !== undefined) {
      this.#kept.addOne(ref, slot);
      return;
    }
    const values = this.#values[slot];
    // An array of one takes far less memory than an empty one that grows.
    if (values === undefined) this.#values[slot] = [ref];
    else values.push(ref);
  }

  #slotOf(key: KeyIdentity): number {
    const known = this.#slots.get(key);
    if (known !== undefined) return known;
    this.#slots.set(key, this.#values.length);
    return this.#values.push(undefined) - 1;
  }

  *entries(): Iterable<readonly [KeyIdentity, unknown[]]> {
    this.#kept?.moveInto(this.#values);
    this.#kept = undefined;
    for (const [key, slot] of this.#slots) yield [key, this.#values[slot]!];
  }

  emit(timestamp: Instant, window: InternedWindow, pane: PaneInfo): Batch[] {
    const panes = new PaneBuilder();
    for (const [key, refs] of this.entries()) panes.add(key, refs, refs.length, timestamp, window, pane);
    return panes.finish();
  }

  copy(): ValueGroups {
    const copy = new ValueGroups();
    for (const [key, refs] of this.entries()) {
      copy.#slots.set(key, copy.#values.length);
      copy.#values.push(refs.slice());
    }
    return copy;
  }
}

/** Batches whose values are in no group's array yet. */
class KeptBatches {
  readonly #batches: { readonly refs: readonly unknown[]; readonly slots: Int32Array }[] = [];
  /** By slot: how many values it has in these batches. */
  #counts = new Int32Array(0);
  /** The batch that is made of values that come one by one. */
  #refs: unknown[] = [];
  #slots: number[] = [];

  /** @param slots The slot of each value's key. */
  add(refs: readonly unknown[], slots: Int32Array): void {
    this.#close();
    this.#push(refs, slots);
  }

  addOne(ref: unknown, slot: number): void {
    this.#refs.push(ref);
    if (this.#slots.push(slot) === MADE_BATCH) this.#close();
  }

  #close(): void {
    if (this.#slots.length === 0) return;
    this.#push(this.#refs, Int32Array.from(this.#slots));
    this.#refs = [];
    this.#slots = [];
  }

  #push(refs: readonly unknown[], slots: Int32Array): void {
    let counts = this.#counts;
    for (let i = 0; i < slots.length; i++) {
      const slot = slots[i]!;
      if (slot >= counts.length) {
        counts = new Int32Array(2 * (slot + 1));
        counts.set(this.#counts);
        this.#counts = counts;
      }
      counts[slot]!++;
    }
    this.#batches.push({ refs, slots });
  }

  /** Adds all values to the arrays of their slots, in order. The batches are not to be used after that. */
  moveInto(values: (unknown[] | undefined)[]): void {
    this.#close();
    const counts = this.#counts;
    // The place of each slot's next value.
    const places = new Int32Array(values.length);
    for (let slot = 0; slot < values.length; slot++) {
      const before = values[slot];
      if (before !== undefined) places[slot] = before.length;
      else values[slot] = counts[slot]! <= LONGEST_ARRAY ? new Array(counts[slot]!) : [];
    }
    for (const { refs, slots } of this.#batches) {
      for (let i = 0; i < slots.length; i++) {
        const slot = slots[i]!;
        values[slot]![places[slot]!++] = refs[i];
      }
    }
  }
}
