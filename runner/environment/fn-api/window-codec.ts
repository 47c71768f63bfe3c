/** Windows as a worker writes them, and as the runner knows them. */
import { malformed } from "../../../portability/coders/errors.js";
import type { WindowSet } from "../../../portability/execution/batch.js";
import {
  GLOBAL_WINDOW_MAX_TIMESTAMP,
  instantFromWire,
  instantToWire,
  MIN_TIMESTAMP,
} from "../../../portability/execution/time.js";
import type { InternedWindow } from "../../../portability/execution/window.js";
import { IntervalWindow, OpaqueWindow } from "../../../portability/execution/window.js";
import type { WindowTable } from "../../../portability/execution/window-table.js";
import { StandardCoders } from "../../../portability/urns.js";
import { readInstant } from "./instants.js";
import { readVarint64, type Skip, skipCounted } from "./skip.js";
import type { WireCoders } from "./wire-coders.js";

const { Enum: URN } = StandardCoders;

/**
 * How many windows without bytes (global ones) one element may be in: four bytes could otherwise ask for two thousand
 * million of them. An element is in one global window, so this is ample.
 */
const MAX_EMPTY_WINDOWS = 64;

/** Reads windows of one coder. */
export class WindowCodec {
  readonly #urn: string;
  readonly skip: Skip;
  /** The last window read, and its bytes: runs of elements share theirs. */
  #last: InternedWindow | undefined;
  #lastBytes: Buffer = Buffer.alloc(0);

  /** @param coder Id of a window coder on the wire. */
  constructor(
    coders: WireCoders,
    coder: string,
    readonly windows: WindowTable,
  ) {
    this.#urn = coders.urn(coder);
    this.skip = coders.skip(coder);
  }

  /** The window in `bytes[start, end)`. @throws GirderError `malformed-data` */
  read(bytes: Buffer, start: number, end: number): InternedWindow {
    if (this.#urn === URN.GLOBAL_WINDOW) return this.windows.global;
    const last = this.#lastBytes;
    if (this.#last !== undefined && last.compare(bytes, start, end) === 0) return this.#last;
    this.#last = this.#intern(bytes, start, end);
    this.#lastBytes = Buffer.from(bytes.subarray(start, end));
    return this.#last;
  }

  /** The window that all of `bytes` is. @throws GirderError `malformed-data` */
  readWhole(bytes: Uint8Array): InternedWindow {
    const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const end = this.skip(buffer, 0);
    if (end !== buffer.length) throw malformed(`A window of ${end} bytes, where there are ${buffer.length}`, 0);
    return this.read(buffer, 0, end);
  }

  /**
   * Where the windows of an element end, whose count is at `at`.
   *
   * @throws GirderError `malformed-data`, also where they do not end in `bytes`.
   */
  skipSet(bytes: Buffer, at: number): number {
    const end = skipCounted(bytes, at, this.skip);
    const count = bytes.readInt32BE(at);
    if (count > MAX_EMPTY_WINDOWS && end === at + 4) throw malformed(`An element in ${count} windows of no bytes`, at);
    return end;
  }

  /** The windows that {@link skipSet} has found at `at`. @throws GirderError `malformed-data` */
  readSet(bytes: Buffer, at: number): WindowSet {
    const count = bytes.readInt32BE(at);
    if (count === 1) return this.read(bytes, at + 4, this.skip(bytes, at + 4));
    const windows: InternedWindow[] = [];
    for (let start = at + 4; windows.length < count; ) {
      const end = this.skip(bytes, start);
      windows.push(this.read(bytes, start, end));
      start = end;
    }
    return windows;
  }

  #intern(bytes: Buffer, start: number, end: number): InternedWindow {
    const key = bytes.toString("latin1", start, end);
    if (this.#urn === URN.INTERVAL_WINDOW) {
      return this.windows.intern(key, () => intervalOf(bytes, start));
    }
    const maxTimestamp = this.#urn === URN.CUSTOM_WINDOW ? readInstant(bytes, start) : GLOBAL_WINDOW_MAX_TIMESTAMP;
    return this.windows.intern(
      key,
      () => new OpaqueWindow(Buffer.from(bytes.subarray(start, end)), maxTimestamp),
      this.#urn,
    );
  }
}

/** An interval whose start lies before the beginning of time, as some SDKs make them, is read as beginning there. */
function intervalOf(bytes: Buffer, at: number): IntervalWindow {
  const end = readInstant(bytes, at);
  const span = readVarint64(bytes, at + 8);
  if (span < 0n) throw malformed(`An interval window of ${span} ms`, at);
  const start = instantToWire(end) - span;
  return new IntervalWindow(start < MIN_WIRE ? MIN_TIMESTAMP : instantFromWire(start), end);
}

const MIN_WIRE = instantToWire(MIN_TIMESTAMP);
