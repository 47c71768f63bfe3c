import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { GirderError } from "../../portability/errors.js";
import { SpillFile } from "./spill-file.js";

describe("SpillFile", () => {
  it("reads back what was appended, at any place, small and large", () => {
    const file = new SpillFile();
    const parts = [Buffer.from("abc"), Buffer.alloc(3_000_000, 7), Buffer.alloc(0), Buffer.from("xyz")];
    const extents = parts.map((part) => file.append(part));
    assert.equal(file.size, 3_000_006);
    for (const i of [3, 0, 2, 1]) assert.deepEqual(Buffer.from(file.read(extents[i]!)), parts[i]);
    file.close();
  });

  it("leaves nothing behind, not even while it is open", () => {
    const folder = mkdtempSync(join(tmpdir(), "girder-spec-"));
    const file = new SpillFile(folder);
    file.append(Buffer.from("abc"));
    assert.deepEqual(readdirSync(folder), []);
    file.close();
    rmSync(folder, { recursive: true });
  });

  it("says where it could not be made, and what to do", () => {
    assert.throws(
      () => new SpillFile("/nonexistent-folder"),
      (thrown: unknown) =>
        thrown instanceof GirderError && thrown.code === "io" && /nonexistent-folder.*TMPDIR/.test(thrown.message),
    );
  });
});
