import { isEncodedIdentity, type KeyIdentity } from "../execution/key-identity.js";
import { StandardCoders } from "../urns.js";
import type { ByteReader } from "./byte-reader.js";
import type { ByteWriter } from "./byte-writer.js";
import type { Coder, CoderSpec } from "./coder.js";
import { encodedIdentity } from "./encoding.js";

/**
 * `beam:coder:length_prefix:v1`: a value in outer context behind its length, so that whoever does not know its coder can
 * still tell where it ends.
 */
export class LengthPrefixCoder<T> implements Coder<T> {
  readonly spec: CoderSpec;
  readonly nondeterminism: string | undefined;

  constructor(readonly value: Coder<T>) {
    this.spec = { urn: StandardCoders.Enum.LENGTH_PREFIX, components: [value] };
    this.nondeterminism = value.nondeterminism;
  }

  encode(value: T, out: ByteWriter, _nested: boolean): void {
    const start = out.beginPrefixed();
    this.value.encode(value, out, false);
    out.endPrefixed(start);
  }

  decode(input: ByteReader, _nested: boolean): T {
    const outer = input.beginPrefixed();
    const value = this.value.decode(input, false);
    input.endPrefixed(outer);
    return value;
  }

  keyIdentity(value: T): KeyIdentity {
    const identity = this.value.keyIdentity(value);
    return isEncodedIdentity(identity) ? encodedIdentity(this, value) : identity;
  }
}
