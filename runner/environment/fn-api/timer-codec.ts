/** Timers of one family on the data stream: `beam:coder:timer:v1`, one after another. */
import { ByteReader } from "../../../portability/coders/byte-reader.js";
import { ByteWriter } from "../../../portability/coders/byte-writer.js";
import { readPane, writePane } from "../../../portability/coders/pane-coder.js";
import { decodeUtf8 } from "../../../portability/coders/utf8.js";
import { forEachWindow } from "../../../portability/execution/batch.js";
import { type Instant, instantToWire, MAX_TIMESTAMP } from "../../../portability/execution/time.js";
import type { Timer, TimerChange } from "../../../portability/execution/timer.js";
import { readInstant, writeInstant } from "./instants.js";
import { isTruncation, readFlag, readVarint, type Skip, skipPane, skipVarint, truncated } from "./skip.js";
import type { WindowCodec } from "./window-codec.js";

export class TimerCodec {
  constructor(
    /** Index of the stage's timer families. */
    readonly family: number,
    readonly skipKey: Skip,
    readonly windows: WindowCodec,
  ) {}

  /** What a worker has set and cleared. @throws GirderError `malformed-data` */
  decode(message: Uint8Array): TimerChange[] {
    const { changes, rest } = this.decodePart(message);
    if (rest.length > 0) throw truncated(message.length - rest.length);
    return changes;
  }

  /**
   * The whole timers of a message, and the beginning of one that goes on in the next, as elements may.
   *
   * @throws GirderError `malformed-data`
   */
  decodePart(message: Uint8Array): { readonly changes: TimerChange[]; readonly rest: Uint8Array } {
    const bytes = Buffer.from(message.buffer, message.byteOffset, message.byteLength);
    const changes: TimerChange[] = [];
    let whole = 0;
    try {
      while (whole < bytes.length) whole = this.#decode(bytes, whole, changes);
    } catch (thrown) {
      if (!isTruncation(thrown)) throw thrown;
    }
    return { changes, rest: message.subarray(whole) };
  }

  /** @returns where the timer ends that begins at `start`. */
  #decode(bytes: Buffer, start: number, changes: TimerChange[]): number {
    const keyEnd = this.skipKey(bytes, start);
    const tagAt = skipVarint(bytes, keyEnd);
    const tagEnd = tagAt + readVarint(bytes, keyEnd);
    // What is missing before here is missing here, too.
    if (tagEnd > bytes.length) throw truncated(start);
    const markAt = this.windows.skipSet(bytes, tagEnd);
    const isCleared = readFlag(bytes, markAt);
    const end = isCleared ? markAt + 1 : skipPane(bytes, markAt + 17);
    if (end > bytes.length) throw truncated(start);
    const key = bytes.toString("latin1", start, keyEnd);
    const tag = decodeUtf8(bytes, tagAt, tagEnd);
    const set = isCleared
      ? undefined
      : {
          fire: readInstantOrNever(bytes, markAt + 1),
          hold: readInstantOrNever(bytes, markAt + 9),
          pane: readPane(new ByteReader(bytes, markAt + 17, end)),
        };
    forEachWindow(this.windows.readSet(bytes, tagEnd), (window) => {
      const address = { family: this.family, key, tag, window };
      changes.push({ address, timer: set && { ...address, ...set } });
    });
    return end;
  }

  /** A timer that fires. */
  encode({ key, tag, window, fire, hold, pane }: Timer): Uint8Array {
    const writer = new ByteWriter(64);
    writer.writeBytes(Buffer.from(key as string, "latin1"));
    writer.writeUtf8Prefixed(tag);
    writer.writeInt32BE(1);
    writer.writeBytes(Buffer.from(window.key, "latin1"));
    writer.writeByte(0);
    const instants = Buffer.alloc(16);
    writeInstantOrNever(instants, fire, 0);
    writeInstantOrNever(instants, hold, 8);
    writer.writeBytes(instants);
    writePane(pane, writer);
    return writer.finish();
  }
}

/**
 * An instant; Java's timers without output are held at one ms past the end of time, which is no instant of the model and
 * must go back as it came.
 */
function readInstantOrNever(bytes: Buffer, at: number): Instant {
  return bytes.readBigUInt64BE(at) === NEVER_WIRE ? NEVER : readInstant(bytes, at);
}

function writeInstantOrNever(bytes: Buffer, instant: Instant, at: number): void {
  if (instant === NEVER) bytes.writeBigUInt64BE(NEVER_WIRE, at);
  else writeInstant(bytes, instant, at);
}

const NEVER = MAX_TIMESTAMP + 1;
const NEVER_WIRE = BigInt.asUintN(64, (instantToWire(MAX_TIMESTAMP) + 1n) ^ (1n << 63n));
