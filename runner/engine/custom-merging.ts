/** Which windows each key has open, where only their own function knows which of them become one. */
import type { KeyIdentity } from "../../portability/execution/key-identity.js";
import { type Instant, MAX_TIMESTAMP, MIN_TIMESTAMP } from "../../portability/execution/time.js";
import type { InternedWindow } from "../../portability/execution/window.js";
import type { KeyWindows } from "./events.js";

/** A question about a key: its windows, with what has become of them, and where the watermark stood. */
interface Question {
  readonly windows: Set<InternedWindow>;
  readonly watermark: Instant;
}

export class CustomMerging {
  readonly #open = new Map<KeyIdentity, Set<InternedWindow>>();
  /** Keys with windows that the function has not been asked about, with the earliest timestamp of the elements in these. */
  readonly #changed = new Map<KeyIdentity, Instant>();
  /** What it has been asked, and has not answered. */
  readonly #asked = new Map<KeyIdentity, Question>();
  /** Windows whose triggers wait for the answer. */
  readonly #waiting = new Map<KeyIdentity, Set<InternedWindow>>();
  /** Windows that had ended when they were asked about: what comes for their keys afterwards has come too late to merge. */
  readonly #settled = new Map<KeyIdentity, Set<InternedWindow>>();
  #cleared: Instant = MIN_TIMESTAMP;
  /** Where the watermark stood when questions were last asked. */
  #asking: Instant = MIN_TIMESTAMP;

  /** An element has come. */
  added(key: KeyIdentity, window: InternedWindow, timestamp: Instant): void {
    const open = setOf(this.#open, key);
    if (open.has(window)) return;
    open.add(window);
    this.#changed.set(key, Math.min(this.#changed.get(key) ?? MAX_TIMESTAMP, timestamp));
  }

  /**
   * How far the watermark may move: the windows of all elements before it have been asked about. A merged window may end before
   * those that it is made of, if not before its elements.
   */
  get cleared(): Instant {
    return this.#cleared;
  }

  /** Whether it is known which windows of the key are one. */
  isKnown(key: KeyIdentity): boolean {
    return !this.#changed.has(key) && !this.#asked.has(key);
  }

  /** Whether it is known what a window that has ended is one with. */
  isSettled(key: KeyIdentity, window: InternedWindow): boolean {
    return this.isKnown(key) || this.#settled.get(key)?.has(window) === true;
  }

  /** The window's trigger is to be asked when it is known what the window has become. */
  waits(key: KeyIdentity, window: InternedWindow): void {
    setOf(this.#waiting, key).add(window);
  }

  /**
   * What is to be asked: about keys that have changed, if they are among the given ones, if they wait, or if the watermark is to move
   * past an element that changed them.
   */
  takeQuestions(keys: Iterable<KeyIdentity>, watermark: Instant): KeyWindows[] {
    const questions: KeyWindows[] = [];
    const passed = [...this.#changed].flatMap(([key, earliest]) => (earliest < watermark ? [key] : []));
    for (const key of new Set([...keys, ...this.#waiting.keys(), ...passed])) {
      if (this.#asked.has(key) || !this.#changed.delete(key)) continue;
      const windows = new Set(this.#open.get(key));
      this.#asked.set(key, { windows, watermark });
      questions.push({ key, windows: [...windows] });
    }
    this.#asking = Math.max(this.#asking, watermark);
    this.#clear();
    return questions;
  }

  #clear(): void {
    if (this.#asked.size === 0) this.#cleared = this.#asking;
  }

  /** What a key had in one window is in another. */
  moved(key: KeyIdentity, from: InternedWindow, into: InternedWindow): void {
    for (const windows of [this.#open.get(key), this.#asked.get(key)?.windows]) {
      windows?.delete(from);
      windows?.add(into);
    }
    if (this.#waiting.get(key)?.delete(from) === true) this.waits(key, into);
    this.#settled.get(key)?.delete(from);
  }

  /** The answer for a key has come. @returns the windows whose triggers have waited for it. */
  answered(key: KeyIdentity): InternedWindow[] {
    const question = this.#asked.get(key);
    this.#asked.delete(key);
    this.#clear();
    if (question === undefined) return [];
    const { windows, watermark } = question;
    for (const window of windows) if (window.maxTimestamp < watermark) setOf(this.#settled, key).add(window);
    // Those that came meanwhile wait for the next answer.
    const waiting = this.#waiting.get(key);
    const waited = [...windows].filter((window) => waiting?.delete(window));
    if (waiting?.size === 0) this.#waiting.delete(key);
    return waited;
  }

  /** Keys have a window no more. */
  closed(window: InternedWindow, keys: Iterable<KeyIdentity>): void {
    for (const key of keys) {
      const open = this.#open.get(key);
      open?.delete(window);
      this.#settled.get(key)?.delete(window);
      this.#waiting.get(key)?.delete(window);
      if (open?.size !== 0) continue;
      this.#open.delete(key);
      this.#changed.delete(key);
      this.#waiting.delete(key);
      this.#settled.delete(key);
    }
  }

  copy(): CustomMerging {
    const copy = new CustomMerging();
    for (const [key, windows] of this.#open) copy.#open.set(key, new Set(windows));
    for (const [key, earliest] of this.#changed) copy.#changed.set(key, earliest);
    copy.#cleared = this.#cleared;
    copy.#asking = this.#asking;
    for (const [key, { windows, watermark }] of this.#asked) {
      copy.#asked.set(key, { windows: new Set(windows), watermark });
    }
    for (const [key, windows] of this.#waiting) copy.#waiting.set(key, new Set(windows));
    for (const [key, windows] of this.#settled) copy.#settled.set(key, new Set(windows));
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
