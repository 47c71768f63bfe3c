/** The two errors of coders, worded alike. */
import { GirderError } from "../errors.js";

/** `malformed-data`: the bytes before `position` cannot be what `what` says they are. */
export function malformed(what: string, position: number): GirderError {
  return new GirderError("malformed-data", `${what} (byte ${position} of the encoded data).`, {
    remedy: "Check that both ends use the same coder, and that the data was not cut or altered.",
  });
}

/** `cannot-encode`: `value` is not of the type that the coder called `coder` writes, which `expected` names. */
export function cannotEncode(coder: string, expected: string, value: unknown): GirderError {
  return new GirderError("cannot-encode", `The ${coder} coder writes ${expected}, but was given ${describe(value)}.`, {
    remedy: "Output a value of that type, or give the PCollection a coder of its own.",
  });
}

/** A short name for any value: its type or constructor, and itself where it is short. */
export function describe(value: unknown): string {
  switch (typeof value) {
    case "string":
      return value.length <= 40 ? `the string ${JSON.stringify(value)}` : `a string of ${value.length} characters`;
    case "number":
    case "boolean":
      return `the ${typeof value} ${Object.is(value, -0) ? "-0" : value}`;
    case "bigint": {
      const bits = BigInt.asIntN(64, value) === value;
      return bits ? `the bigint ${value}n` : "a bigint of more than 64 bits";
    }
    case "function":
      return value.name === "" ? "a function" : `the function ${value.name}`;
    case "object": {
      if (value === null) return "null";
      if (Array.isArray(value)) return `an array of ${value.length}`;
      const prototype: unknown = Object.getPrototypeOf(value);
      const name =
        prototype === null ? "Object" : (prototype as { constructor?: { name?: unknown } }).constructor?.name;
      return name === "Object" ? "a plain object" : `an instance of ${String(name)}`;
    }
    default:
      return String(value);
  }
}
