import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { GirderError } from "../../portability/errors.js";
import { passert, testPipeline } from "../testing/index.js";
import { create } from "../transforms/create.js";
import { readFromJsonl, writeToJsonl } from "./jsonl.js";

describe("JSON Lines", () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "girder-jsonl-"));
  });
  afterEach(() => rm(folder, { recursive: true }));

  const values = [{ id: 1, tags: ["a\nb", "ü"] }, { id: 2, tags: [] }, null, 3.5, "text"];

  it("are written and read back as the same values", async () => {
    const prefix = join(folder, "out");
    const options = { failBundles: 0.3, splitBundles: 0.5, restoreAlways: true, seed: 4 };
    await testPipeline((root) => root.apply(create<unknown>(values)).apply(writeToJsonl(prefix)), options);
    const text = await readFile(`${prefix}-00000-of-00001.jsonl`, "utf8");
    assert.equal(text.split("\n").length, values.length + 1);
    await testPipeline((root) => passert(root.apply(readFromJsonl(`${prefix}*`))).containsInAnyOrder(values), options);
  });

  it("may have empty lines between them", async () => {
    await writeFile(join(folder, "in"), '{"a":1}\n\n  \r\n{"a":2}\n\n');
    await testPipeline((root) =>
      passert(root.apply(readFromJsonl<{ a: number }>(join(folder, "in")))).containsInAnyOrder([{ a: 1 }, { a: 2 }]),
    );
  });

  it("that are malformed are shown, with their file", async () => {
    const path = join(folder, "in.jsonl");
    await writeFile(path, `{"a":1}\n{"a":${"9".repeat(500)}\n`);
    await assert.rejects(
      testPipeline((root) => root.apply(readFromJsonl(path))),
      (thrown: GirderError) => {
        assert.equal(thrown.code, "malformed-data");
        for (const part of [path, '{"a":999', "ReadFromJsonl/Read"])
          assert.ok(thrown.message.includes(part), thrown.message);
        return thrown.message.length < 700;
      },
    );
  });

  it("cannot hold what JSON does not have", async () => {
    const circle: { self?: unknown } = {};
    circle.self = circle;
    for (const make of [() => undefined, () => 1n, () => circle] as (() => unknown)[]) {
      await assert.rejects(
        testPipeline(
          (root) =>
            root
              .apply(create([1]))
              .map(make)
              .apply(writeToJsonl(join(folder, "out"))),
          {
            checkElements: false,
          },
        ),
        (thrown: GirderError) =>
          thrown instanceof GirderError && thrown.code === "cannot-encode" && thrown.message.includes("WriteToJsonl"),
      );
    }
  });
});
