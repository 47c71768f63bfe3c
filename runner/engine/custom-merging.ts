/** Which windows each key has open, where only their own function knows which of them become one. */
import type { KeyIdentity } from "../../portability/execution/key-identity.js";
import type { InternedWindow } from "../../portability/execution/window.js";
import type { KeyWindows } from "./events.js";

export class CustomMerging {
  readonly #open = new Map<KeyIdentity, Set<InternedWindow>>();
  /** Keys with windows that the function has not been asked about. */
  readonly #changed = new Set<KeyIdentity>();
  /** Keys that had elements after their window's on-time pane. */
  readonly #late = new Map<InternedWindow, Set<KeyIdentity>>();

  /** An element has come. @param late whether the window's on-time pane has been emitted. */
  added(key: KeyIdentity, window: InternedWindow, late: boolean): void {
    const open = setOf(this.#open, key);
    if (!open.has(window)) {
      open.add(window);
      this.#changed.add(key);
    }
    if (late) setOf(this.#late, window).add(key);
  }

  /** Those of the keys that have changed, with all their windows: they count as asked about from here on. */
  takeQuestions(keys: ReadonlySet<KeyIdentity>): KeyWindows[] {
    return [...keys]
      .filter((key) => this.#changed.delete(key))
      .map((key) => ({ key, windows: [...(this.#open.get(key) ?? [])] }));
  }

  moved(key: KeyIdentity, from: readonly InternedWindow[], into: InternedWindow): void {
    const open = setOf(this.#open, key);
    for (const window of from) {
      open.delete(window);
      if (this.#late.get(window)?.delete(key) === true) setOf(this.#late, into).add(key);
    }
    open.add(into);
  }

  /** The function has answered about these windows of the key; it must be asked again if there are others by now. */
  /** The keys that have something for a late pane of the window. */
  takeLate(window: InternedWindow): readonly KeyIdentity[] {
    const keys = [...(this.#late.get(window) ?? [])];
    this.#late.delete(window);
    return keys;
  }

  closed(window: InternedWindow, keys: Iterable<KeyIdentity>): void {
    this.#late.delete(window);
    for (const key of keys) {
      const open = this.#open.get(key);
      open?.delete(window);
      if (open?.size === 0) {
        this.#open.delete(key);
        this.#changed.delete(key);
      }
    }
  }

  copy(): CustomMerging {
    const copy = new CustomMerging();
    for (const [key, windows] of this.#open) copy.#open.set(key, new Set(windows));
    for (const key of this.#changed) copy.#changed.add(key);
    for (const [window, keys] of this.#late) copy.#late.set(window, new Set(keys));
    return copy;
  }
}

function setOf<K, V>(sets: Map<K, Set<V>>, key: K): Set<V> {
  let set = sets.get(key);
  if (set === undefined) {
    set = new Set();
    sets.set(key, set);
  }
  return set;
}
