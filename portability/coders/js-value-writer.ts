/** The writing half of the JavaScript value coder. */
import { GirderError } from "../errors.js";
import type { ByteWriter } from "./byte-writer.js";
import { describe } from "./errors.js";
import { MAX_DEPTH, SMALL_INTEGER, Tag } from "./js-value-tags.js";
import { sortRuns } from "./sorted-runs.js";
import { TYPED_ARRAY_KINDS, TYPED_ARRAY_NUMBERS, type TypedArray } from "./typed-arrays.js";

/** Writes a value. @throws GirderError `cannot-encode`, see {@link JsValueCoder} */
export function writeJsValue(value: unknown, out: ByteWriter): void {
  try {
    writeValue(value, out, 0);
  } catch (error) {
    throw error instanceof Refusal ? refusalOf(value, error.culprit) : error;
  }
}

/** Carries what cannot be encoded up to where its place can be told; paths are not kept while all goes well. */
class Refusal extends Error {
  constructor(readonly culprit: unknown) {
    super("cannot be encoded");
  }
}

function writeValue(value: unknown, out: ByteWriter, depth: number): void {
  switch (typeof value) {
    case "string":
      out.writeByte(Tag.STRING);
      out.writeUtf8Prefixed(value);
      return;
    case "number":
      writeNumber(value, out);
      return;
    case "boolean":
      out.writeByte(value ? Tag.TRUE : Tag.FALSE);
      return;
    case "object":
      if (value === null) out.writeByte(Tag.NULL);
      else writeObject(value, out, depth);
      return;
    case "undefined":
      out.writeByte(Tag.UNDEFINED);
      return;
    case "bigint":
      writeBigint(value, out);
      return;
    default:
      throw new Refusal(value);
  }
}

function writeNumber(value: number, out: ByteWriter): void {
  if (Number.isSafeInteger(value) && !Object.is(value, -0)) {
    if (value >= 0 && value < 0x80) {
      out.writeByte(SMALL_INTEGER + value);
    } else {
      out.writeByte(Tag.INTEGER);
      out.writeVarint(value);
    }
  } else {
    out.writeByte(Tag.DOUBLE);
    out.writeDoubleBE(value);
  }
}

function writeBigint(value: bigint, out: ByteWriter): void {
  const magnitude = value < 0n ? -1n - value : value;
  out.writeByte(value < 0n ? Tag.NEGATIVE_BIGINT : Tag.POSITIVE_BIGINT);
  const hex = magnitude === 0n ? "" : magnitude.toString(16);
  const bytes = Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, "hex");
  out.writeVarint(bytes.length);
  out.writeBytes(bytes);
}

function writeObject(value: object, out: ByteWriter, depth: number): void {
  if (depth > MAX_DEPTH) throw new Refusal(value);
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype === Object.prototype || prototype === null) {
    writeProperties(value as Record<string, unknown>, out, depth);
  } else if (prototype === Array.prototype) {
    writeArray(value as unknown[], out, depth);
  } else if (prototype === Map.prototype) {
    writeMap(value as Map<unknown, unknown>, out, depth);
  } else if (prototype === Set.prototype) {
    writeSet(value as Set<unknown>, out, depth);
  } else if (prototype === Date.prototype) {
    writeDate(value as Date, out);
  } else if (prototype === ArrayBuffer.prototype) {
    out.writeByte(Tag.ARRAY_BUFFER);
    out.writeVarint((value as ArrayBuffer).byteLength);
    out.writeBytes(new Uint8Array(value as ArrayBuffer));
  } else {
    writeTypedArray(value, prototype, out);
  }
}

function writeProperties(value: Record<string, unknown>, out: ByteWriter, depth: number): void {
  const names = Object.keys(value);
  if (!isSorted(names)) names.sort();
  out.writeByte(Tag.OBJECT);
  out.writeVarint(names.length);
  for (const name of names) {
    out.writeUtf8Prefixed(name);
    writeValue(value[name], out, depth + 1);
  }
}

function isSorted(names: readonly string[]): boolean {
  for (let i = 1; i < names.length; i++) if (names[i]! < names[i - 1]!) return false;
  return true;
}

function writeArray(value: readonly unknown[], out: ByteWriter, depth: number): void {
  out.writeByte(Tag.ARRAY);
  out.writeVarint(value.length);
  for (let i = 0; i < value.length; i++) writeValue(value[i], out, depth + 1);
}

function writeMap(value: ReadonlyMap<unknown, unknown>, out: ByteWriter, depth: number): void {
  out.writeByte(Tag.MAP);
  out.writeVarint(value.size);
  const starts: number[] = [];
  for (const [key, entry] of value) {
    starts.push(out.length);
    writeValue(key, out, depth + 1);
    writeValue(entry, out, depth + 1);
  }
  sortRuns(starts, out);
}

function writeSet(value: ReadonlySet<unknown>, out: ByteWriter, depth: number): void {
  out.writeByte(Tag.SET);
  out.writeVarint(value.size);
  const starts: number[] = [];
  for (const entry of value) {
    starts.push(out.length);
    writeValue(entry, out, depth + 1);
  }
  sortRuns(starts, out);
}

function writeDate(value: Date, out: ByteWriter): void {
  const time = value.getTime();
  if (Number.isNaN(time)) {
    out.writeByte(Tag.INVALID_DATE);
  } else {
    out.writeByte(Tag.DATE);
    out.writeVarint(time);
  }
}

function writeTypedArray(value: object, prototype: unknown, out: ByteWriter): void {
  const number = TYPED_ARRAY_NUMBERS.get(prototype);
  if (number === undefined) throw new Refusal(value);
  const array = value as TypedArray;
  out.writeByte(Tag.TYPED_ARRAY);
  out.writeByte(number);
  out.writeVarint(array.byteLength);
  TYPED_ARRAY_KINDS[number]!.write(array, out);
}

function refusalOf(root: unknown, culprit: unknown): GirderError {
  if (typeof culprit === "object" && culprit !== null && isContainer(culprit)) {
    return new GirderError("cannot-encode", `A value refers to itself, or is nested more than ${MAX_DEPTH} deep.`, {
      remedy: "Break the cycle, flatten the value, or give the PCollection a coder of its own.",
    });
  }
  const path = pathTo(root, culprit);
  const place = path === "" ? "" : `, at ${path} of the value`;
  return new GirderError("cannot-encode", `${sentence(describe(culprit))} is no plain JavaScript data${place}.`, {
    remedy: "Use a plain object, or give the PCollection a coder of its own.",
  });
}

function sentence(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

function isContainer(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return (
    prototype === null ||
    [Object, Array, Map, Set, Date, ArrayBuffer].some((known) => prototype === known.prototype) ||
    TYPED_ARRAY_NUMBERS.has(prototype)
  );
}

/** Where in `root` the value `culprit` stands: ".users[3].name". Empty for the root itself. */
function pathTo(root: unknown, culprit: unknown): string {
  const seen = new Set<unknown>();
  const find = (value: unknown, path: string, depth: number): string | undefined => {
    if (value === culprit) return path;
    if (typeof value !== "object" || value === null || !isContainer(value)) return undefined;
    if (depth > MAX_DEPTH || seen.has(value)) return undefined;
    seen.add(value);
    for (const [step, child] of childrenOf(value)) {
      const found = find(child, path + step, depth + 1);
      if (found !== undefined) return found;
    }
    return undefined;
  };
  return find(root, "", 0) ?? "";
}

function* childrenOf(value: object): Generator<[step: string, child: unknown]> {
  if (value instanceof Map) {
    for (const [key, entry] of value) {
      yield ["<key>", key];
      yield [`<${describe(key)}>`, entry];
    }
  } else if (value instanceof Set) {
    for (const entry of value) yield ["<entry>", entry];
  } else if (Array.isArray(value)) {
    for (let i = 0; i < value.length; i++) yield [`[${i}]`, value[i]];
  } else if (!ArrayBuffer.isView(value)) {
    for (const [name, child] of Object.entries(value)) yield [`.${name}`, child];
  }
}
