/** Interning of windows: one object for each distinct window of a job. */

import { type Instant, instantToWire } from "./time.js";
import { type BoundedWindow, GLOBAL_WINDOW, type InternedWindow, IntervalWindow } from "./window.js";

const scratch = Buffer.alloc(24);

/** Windows that are remembered though nobody may know them any more, at least: some 50 MB. To forget costs more than to remember. */
const REMEMBERED = 262_144;

/**
 * The windows of a job, by their encoded bytes and, for those that are neither global nor intervals, their coder. A window that
 * nobody knows any more is forgotten: a stream meets ever new ones.
 */
export class WindowTable {
  readonly #intervals: Interned;
  readonly #byCoder: Map<string, Interned>;
  #count = 0;
  /** The global window, whose encoding is empty. */
  readonly global: InternedWindow;
  #last: InternedWindow;

  /** @param remembered How many windows of a coder are kept that nobody may know. */
  constructor(readonly remembered = REMEMBERED) {
    this.#intervals = new Interned(remembered);
    this.#byCoder = new Map([["", this.#intervals]]);
    this.global = this.intern("", () => GLOBAL_WINDOW);
    this.#last = this.global;
  }

  /** Windows that it remembers; some of them nobody may know any more. */
  get size(): number {
    let size = 0;
    for (const windows of this.#byCoder.values()) size += windows.size;
    return size;
  }

  /**
   * The interned window with these encoded bytes (as Latin-1).
   *
   * @param make Called if it is new.
   * @param coder Tells windows of other coders apart from intervals that happen to have the same bytes.
   */
  intern(key: string, make: () => BoundedWindow, coder = ""): InternedWindow {
    const windows = coder === "" ? this.#intervals : this.#windowsOf(coder);
    let window = windows.get(key);
    if (window === undefined) {
      const value = make();
      window = { id: this.#count++, key, maxTimestamp: value.maxTimestamp, value };
      windows.add(window);
    }
    return window;
  }

  #windowsOf(coder: string): Interned {
    let windows = this.#byCoder.get(coder);
    if (windows === undefined) {
      windows = new Interned(this.remembered);
      this.#byCoder.set(coder, windows);
    }
    return windows;
  }

  /** The interval `[start, end)`, ms. */
  interval(start: Instant, end: Instant): InternedWindow {
    const last = this.#last.value;
    if (last instanceof IntervalWindow && last.start === start && last.end === end) return this.#last;
    this.#last = this.intern(intervalKey(start, end), () => new IntervalWindow(start, end));
    return this.#last;
  }
}

/** Windows of one coder by their bytes: those met lately, and others for as long as somebody knows them. */
class Interned {
  readonly #recent = new Map<string, InternedWindow>();
  readonly #others = new Map<string, WeakRef<InternedWindow>>();
  #limit: number;

  constructor(readonly remembered: number) {
    this.#limit = remembered;
  }

  get size(): number {
    return this.#recent.size + this.#others.size;
  }

  get(key: string): InternedWindow | undefined {
    const recent = this.#recent.get(key);
    if (recent !== undefined) return recent;
    const other = this.#others.get(key)?.deref();
    if (other === undefined) return undefined;
    this.#others.delete(key);
    this.add(other);
    return other;
  }

  add(window: InternedWindow): void {
    this.#recent.set(window.key, window);
    if (this.#recent.size < this.#limit) return;
    for (const [key, other] of this.#others) if (other.deref() === undefined) this.#others.delete(key);
    for (const [key, recent] of this.#recent) this.#others.set(key, new WeakRef(recent));
    this.#recent.clear();
    // The others are looked through once for as many new ones.
    this.#limit = Math.max(this.remembered, this.#others.size);
  }
}

/** The bytes of `beam:coder:interval_window:v1`: the end, big-endian with its sign bit turned, then the span as a varint. */
function intervalKey(start: Instant, end: Instant): string {
  const wireEnd = instantToWire(end);
  scratch.writeBigUInt64BE(BigInt.asUintN(64, wireEnd) ^ 0x8000000000000000n, 0);
  let span = wireEnd - instantToWire(start);
  let at = 8;
  while (span >= 128n) {
    scratch[at++] = Number(span & 127n) | 128;
    span >>= 7n;
  }
  scratch[at++] = Number(span);
  return scratch.toString("latin1", 0, at);
}
