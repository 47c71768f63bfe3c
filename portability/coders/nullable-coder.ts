import { isEncodedIdentity, type KeyIdentity } from "../execution/key-identity.js";
import { StandardCoders } from "../urns.js";
import { readBool } from "./bool-coder.js";
import type { ByteReader } from "./byte-reader.js";
import type { ByteWriter } from "./byte-writer.js";
import type { Coder, CoderSpec } from "./coder.js";
import { encodedIdentity } from "./encoding.js";

/** `beam:coder:nullable:v1`: a byte 0 for null, or a byte 1 and the value. Undefined is written as null. */
export class NullableCoder<T> implements Coder<T | null> {
  readonly spec: CoderSpec;
  readonly nondeterminism: string | undefined;

  constructor(readonly value: Coder<T>) {
    this.spec = { urn: StandardCoders.Enum.NULLABLE, components: [value] };
    this.nondeterminism = value.nondeterminism;
  }

  encode(value: T | null, out: ByteWriter, nested: boolean): void {
    if (value === null || value === undefined) {
      out.writeByte(0);
    } else {
      out.writeByte(1);
      this.value.encode(value, out, nested);
    }
  }

  decode(input: ByteReader, nested: boolean): T | null {
    return readBool(input) ? this.value.decode(input, nested) : null;
  }

  keyIdentity(value: T | null): KeyIdentity {
    if (value === null || value === undefined) return encodedIdentity(this, value);
    const identity = this.value.keyIdentity(value);
    return isEncodedIdentity(identity) ? encodedIdentity(this, value) : identity;
  }
}
