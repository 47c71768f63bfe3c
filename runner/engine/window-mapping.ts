/**
 * Which window of a side input belongs to a window of the main input: the first of the side input's windows that hold its
 * last instant, as all SDKs have it.
 */
import { slidingSideInputWindow } from "../../portability/execution/side-input-window.js";
import type { Duration } from "../../portability/execution/time.js";
import type { InternedWindow } from "../../portability/execution/window.js";
import type { WindowTable } from "../../portability/execution/window-table.js";

/** The side input's window function, as far as mapping goes. Fixed windows are sliding windows whose period is their size. */
export type WindowMapping =
  | { readonly kind: "global" }
  | { readonly kind: "sliding"; readonly size: Duration; readonly period: Duration; readonly offset: Duration }
  /** Only the function's environment knows it. `windowing` tells such functions apart. */
  | { readonly kind: "custom"; readonly windowing: string };

/** Maps windows, and remembers what others have answered. */
export class WindowMapper {
  /** By windowing; of windows that nobody knows any more the answer is forgotten. What was answered once stays true in each copy. */
  #answered = new Map<string, WeakMap<InternedWindow, InternedWindow>>();
  /** Windows that somebody has yet to be asked about, by windowing, and those that somebody has, without an answer. */
  #toAsk = new Map<string, Set<InternedWindow>>();
  #asked = new Map<string, Set<InternedWindow>>();

  constructor(readonly windows: WindowTable) {}

  /** The side input's window for a window of the main input; undefined while it is not known. */
  map(mapping: WindowMapping, main: InternedWindow): InternedWindow | undefined {
    switch (mapping.kind) {
      case "global":
        return this.windows.global;
      case "sliding":
        return slidingSideInputWindow(mapping, main, this.windows);
      case "custom": {
        const known = this.#answered.get(mapping.windowing)?.get(main);
        if (known === undefined && this.#asked.get(mapping.windowing)?.has(main) !== true) {
          setOf(this.#toAsk, mapping.windowing).add(main);
        }
        return known;
      }
    }
  }

  /** What must be asked, and has not been. */
  *takeQuestions(): Generator<{ readonly windowing: string; readonly windows: readonly InternedWindow[] }> {
    for (const [windowing, windows] of this.#toAsk) {
      for (const window of windows) setOf(this.#asked, windowing).add(window);
      yield { windowing, windows: [...windows] };
    }
    this.#toAsk.clear();
  }

  /** Whether an answer is missing. */
  get isAsking(): boolean {
    return this.#toAsk.size > 0 || [...this.#asked.values()].some(({ size }) => size > 0);
  }

  answer(windowing: string, from: readonly InternedWindow[], to: readonly InternedWindow[]): void {
    const known = this.#answered.get(windowing) ?? new WeakMap<InternedWindow, InternedWindow>();
    this.#answered.set(windowing, known);
    const asked = setOf(this.#asked, windowing);
    from.forEach((window, i) => {
      known.set(window, to[i]!);
      asked.delete(window);
    });
  }

  copy(): WindowMapper {
    const copy = new WindowMapper(this.windows);
    copy.#answered = new Map(this.#answered);
    copy.#toAsk = new Map([...this.#toAsk].map(([id, windows]) => [id, new Set(windows)]));
    copy.#asked = new Map([...this.#asked].map(([id, windows]) => [id, new Set(windows)]));
    return copy;
  }
}

function setOf(sets: Map<string, Set<InternedWindow>>, id: string): Set<InternedWindow> {
  let set = sets.get(id);
  if (set === undefined) {
    set = new Set();
    sets.set(id, set);
  }
  return set;
}
