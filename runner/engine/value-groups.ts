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

  get size(): number {
    return this.#values.size;
  }

  takes(): boolean {
    return true;
  }

  addAll(batch: Batch): void {
    const { refs, keys } = batch.columns;
    const groups = this.#values;
    for (let i = 0; i < refs.length; i++) {
      const values = groups.get(keys![i]!);
      // An array of one takes far less memory than an empty one that grows.
      if (values === undefined) groups.set(keys![i]!, [refs[i]]);
      else values.push(refs[i]);
    }
  }

  add(batch: Batch, i: number): void {
    const { refs, keys } = batch.columns;
    const values = this.#values.get(keys![i]!);
    if (values === undefined) this.#values.set(keys![i]!, [refs[i]]);
    else values.push(refs[i]);
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
