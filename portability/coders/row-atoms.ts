/** How the atomic types of schemas are written inside rows. */
import { AtomicType } from "../gen/org/apache/beam/model/pipeline/v1/schema_pb.js";
import { BOOL_CODER } from "./bool-coder.js";
import type { ByteReader } from "./byte-reader.js";
import type { ByteWriter } from "./byte-writer.js";
import { BYTES_CODER } from "./bytes-coder.js";
import type { Coder } from "./coder.js";
import { DOUBLE_CODER, HOLDS_DOUBLES } from "./double-coder.js";
import { cannotEncode, malformed } from "./errors.js";
import { STRING_CODER } from "./string-coder.js";
import { VARINT_CODER } from "./varint-coder.js";

/** Writes and reads one field's values, always nested. Not a coder: no pipeline can name it. */
export interface FieldCodec {
  readonly nondeterminism: string | undefined;
  encode(value: unknown, out: ByteWriter): void;
  decode(input: ByteReader): unknown;
}

/** The codec that does what a coder does in nested context. */
export function nestedCodec<T>(coder: Coder<T>): FieldCodec {
  return {
    nondeterminism: coder.nondeterminism,
    encode: (value, out) => coder.encode(value as T, out, true),
    decode: (input) => coder.decode(input, true),
  };
}

function integerCodec(
  bits: number,
  write: (value: number, out: ByteWriter) => void,
  read: (input: ByteReader) => number,
): FieldCodec {
  const bound = 2 ** (bits - 1);
  return {
    nondeterminism: undefined,
    encode(value, out) {
      if (!Number.isInteger(value) || (value as number) < -bound || (value as number) >= bound) {
        throw cannotEncode(`int${bits}`, `integers of ${bits} bits`, value);
      }
      write(value as number, out);
    },
    decode: read,
  };
}

/** 32 bits as a varint: negative numbers as the unsigned number of the same bits, or, from Go, as 64 bits. */
function readInt32Varint(input: ByteReader): number {
  const at = input.position;
  const value = input.readVarint();
  if (typeof value !== "number" || value < -(2 ** 31) || value >= 2 ** 32) {
    throw malformed(`${value} is not an integer of 32 bits`, at);
  }
  return value | 0;
}

const FLOAT_CODEC: FieldCodec = {
  nondeterminism: HOLDS_DOUBLES,
  encode(value, out) {
    if (typeof value !== "number") throw cannotEncode("float", "numbers", value);
    out.writeFloatBE(value);
  },
  decode: (input) => input.readFloatBE(),
};

/** Codecs by type. Floats lose precision: they are written as the nearest number of 32 bits. */
export const ATOMIC_CODECS: ReadonlyMap<AtomicType, FieldCodec> = new Map([
  [
    AtomicType.BYTE,
    integerCodec(
      8,
      (value, out) => out.writeByte(value & 0xff),
      (input) => (input.readByte() << 24) >> 24,
    ),
  ],
  [
    AtomicType.INT16,
    integerCodec(
      16,
      (value, out) => out.writeInt16BE(value),
      (input) => input.readInt16BE(),
    ),
  ],
  [AtomicType.INT32, integerCodec(32, (value, out) => out.writeVarint(value >>> 0), readInt32Varint)],
  [AtomicType.INT64, nestedCodec(VARINT_CODER)],
  [AtomicType.FLOAT, FLOAT_CODEC],
  [AtomicType.DOUBLE, nestedCodec(DOUBLE_CODER)],
  [AtomicType.STRING, nestedCodec(STRING_CODER)],
  [AtomicType.BOOLEAN, nestedCodec(BOOL_CODER)],
  [AtomicType.BYTES, nestedCodec(BYTES_CODER)],
]);
