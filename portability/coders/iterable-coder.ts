import type { KeyIdentity } from "../execution/key-identity.js";
import { StandardCoders } from "../urns.js";
import type { ByteReader } from "./byte-reader.js";
import type { ByteWriter } from "./byte-writer.js";
import type { Coder, CoderSpec } from "./coder.js";
import { encodedIdentity } from "./encoding.js";
import { cannotEncode } from "./errors.js";
import { readSequence, writeSequence } from "./sequence.js";

/** @throws GirderError `cannot-encode` unless `value` can be iterated over and is not a string. */
export function checkIterable(value: unknown, coder: string): void {
  const iterable = typeof value === "object" && value !== null && Symbol.iterator in value;
  if (!iterable) throw cannotEncode(coder, "iterables", value);
}

/** `beam:coder:iterable:v1`: writes any iterable, whose length it always writes, and decodes to arrays. */
export class IterableCoder<T> implements Coder<Iterable<T>> {
  readonly spec: CoderSpec;
  readonly nondeterminism: string | undefined;

  constructor(readonly element: Coder<T>) {
    this.spec = { urn: StandardCoders.Enum.ITERABLE, components: [element] };
    this.nondeterminism = element.nondeterminism;
  }

  encode(value: Iterable<T>, out: ByteWriter, _nested: boolean): void {
    checkIterable(value, "iterable");
    writeSequence(value, this.element, out);
  }

  decode(input: ByteReader, _nested: boolean): T[] {
    return readSequence(this.element, input);
  }

  keyIdentity(value: Iterable<T>): KeyIdentity {
    return encodedIdentity(this, value);
  }
}
