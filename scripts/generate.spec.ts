import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { formatted, generateTypes, URNS, urnsSource } from "./generate.js";

/** The project's folder, from where this runs: below dist. */
const ROOT = resolve(import.meta.dirname, "../..");
const GEN = "portability/gen";
const REMEDY = "run npm run generate";

function textsBelow(folder: string): Map<string, string> {
  const files = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".ts"));
  return new Map(files.sort().map((name) => [name, readFileSync(join(folder, name), "utf8")]));
}

describe("generated code", () => {
  it("is what portability/proto gives: the types", () => {
    const scratch = mkdtempSync(join(tmpdir(), "girder-generate-"));
    try {
      generateTypes(scratch);
      const [made, present] = [textsBelow(join(scratch, GEN)), textsBelow(join(ROOT, GEN))];
      assert.deepEqual([...present.keys()], [...made.keys()], REMEDY);
      assert.ok(made.size >= 12);
      for (const [name, text] of made) assert.equal(present.get(name), text, `${name}: ${REMEDY}`);
    } finally {
      rmSync(scratch, { recursive: true });
    }
  }).timeout(60_000);

  it("is what portability/proto gives: the URNs", async () => {
    assert.equal(readFileSync(join(ROOT, URNS), "utf8"), formatted(URNS, await urnsSource()), REMEDY);
  });
});
