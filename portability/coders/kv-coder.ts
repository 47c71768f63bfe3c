import type { KeyIdentity } from "../execution/key-identity.js";
import { StandardCoders } from "../urns.js";
import type { ByteReader } from "./byte-reader.js";
import type { ByteWriter } from "./byte-writer.js";
import type { Coder, CoderSpec } from "./coder.js";
import { nondeterminismOf } from "./composite.js";
import { encodedIdentity } from "./encoding.js";
import { cannotEncode } from "./errors.js";

/** A key and a value. Immutable once output. */
export interface KV<K, V> {
  readonly key: K;
  readonly value: V;
}

/** `beam:coder:kv:v1`: the key, nested, then the value, nested where the pair is. */
export class KVCoder<K, V> implements Coder<KV<K, V>> {
  readonly spec: CoderSpec;
  readonly nondeterminism: string | undefined;

  constructor(
    readonly key: Coder<K>,
    readonly value: Coder<V>,
  ) {
    this.spec = { urn: StandardCoders.Enum.KV, components: [key, value] };
    this.nondeterminism = nondeterminismOf(this.spec.components);
  }

  encode(pair: KV<K, V>, out: ByteWriter, nested: boolean): void {
    if (typeof pair !== "object" || pair === null || !("key" in pair && "value" in pair)) {
      throw cannotEncode("kv", "objects { key, value }", pair);
    }
    this.key.encode(pair.key, out, true);
    this.value.encode(pair.value, out, nested);
  }

  decode(input: ByteReader, nested: boolean): KV<K, V> {
    const key = this.key.decode(input, true);
    return { key, value: this.value.decode(input, nested) };
  }

  keyIdentity(pair: KV<K, V>): KeyIdentity {
    return encodedIdentity(this, pair);
  }
}
