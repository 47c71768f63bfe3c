import type { KeyIdentity } from "../execution/key-identity.js";
import { type Instant, instantFromWire, instantToWire, MIN_TIMESTAMP } from "../execution/time.js";
import { IntervalWindow } from "../execution/window.js";
import { BeamConstants, StandardCoders } from "../urns.js";
import type { ByteReader } from "./byte-reader.js";
import type { ByteWriter } from "./byte-writer.js";
import type { Coder, CoderSpec } from "./coder.js";
import { encodedIdentity } from "./encoding.js";
import { cannotEncode, malformed } from "./errors.js";
import { readInstant, writeInstant } from "./instant.js";

const EXACT = 2 ** 52;
const MIN_WIRE = BigInt(BeamConstants.Constants.MIN_TIMESTAMP_MILLIS);

/**
 * `beam:coder:interval_window:v1`: the end as an instant, then the length in ms as a varint.
 *
 * Window functions of other SDKs put an element at the beginning of time into windows that begin earlier still. Such a
 * start is read as the beginning of time, so that window is written differently from how it was read: who passes windows on
 * should keep their bytes.
 */
export class IntervalWindowCoder implements Coder<IntervalWindow> {
  readonly spec: CoderSpec = { urn: StandardCoders.Enum.INTERVAL_WINDOW, components: [] };
  readonly nondeterminism = undefined;

  encode(value: IntervalWindow, out: ByteWriter, _nested: boolean): void {
    if (!(value instanceof IntervalWindow) || !(value.start <= value.end)) {
      throw cannotEncode("interval window", "interval windows that do not end before they start", value);
    }
    const { start, end } = value;
    writeInstant(end, out);
    if (start >= -EXACT && end < EXACT) {
      if (!Number.isInteger(start)) throw cannotEncode("interval window", "windows of whole milliseconds", start);
      out.writeVarint(end - start);
    } else {
      out.writeVarint64(instantToWire(end) - instantToWire(start));
    }
  }

  decode(input: ByteReader, _nested: boolean): IntervalWindow {
    const end = readInstant(input);
    const at = input.position;
    const span = input.readVarint();
    if (span < 0) throw malformed(`An interval window of ${span} ms`, at);
    if (typeof span === "number" && end <= EXACT && end - span >= -EXACT) return new IntervalWindow(end - span, end);
    return new IntervalWindow(startOf(instantToWire(end) - BigInt(span)), end);
  }

  keyIdentity(value: IntervalWindow): KeyIdentity {
    return encodedIdentity(this, value);
  }
}

function startOf(millis: bigint): Instant {
  return millis < MIN_WIRE ? MIN_TIMESTAMP : instantFromWire(millis);
}

/** The one {@link IntervalWindowCoder}. */
export const INTERVAL_WINDOW_CODER = new IntervalWindowCoder();
