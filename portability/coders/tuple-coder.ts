import type { KeyIdentity } from "../execution/key-identity.js";
import type { ByteReader } from "./byte-reader.js";
import type { ByteWriter } from "./byte-writer.js";
import type { Coder, CoderSpec } from "./coder.js";
import { nondeterminismOf } from "./composite.js";
import { encodedIdentity } from "./encoding.js";
import { cannotEncode } from "./errors.js";

/** URN of {@link TupleCoder}, which Beam has none for. */
export const TUPLE_URN = "girder:coder:tuple:v1";

/** `girder:coder:tuple:v1`: as many values as there are components, one after the other, each nested. */
export class TupleCoder implements Coder<readonly unknown[]> {
  readonly spec: CoderSpec;
  readonly nondeterminism: string | undefined;

  constructor(readonly components: readonly Coder<unknown>[]) {
    this.spec = { urn: TUPLE_URN, components };
    this.nondeterminism = nondeterminismOf(components);
  }

  encode(values: readonly unknown[], out: ByteWriter, _nested: boolean): void {
    if (!Array.isArray(values) || values.length !== this.components.length) {
      throw cannotEncode("tuple", `arrays of ${this.components.length} values`, values);
    }
    for (const [i, component] of this.components.entries()) component.encode(values[i], out, true);
  }

  decode(input: ByteReader, _nested: boolean): unknown[] {
    return this.components.map((component) => component.decode(input, true));
  }

  keyIdentity(values: readonly unknown[]): KeyIdentity {
    return encodedIdentity(this, values);
  }
}
