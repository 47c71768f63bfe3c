/** Timers of one family on the data stream: `beam:coder:timer:v1`, one after another. */
import { ByteReader } from "../../../portability/coders/byte-reader.js";
import { ByteWriter } from "../../../portability/coders/byte-writer.js";
import { readPane, writePane } from "../../../portability/coders/pane-coder.js";
import { decodeUtf8 } from "../../../portability/coders/utf8.js";
import { forEachWindow } from "../../../portability/execution/batch.js";
import { type Instant, instantToWire, MAX_TIMESTAMP } from "../../../portability/execution/time.js";
import type { Timer, TimerAddress, TimerChange } from "../../../portability/execution/timer.js";
import { readInstant, writeInstant } from "./instants.js";
import { readFlag, readVarint, type Skip, skipPane, skipVarint, truncated } from "./skip.js";
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
    const bytes = Buffer.from(message.buffer, message.byteOffset, message.byteLength);
    const changes: TimerChange[] = [];
    for (let at = 0; at < bytes.length; ) {
      const start = at;
      const keyEnd = this.skipKey(bytes, at);
      const tagAt = skipVarint(bytes, keyEnd);
      const tagEnd = tagAt + readVarint(bytes, keyEnd);
      // What is missing before here is missing here, too.
      if (tagEnd > bytes.length) throw truncated(start);
      const key = bytes.toString("latin1", start, keyEnd);
      const tag = decodeUtf8(bytes, tagAt, tagEnd);
      at = this.windows.skipSet(bytes, tagEnd);
      const addresses: TimerAddress[] = [];
      forEachWindow(this.windows.readSet(bytes, tagEnd), (window) => {
        addresses.push({ family: this.family, key, tag, window });
      });
      if (readFlag(bytes, at++)) {
        for (const address of addresses) changes.push({ address, timer: undefined });
        continue;
      }
      if (at + 17 > bytes.length) throw truncated(start);
      const fire = readInstantOrNever(bytes, at);
      const hold = readInstantOrNever(bytes, at + 8);
      const end = skipPane(bytes, at + 16);
      const pane = readPane(new ByteReader(bytes, at + 16, end));
      for (const address of addresses) changes.push({ address, timer: { ...address, fire, hold, pane } });
      at = end;
    }
    return changes;
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
