import type { KeyIdentity } from "../execution/key-identity.js";
import { StandardCoders } from "../urns.js";
import type { ByteReader } from "./byte-reader.js";
import type { ByteWriter } from "./byte-writer.js";
import type { Coder, CoderSpec } from "./coder.js";
import { encodedIdentity } from "./encoding.js";
import { cannotEncode } from "./errors.js";

/** `beam:coder:bytes:v1`: a Uint8Array, behind its length where nested. Decoded arrays are copies. */
export class BytesCoder implements Coder<Uint8Array> {
  readonly spec: CoderSpec = { urn: StandardCoders.Enum.BYTES, components: [] };
  readonly nondeterminism = undefined;

  encode(value: Uint8Array, out: ByteWriter, nested: boolean): void {
    if (!(value instanceof Uint8Array)) throw cannotEncode("bytes", "Uint8Arrays", value);
    if (nested) out.writeVarint(value.length);
    out.writeBytes(value);
  }

  decode(input: ByteReader, nested: boolean): Uint8Array {
    return input.readBytes(nested ? input.readLength() : input.remaining);
  }

  keyIdentity(value: Uint8Array): KeyIdentity {
    return encodedIdentity(this, value);
  }
}

/** The one {@link BytesCoder}. */
export const BYTES_CODER = new BytesCoder();
