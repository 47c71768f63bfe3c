import assert from "node:assert/strict";
import { pickle } from "./pickle.js";

const pickled = (...opcodes: string[]): string => Buffer.from(`\x80\x03${opcodes.join("")}.`, "latin1").toString("hex");

describe("a pickle", () => {
  it("is of strings and bytes with their lengths, of None, of what is empty, and of tuples", () => {
    assert.equal(pickle("né").toString("hex"), pickled("X\x03\0\0\0n\xc3\xa9"));
    assert.equal(pickle(Buffer.of(1, 2)).toString("hex"), pickled("B\x02\0\0\0\x01\x02"));
    assert.equal(pickle(undefined).toString("hex"), pickled("N"));
    const tuple = ["a", { empty: "dict" }, { empty: "list" }, { tuple: [] }] as const;
    assert.equal(pickle({ tuple }).toString("hex"), pickled("(", "X\x01\0\0\0a", "}", "]", "(t", "t"));
  });

  it("says what to call with what", () => {
    const call = { call: ["builtins", "eval"], args: ["1"] } as const;
    assert.equal(pickle(call).toString("hex"), pickled("cbuiltins\neval\n", "(", "X\x01\0\0\x001", "t", "R"));
  });
});
