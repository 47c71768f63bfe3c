import type { KeyIdentity } from "../execution/key-identity.js";
import { StandardCoders } from "../urns.js";
import type { ByteReader } from "./byte-reader.js";
import type { ByteWriter } from "./byte-writer.js";
import type { Coder, CoderSpec } from "./coder.js";
import { encodedIdentity } from "./encoding.js";
import { cannotEncode } from "./errors.js";

/** Why coders of floating-point numbers are nondeterministic. */
export const HOLDS_DOUBLES = "it holds doubles, of which 0 and -0 are equal but differ in bytes";

/** `beam:coder:double:v1`: any number, eight bytes, big-endian. All NaNs are written alike. */
export class DoubleCoder implements Coder<number> {
  readonly spec: CoderSpec = { urn: StandardCoders.Enum.DOUBLE, components: [] };
  readonly nondeterminism = HOLDS_DOUBLES;

  encode(value: number, out: ByteWriter, _nested: boolean): void {
    if (typeof value !== "number") throw cannotEncode("double", "numbers", value);
    out.writeDoubleBE(value);
  }

  decode(input: ByteReader, _nested: boolean): number {
    return input.readDoubleBE();
  }

  keyIdentity(value: number): KeyIdentity {
    return encodedIdentity(this, value);
  }
}

/** The one {@link DoubleCoder}. */
export const DOUBLE_CODER = new DoubleCoder();
