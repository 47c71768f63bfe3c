/** Windows as a worker writes them, and as the runner knows them. */

import { GLOBAL_WINDOW_MAX_TIMESTAMP, instantFromWire, MIN_TIMESTAMP } from "../../../portability/execution/time.js";
import type { InternedWindow } from "../../../portability/execution/window.js";
import { IntervalWindow, OpaqueWindow } from "../../../portability/execution/window.js";
import type { WindowTable } from "../../../portability/execution/window-table.js";
import { StandardCoders } from "../../../portability/urns.js";
import { readInstant } from "./instants.js";
import { readVarint, type Skip } from "./skip.js";
import type { WireCoders } from "./wire-coders.js";

const { Enum: URN } = StandardCoders;

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
  const wireEnd = bytes.readBigUInt64BE(at) ^ (1n << 63n);
  const start = BigInt.asIntN(64, wireEnd) - BigInt(readVarint(bytes, at + 8));
  return new IntervalWindow(start < MIN_WIRE ? MIN_TIMESTAMP : instantFromWire(start), end);
}

const MIN_WIRE = -9_223_372_036_854_775n;
