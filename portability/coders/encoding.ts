/** Whole values to bytes and back, and key identities made of bytes. */
import { ENCODED, type KeyIdentity } from "../execution/key-identity.js";
import { ByteReader } from "./byte-reader.js";
import { ByteWriter } from "./byte-writer.js";
import type { Coder } from "./coder.js";

/** Largest memory that is kept between calls, in bytes. */
const KEPT = 1 << 20;
let idle: ByteWriter | undefined = new ByteWriter(1024);

/** Calls `use` with an empty writer whose contents are lost afterwards. Calls may nest. */
function withWriter<R>(use: (out: ByteWriter) => R): R {
  const out = idle ?? new ByteWriter();
  idle = undefined;
  try {
    return use(out);
  } finally {
    if (out.length <= KEPT) {
      out.reset();
      idle = out;
    }
  }
}

/** `value` as bytes, in outer context unless `nested`. @throws GirderError `cannot-encode` */
export function encodeToBytes<T>(coder: Coder<T>, value: T, nested = false): Uint8Array {
  return withWriter((out) => {
    coder.encode(value, out, nested);
    return out.finish();
  });
}

/**
 * The value that all of `bytes` is, in outer context unless `nested`.
 *
 * @throws GirderError `malformed-data`, also where bytes are left over.
 */
export function decodeFromBytes<T>(coder: Coder<T>, bytes: Uint8Array, nested = false): T {
  const input = new ByteReader(bytes);
  const value = coder.decode(input, nested);
  input.expectEnd();
  return value;
}

/** `value` as bytes in nested context, one character each. @throws GirderError `cannot-encode` */
export function encodeToLatin1<T>(coder: Coder<T>, value: T): string {
  return withWriter((out) => {
    coder.encode(value, out, true);
    return out.latin1();
  });
}

/** The identity of a value whose bytes must be looked at: `ENCODED` and the nested encoding as Latin-1. */
export function encodedIdentity<T>(coder: Coder<T>, value: T): string {
  return ENCODED + encodeToLatin1(coder, value);
}

/** The identity of a string: itself, unless it begins as encoded identities do. */
export function stringIdentity<T>(coder: Coder<T>, value: T & string): KeyIdentity {
  return value.charCodeAt(0) === 0xd800 ? encodedIdentity(coder, value) : value;
}
