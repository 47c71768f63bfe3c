/**
 * Values as they are committed.
 *
 * An author may change an object that was read from state, or written to it, at any time; what is committed must not change with
 * it, for the bundle may have to be run again. So an object is committed as its bytes, once a bundle. What cannot be changed is
 * committed as it is.
 */
import { ByteReader, type Coder, encodeToBytes } from "../../../portability/coders/index.js";
import { encodingError } from "../encoding-error.js";

/** The bytes of a value, in nested context. */
export class StoredValue {
  constructor(readonly bytes: Uint8Array) {}
}

/** A value as it is committed. @throws GirderError `cannot-encode`, with the transform and the value. */
export function toStored(value: unknown, coder: Coder<unknown>, transform: string): unknown {
  if (isImmutable(value)) return value;
  try {
    return new StoredValue(encodeToBytes(coder, value, true));
  } catch (thrown) {
    throw encodingError(thrown, transform, value);
  }
}

/** The value that was committed, for its reader to keep. */
export function fromStored(stored: unknown, coder: Coder<unknown>): unknown {
  return stored instanceof StoredValue ? coder.decode(new ByteReader(stored.bytes), true) : stored;
}

function isImmutable(value: unknown): boolean {
  switch (typeof value) {
    case "object":
      return value === null;
    case "function":
    case "symbol":
      // Not to be written at all, of which the coder complains.
      return false;
    default:
      return true;
  }
}
