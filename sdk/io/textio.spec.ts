import assert from "node:assert/strict";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { Pipeline } from "../pipeline/pipeline.js";
import { runEmbedded } from "../runners/embedded/embedded.js";
import { create } from "../transforms/create.js";
import { readFromText, writeToText } from "./textio.js";

const UNFRIENDLY = { failBundles: 0.3, splitBundles: 0.5, restoreAlways: true };

describe("textio", () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "girder-textio-"));
  });
  afterEach(() => rm(folder, { recursive: true }));

  it("copies the lines of files, plain and compressed, whatever happens to bundles", async () => {
    const lines = Array.from({ length: 20_000 }, (_, i) => `line ${i} ${"x".repeat(i % 50)}`);
    await writeFile(join(folder, "in-1.txt"), `${lines.slice(0, 9000).join("\n")}\n`);
    await writeFile(join(folder, "in-2.txt.gz"), gzipSync(lines.slice(9000).join("\n")));
    for (let seed = 0; seed < 5; seed++) {
      const pipeline = new Pipeline();
      pipeline.root
        .apply(readFromText(join(folder, "in-*"), { desiredBundleSize: 100_000 }))
        .apply(writeToText(join(folder, `out${seed}`)));
      await runEmbedded(pipeline, { ...UNFRIENDLY, seed });
      const files = await readdir(folder);
      assert.deepEqual(
        files.filter((name) => name.startsWith("out") || name.startsWith(".")).sort(),
        Array.from({ length: seed + 1 }, (_, i) => `out${i}-00000-of-00001`),
      );
      const written = await readFile(join(folder, `out${seed}-00000-of-00001`), "utf8");
      assert.deepEqual(written.split("\n").slice(0, -1).sort(), [...lines].sort());
    }
  });
  it("writes one file for nothing", async () => {
    const pipeline = new Pipeline();
    pipeline.root.apply(create<string>([])).apply(writeToText(join(folder, "out"), { header: "a" }));
    await runEmbedded(pipeline);
    assert.equal(await readFile(join(folder, "out-00000-of-00001"), "utf8"), "a\n");
  });
});
