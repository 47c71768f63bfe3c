/** Writes pickles, Python's own form of values: as much of protocol 3 as tells Python what to call with what. */

/** A value as Python is to have it. */
export type Pickled =
  | string
  | Uint8Array
  | undefined
  | { readonly tuple: readonly Pickled[] }
  /** An empty dict or list. */
  | { readonly empty: "dict" | "list" }
  /** What a function or class gives: `module.name` of what is called, and what it is given. */
  | { readonly call: readonly [module: string, name: string]; readonly args: readonly Pickled[] };

/** A pickle of a value. Source: Python's `pickletools`. */
export function pickle(value: Pickled): Buffer {
  return Buffer.concat([Buffer.from("\x80\x03", "latin1"), opcodes(value), Buffer.from(".")]);
}

function opcodes(value: Pickled): Buffer {
  if (value === undefined) return Buffer.from("N");
  if (typeof value === "string") return sized("X", Buffer.from(value));
  if (value instanceof Uint8Array) return sized("B", value);
  if ("empty" in value) return Buffer.from(value.empty === "dict" ? "}" : "]");
  if ("tuple" in value) return Buffer.concat([Buffer.from("("), ...value.tuple.map(opcodes), Buffer.from("t")]);
  const [module, name] = value.call;
  return Buffer.concat([Buffer.from(`c${module}\n${name}\n`), opcodes({ tuple: value.args }), Buffer.from("R")]);
}

function sized(opcode: string, bytes: Uint8Array): Buffer {
  const head = Buffer.alloc(5);
  head.write(opcode, "latin1");
  head.writeUInt32LE(bytes.length, 1);
  return Buffer.concat([head, bytes]);
}
