import type { KeyIdentity } from "../execution/key-identity.js";
import { StandardCoders } from "../urns.js";
import type { ByteReader } from "./byte-reader.js";
import type { ByteWriter } from "./byte-writer.js";
import { BYTES_CODER } from "./bytes-coder.js";
import type { Coder, CoderSpec } from "./coder.js";
import { encodedIdentity } from "./encoding.js";
import { cannotEncode } from "./errors.js";

/** A key and one of the shards that its values are spread over. */
export interface ShardedKey<K> {
  readonly key: K;
  /** Tells a key's shards apart; without further meaning. */
  readonly shardId: Uint8Array;
}

/** `beam:coder:sharded_key:v1`: the shard's id, then the key, both nested. */
export class ShardedKeyCoder<K> implements Coder<ShardedKey<K>> {
  readonly spec: CoderSpec;
  readonly nondeterminism: string | undefined;

  constructor(readonly key: Coder<K>) {
    this.spec = { urn: StandardCoders.Enum.SHARDED_KEY, components: [key] };
    this.nondeterminism = key.nondeterminism;
  }

  encode(value: ShardedKey<K>, out: ByteWriter, _nested: boolean): void {
    if (typeof value !== "object" || value === null) {
      throw cannotEncode("sharded key", "objects { key, shardId }", value);
    }
    BYTES_CODER.encode(value.shardId, out, true);
    this.key.encode(value.key, out, true);
  }

  decode(input: ByteReader, _nested: boolean): ShardedKey<K> {
    const shardId = BYTES_CODER.decode(input, true);
    return { key: this.key.decode(input, true), shardId };
  }

  keyIdentity(value: ShardedKey<K>): KeyIdentity {
    return encodedIdentity(this, value);
  }
}
