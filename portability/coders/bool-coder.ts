import type { KeyIdentity } from "../execution/key-identity.js";
import { StandardCoders } from "../urns.js";
import type { ByteReader } from "./byte-reader.js";
import type { ByteWriter } from "./byte-writer.js";
import type { Coder, CoderSpec } from "./coder.js";
import { cannotEncode, malformed } from "./errors.js";

/** Reads one byte that must be 0 or 1. @throws GirderError `malformed-data` */
export function readBool(input: ByteReader): boolean {
  const byte = input.readByte();
  if (byte > 1) throw malformed(`A boolean is the byte ${byte}, neither 0 nor 1`, input.position - 1);
  return byte === 1;
}

/** `beam:coder:bool:v1`: true or false, one byte. */
export class BoolCoder implements Coder<boolean> {
  readonly spec: CoderSpec = { urn: StandardCoders.Enum.BOOL, components: [] };
  readonly nondeterminism = undefined;

  encode(value: boolean, out: ByteWriter, _nested: boolean): void {
    if (typeof value !== "boolean") throw cannotEncode("bool", "booleans", value);
    out.writeByte(value ? 1 : 0);
  }

  decode(input: ByteReader, _nested: boolean): boolean {
    return readBool(input);
  }

  keyIdentity(value: boolean): KeyIdentity {
    return value;
  }
}

/** The one {@link BoolCoder}. */
export const BOOL_CODER = new BoolCoder();
