/** Values by key in a map: what a batch job groups is here, without anything between the map and the array. */
import type { Batch } from "../../portability/execution/batch.js";
import type { Groups } from "../../portability/execution/groups.js";
import type { KeyIdentity } from "../../portability/execution/key-identity.js";
import type { PaneInfo } from "../../portability/execution/pane.js";
import type { Instant } from "../../portability/execution/time.js";
import type { InternedWindow } from "../../portability/execution/window.js";
import { PaneBuilder } from "./panes.js";

export class ValueGroups implements Groups {
  readonly #values = new Map<KeyIdentity, unknown[]>();
  /** For the elements of a batch: the values of their keys, if there are any. */
  readonly #found: (unknown[] | undefined)[] = [];

  get size(): number {
    return this.#values.size;
  }

  takes(): boolean {
    return true;
  }

  addAll(batch: Batch): void {
    const { refs, keys } = batch.columns;
    const { length } = refs;
    const groups = this.#values;
    const found = this.#found;
    // First all lookups, then all values: the processor's cache holds what either needs, but not both.
    for (let i = 0; i < length; i++) found[i] = groups.get(keys![i]!);
    for (let i = 0; i < length; i++) {
      const values = found[i];
      if (values !== undefined) values.push(refs[i]);
      else this.#addValue(keys![i]!, refs[i]);
    }
  }

  add(batch: Batch, i: number): void {
    const { refs, keys } = batch.columns;
    this.#addValue(keys![i]!, refs[i]);
  }

  #addValue(key: KeyIdentity, ref: unknown): void {
    const values = this.#values.get(key);
    // An array of one takes far less memory than an empty one that grows.
    if (values === undefined) this.#values.set(key, [ref]);
    else values.push(ref);
  }

  emit(timestamp: Instant, window: InternedWindow, pane: PaneInfo): Batch[] {
    const panes = new PaneBuilder();
    for (const [key, refs] of this.#values) panes.add(key, refs, refs.length, timestamp, window, pane);
    return panes.finish();
  }

  entries(): Iterable<readonly [KeyIdentity, unknown[]]> {
    return this.#values;
  }

  copy(): ValueGroups {
    const copy = new ValueGroups();
    for (const [key, refs] of this.#values) copy.#values.set(key, refs.slice());
    return copy;
  }
}
