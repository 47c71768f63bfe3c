/** Interning of windows: one object for each distinct window of a job. */

import { type Instant, instantToWire } from "./time.js";
import { type BoundedWindow, GLOBAL_WINDOW, type InternedWindow, IntervalWindow } from "./window.js";

const scratch = Buffer.alloc(24);

/** All windows that a job has met, by their encoded bytes and, for those that are neither global nor intervals, their coder. */
export class WindowTable {
  readonly #byKey = new Map<string, InternedWindow>();
  readonly #byCoder = new Map<string, Map<string, InternedWindow>>([["", this.#byKey]]);
  #count = 0;
  /** The global window, whose encoding is empty. */
  readonly global: InternedWindow = this.intern("", () => GLOBAL_WINDOW);
  #last: InternedWindow = this.global;

  /**
   * The interned window with these encoded bytes (as Latin-1).
   *
   * @param make Called if it is new.
   * @param coder Tells windows of other coders apart from intervals that happen to have the same bytes.
   */
  intern(key: string, make: () => BoundedWindow, coder = ""): InternedWindow {
    const windows = coder === "" ? this.#byKey : this.#windowsOf(coder);
    let window = windows.get(key);
    if (window === undefined) {
      const value = make();
      window = { id: this.#count++, key, maxTimestamp: value.maxTimestamp, value };
      windows.set(key, window);
    }
    return window;
  }

  #windowsOf(coder: string): Map<string, InternedWindow> {
    let windows = this.#byCoder.get(coder);
    if (windows === undefined) {
      windows = new Map();
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
