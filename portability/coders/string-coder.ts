import type { KeyIdentity } from "../execution/key-identity.js";
import { StandardCoders } from "../urns.js";
import type { ByteReader } from "./byte-reader.js";
import type { ByteWriter } from "./byte-writer.js";
import type { Coder, CoderSpec } from "./coder.js";
import { stringIdentity } from "./encoding.js";
import { cannotEncode } from "./errors.js";

/**
 * `beam:coder:string_utf8:v1`: a string as UTF-8, behind its length in bytes where nested.
 *
 * Strings with lone surrogates, which UTF-8 cannot write, are written as WTF-8: they come back as they were, though
 * other SDKs may refuse them.
 */
export class StringCoder implements Coder<string> {
  readonly spec: CoderSpec = { urn: StandardCoders.Enum.STRING_UTF8, components: [] };
  readonly nondeterminism = undefined;

  encode(value: string, out: ByteWriter, nested: boolean): void {
    if (typeof value !== "string") throw cannotEncode("string", "strings", value);
    if (nested) out.writeUtf8Prefixed(value);
    else out.writeUtf8(value);
  }

  decode(input: ByteReader, nested: boolean): string {
    return input.readUtf8(nested ? input.readLength() : input.remaining);
  }

  keyIdentity(value: string): KeyIdentity {
    return stringIdentity(this, value);
  }
}

/** The one {@link StringCoder}. */
export const STRING_CODER = new StringCoder();
