import assert from "node:assert/strict";
import { programState, setAmbient } from "../runners/ambient.js";
import { capture } from "./capture.js";
import { register, sourceText } from "./register.js";

describe("captured values", () => {
  beforeEach(() => {
    programState().captured.length = 0;
    setAmbient({});
  });
  afterEach(() => {
    programState().captured.length = 0;
    setAmbient({});
  });

  /** Has the program run again by a worker. */
  function again(): void {
    const captures = [...programState().captured];
    programState().captured.length = 0;
    setAmbient({ workerMode: { pipeline: 0, captures, flags: [] } });
  }

  it("are made once, and are the same where the program is run again", () => {
    const value = { at: 7n, list: [1, Number.NaN], map: new Map([["a", new Date(0)]]), bytes: Uint8Array.of(1) };
    let made = 0;
    const program = () => [capture(() => ({ ...value, made: ++made })), capture(() => ++made)];
    const submitted = program();
    again();
    assert.deepEqual(program(), submitted);
    assert.equal(made, 2);
  });

  it("must be able to travel", () => {
    for (const value of [() => 1, new (class Point {})(), Symbol("s")]) {
      assert.throws(() => capture(() => value), { code: "cannot-encode", message: /Captured value 1 cannot be taken/ });
    }
  });

  it("must be as many in a worker as where the program was submitted", () => {
    capture(() => 1);
    again();
    capture(() => 1);
    assert.throws(() => capture(() => 2), { code: "invalid-pipeline", message: /captures more values/ });
  });
});

describe("registered functions", () => {
  it("are compared by their names, others by their source", () => {
    const fn = register("double", (n: number) => n * 2);
    assert.equal(fn(2), 4);
    assert.equal(sourceText(fn, String(fn)), "registered double");
    const doFn = register("counting", { process: (n: number) => [n] });
    assert.equal(sourceText(doFn, String(doFn.process)), "registered counting");
    const plain = (n: number) => n + 1;
    assert.equal(sourceText(plain, "source"), "source");
  });
});
