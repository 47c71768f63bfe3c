import type { KeyIdentity } from "../execution/key-identity.js";
import { StandardCoders } from "../urns.js";
import type { ByteReader } from "./byte-reader.js";
import type { ByteWriter } from "./byte-writer.js";
import type { Coder, CoderSpec } from "./coder.js";
import { encodedIdentity } from "./encoding.js";
import { cannotEncode } from "./errors.js";

/**
 * Writes an integer of 64 bits, signed, as a varint.
 *
 * @throws GirderError `cannot-encode` for fractions, non-finite numbers, and integers outside −2^63 … 2^63 − 1.
 */
export function writeInt64(value: number | bigint, out: ByteWriter): void {
  if (typeof value === "number") {
    if (Number.isSafeInteger(value)) {
      out.writeVarint(value);
      return;
    }
    if (Number.isInteger(value) && value >= -(2 ** 63) && value < 2 ** 63) {
      out.writeVarint64(BigInt(value));
      return;
    }
  } else if (typeof value === "bigint" && BigInt.asIntN(64, value) === value) {
    out.writeVarint64(value);
    return;
  }
  throw cannotEncode("varint", "integers of 64 bits", value);
}

/**
 * `beam:coder:varint:v1`: an integer of 64 bits, signed.
 *
 * Decodes to a number where that is exact (±(2^53 − 1)) and to a bigint beyond; encodes either, 5 and 5n being one value.
 */
export class VarintCoder implements Coder<number | bigint> {
  readonly spec: CoderSpec = { urn: StandardCoders.Enum.VARINT, components: [] };
  readonly nondeterminism = undefined;

  encode(value: number | bigint, out: ByteWriter, _nested: boolean): void {
    writeInt64(value, out);
  }

  decode(input: ByteReader, _nested: boolean): number | bigint {
    return input.readVarint();
  }

  keyIdentity(value: number | bigint): KeyIdentity {
    // Adding 0 makes −0 be 0, which it is written as.
    if (Number.isSafeInteger(value)) return (value as number) + 0;
    if (typeof value === "bigint" && BigInt.asIntN(54, value) === value && Number.isSafeInteger(Number(value))) {
      return Number(value);
    }
    return encodedIdentity(this, value);
  }
}

/** The one {@link VarintCoder}. */
export const VARINT_CODER = new VarintCoder();
