/** Typed arrays for the JavaScript value coder: kinds, and their elements in bytes (big-endian, so alike everywhere). */
import type { ByteReader } from "./byte-reader.js";
import type { ByteWriter } from "./byte-writer.js";

/** Any typed array. */
export type TypedArray =
  | Uint8Array
  | Uint8ClampedArray
  | Int8Array
  | Uint16Array
  | Int16Array
  | Uint32Array
  | Int32Array
  | BigUint64Array
  | BigInt64Array
  | Float32Array
  | Float64Array;

/** One kind of typed array. */
export interface TypedArrayKind {
  readonly elementBytes: number;
  write(array: TypedArray, out: ByteWriter): void;
  /** @param length in elements; there must be enough bytes. */
  read(length: number, input: ByteReader): TypedArray;
}

function kind<A extends TypedArray>(
  elementBytes: number,
  create: (length: number) => A,
  write: (out: ByteWriter, element: A[number]) => void,
  read: (input: ByteReader) => A[number],
): TypedArrayKind {
  return {
    elementBytes,
    write(array, out) {
      for (const element of array) write(out, element);
    },
    read(length, input) {
      const array = create(length);
      for (let i = 0; i < length; i++) array[i] = read(input);
      return array;
    },
  };
}

/** Kinds of one byte an element are copied as they are. */
function byteKind(view: (bytes: Uint8Array) => TypedArray): TypedArrayKind {
  return {
    elementBytes: 1,
    write: (array, out) => out.writeBytes(new Uint8Array(array.buffer, array.byteOffset, array.byteLength)),
    read: (length, input) => view(input.readBytes(length)),
  };
}

/** The kinds in the order of the numbers that they have in encodings: append only. */
export const TYPED_ARRAY_KINDS: readonly TypedArrayKind[] = [
  byteKind((bytes) => bytes),
  byteKind((bytes) => new Uint8ClampedArray(bytes.buffer)),
  byteKind((bytes) => new Int8Array(bytes.buffer)),
  kind(
    2,
    (n) => new Uint16Array(n),
    (out, x) => out.writeInt16BE(x),
    (input) => input.readInt16BE(),
  ),
  kind(
    2,
    (n) => new Int16Array(n),
    (out, x) => out.writeInt16BE(x),
    (input) => input.readInt16BE(),
  ),
  kind(
    4,
    (n) => new Uint32Array(n),
    (out, x) => out.writeInt32BE(x),
    (input) => input.readInt32BE(),
  ),
  kind(
    4,
    (n) => new Int32Array(n),
    (out, x) => out.writeInt32BE(x),
    (input) => input.readInt32BE(),
  ),
  kind(
    8,
    (n) => new BigUint64Array(n),
    (out, x) => out.writeInt64BE(x),
    (input) => input.readInt64BE(),
  ),
  kind(
    8,
    (n) => new BigInt64Array(n),
    (out, x) => out.writeInt64BE(x),
    (input) => input.readInt64BE(),
  ),
  kind(
    4,
    (n) => new Float32Array(n),
    (out, x) => out.writeFloatBE(x),
    (input) => input.readFloatBE(),
  ),
  kind(
    8,
    (n) => new Float64Array(n),
    (out, x) => out.writeDoubleBE(x),
    (input) => input.readDoubleBE(),
  ),
];

/** Numbers of the kinds by the prototype of their arrays; a Buffer is a Uint8Array. */
export const TYPED_ARRAY_NUMBERS: ReadonlyMap<unknown, number> = new Map<unknown, number>([
  [Buffer.prototype, 0],
  ...[
    Uint8Array,
    Uint8ClampedArray,
    Int8Array,
    Uint16Array,
    Int16Array,
    Uint32Array,
    Int32Array,
    BigUint64Array,
    BigInt64Array,
    Float32Array,
    Float64Array,
  ].map((type, number): [unknown, number] => [type.prototype, number]),
]);
