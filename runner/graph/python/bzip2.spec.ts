import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import fc from "fast-check";
import { bzip2 } from "./bzip2.js";

/** What others make of it again: bzip2 itself, or Python's module. */
const READERS: readonly (readonly [command: string, ...args: string[]])[] = [
  ["bzip2", "--decompress", "--stdout"],
  ["python3", "-c", "import bz2, sys; sys.stdout.buffer.write(bz2.decompress(sys.stdin.buffer.read()))"],
];

function read([command, ...args]: readonly [string, ...string[]], input: Uint8Array): Buffer {
  const { status, stdout, stderr } = spawnSync(command, args, { input });
  assert.equal(status, 0, String(stderr));
  return stdout;
}

const reader = READERS.find(
  ([command, ...args]) => spawnSync(command, args, { input: bzip2(Buffer.of()) }).status === 0,
);

describe("bzip2", () => {
  it("has the form that bzip2 gives to nothing", () => {
    assert.equal(bzip2(Buffer.of()).toString("hex"), "425a683117724538509000000000");
  });

  it("is read by others as what was written: runs of every length, several blocks, all bytes", function () {
    if (reader === undefined) {
      console.log("      skipped: there is neither bzip2 nor Python");
      this.skip();
    }
    const runs = Buffer.concat(Array.from({ length: 300 }, (_, i) => Buffer.alloc(i, i)));
    for (const bytes of [Buffer.of(7), Buffer.alloc(25_000, 1), Buffer.from("ab".repeat(9000)), runs]) {
      assert.ok(read(reader, bzip2(bytes)).equals(bytes));
    }
    const some = fc.oneof(fc.uint8Array({ maxLength: 400 }), fc.array(fc.constantFrom(0, 1, 255), { maxLength: 400 }));
    fc.assert(
      fc.property(some, (values) => {
        const bytes = Buffer.from(values);
        assert.ok(read(reader, bzip2(bytes)).equals(bytes));
      }),
      { numRuns: 30 },
    );
  });
});
