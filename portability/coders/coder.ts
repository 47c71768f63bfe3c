/** What every coder is. */
import type { KeyIdentity } from "../execution/key-identity.js";
import type { ByteReader } from "./byte-reader.js";
import type { ByteWriter } from "./byte-writer.js";

/** How a coder appears in a pipeline: `Coder` of `beam_runner_api.proto`. */
export interface CoderSpec {
  readonly urn: string;
  /** `FunctionSpec.payload`, empty for most. */
  readonly payload?: Uint8Array;
  readonly components: readonly Coder<unknown>[];
}

/**
 * Writes values of one type as bytes and reads them back.
 *
 * A coder works in two contexts. Nested, other bytes may follow, so the value must say where it ends; outer (not
 * nested), it is alone and may take all that is there. Most coders write the same bytes in both.
 */
export interface Coder<T> {
  readonly spec: CoderSpec;
  /**
   * Why equal values may be written as different bytes, a clause to end a sentence with ("it holds doubles", say), or
   * undefined where they never are. A key's coder must be deterministic.
   */
  readonly nondeterminism: string | undefined;
  /** @throws GirderError `cannot-encode` for a value that is not of the coder's type. */
  encode(value: T, out: ByteWriter, nested: boolean): void;
  /** @throws GirderError `malformed-data` for bytes that no value is written as, and for too few of them. */
  decode(input: ByteReader, nested: boolean): T;
  /** What the value is grouped by. Equal for two values exactly where their bytes are. */
  keyIdentity(value: T): KeyIdentity;
}
