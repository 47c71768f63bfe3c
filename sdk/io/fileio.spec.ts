import assert from "node:assert/strict";
import { mkdtemp, rename, rm, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { gzipSync } from "node:zlib";
import { timestampParam } from "../pipeline/context.js";
import { Pipeline } from "../pipeline/pipeline.js";
import { runEmbedded } from "../runners/embedded/embedded.js";
import { collect, type TestPipelineOptions, testPipeline } from "../testing/index.js";
import { create } from "../transforms/create.js";
import { readFromCsv } from "./csv.js";
import {
  afterTimeSinceNewOutput,
  afterTotalOf,
  match,
  matchAll,
  matchAllContinuously,
  matchContinuously,
  type UntilCondition,
} from "./fileio.js";
import { readFromText } from "./textio.js";

const UNFRIENDLY: TestPipelineOptions = { failBundles: 0.3, splitBundles: 0.5, restoreAlways: true, seed: 2 };

/** A clock that each look moves on by 10 ms. */
const ticking = () => {
  let now = 1000;
  return () => {
    now += 10;
    return now;
  };
};

describe("fileio", () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "girder-fileio-"));
  });
  afterEach(() => rm(folder, { recursive: true }));
  const at = (name: string): string => join(folder, name);
  /** Writes a file that appears when it is complete. */
  async function put(name: string, content: string | Uint8Array): Promise<void> {
    await writeFile(at(`.${name}`), content);
    await rename(at(`.${name}`), at(name));
  }

  it("matches the files that are there, each with its size", async () => {
    await put("a.txt", "12345");
    await put("b.txt", "1");
    let found: { elements: readonly string[] } | undefined;
    await testPipeline((root) => {
      found = collect(root.apply(match([at("*.txt"), at("b*")])).map(({ path, size }) => `${basename(path)} ${size}`));
    });
    assert.deepEqual([...found!.elements].sort(), ["a.txt 5", "b.txt 1", "b.txt 1"]);
    await assert.rejects(
      testPipeline((root) => root.apply(match(at("c*")))),
      { code: "not-found" },
    );
    await testPipeline((root) => root.apply(create([at("c*")])).apply(matchAll({ allowEmptyMatch: true })));
  });

  it("outputs files that come while it watches, each once, with the time when it was found", async () => {
    for (const options of [{}, UNFRIENDLY]) {
      await put("a.txt", "a");
      const now = ticking();
      let looks = 0;
      const writes: Promise<void>[] = [];
      let found: { elements: readonly { name: string; timestamp: number }[] } | undefined;
      await testPipeline((root) => {
        const files = root.apply(
          matchContinuously(at("*.txt"), {
            interval: 5,
            now,
            until: () => {
              looks++;
              writes.push(put(`${looks % 8}.txt`, "x"));
              return looks >= 12;
            },
          }),
        );
        assert.equal(files.bounded, false);
        const timed = files.map(({ path }, { timestamp }) => ({ name: basename(path), timestamp }), {
          timestamp: timestampParam(),
        });
        found = collect(timed);
      }, options);
      await Promise.all(writes);
      const names = found!.elements.map(({ name }) => name);
      assert.equal(new Set(names).size, names.length);
      assert.ok(names.length >= 6, names.join());
      assert.ok(found!.elements.every(({ timestamp }) => timestamp > 1000));
      await rm(folder, { recursive: true });
      folder = await mkdtemp(join(tmpdir(), "girder-fileio-"));
    }
  });

  it("outputs a file again when it has changed, if it is to", async () => {
    for (const matchUpdatedFiles of [false, true]) {
      await put("a.txt", "a");
      let looks = 0;
      const writes: Promise<void>[] = [];
      const until = (): boolean => {
        looks++;
        writes.push(utimes(at("a.txt"), new Date(), new Date(looks * 1e6)));
        return looks === 6;
      };
      let found: { elements: readonly string[] } | undefined;
      await testPipeline((root) => {
        const files = root.apply(matchContinuously(at("a.txt"), { interval: 5, until, matchUpdatedFiles }));
        found = collect(files.map(({ path }) => path));
      });
      await Promise.all(writes);
      const { length } = found!.elements;
      assert.ok(matchUpdatedFiles ? length > 1 : length === 1, `${length}`);
    }
  });

  it("ends after a time, or a time without anything new", async () => {
    await put("a.txt", "a");
    for (const [condition, expected] of [
      [afterTotalOf(100), 11],
      [afterTimeSinceNewOutput(50), 6],
    ] as const) {
      let looks = 0;
      const now = (): number => 1000 + looks * 10;
      const until: UntilCondition = (times, at) => {
        looks++;
        return condition(times, at);
      };
      let found: { elements: readonly unknown[] } | undefined;
      await testPipeline((root) => {
        found = collect(root.apply(create([at("*")])).apply(matchAllContinuously({ interval: 1, until, now })));
      });
      assert.equal(found!.elements.length, 1);
      assert.equal(looks, expected);
    }
  });

  it("reads files as they come, of any kind, until it is cancelled", async () => {
    await put("a.txt", "one\ntwo\n");
    await put("b.txt.gz", gzipSync("three"));
    await put("c.csv", "n\n4\n");
    const seen: string[] = [];
    const abort = new AbortController();
    const pipeline = new Pipeline();
    const watch = { interval: 5 };
    const lines = pipeline.root.apply(readFromText(at("*.txt*"), { watch }));
    assert.equal(lines.bounded, false);
    const all = (line: string): string => {
      seen.push(line);
      if (seen.length === 4) void put("d.txt", "five\n");
      if (seen.length === 5) void put("e.txt", "six");
      if (seen.length === 6) abort.abort();
      return line;
    };
    lines.map(all);
    pipeline.root.apply(readFromCsv<"n">(at("*.csv"), { watch })).map("Field", ({ n }) => all(n));
    await assert.rejects(runEmbedded(pipeline, { signal: abort.signal }), { code: "cancelled" });
    assert.deepEqual(seen.slice(0, 4).sort(), ["4", "one", "three", "two"]);
    assert.deepEqual(seen.slice(4), ["five", "six"]);
  });

  it("reads what is there and ends, if it is to", async () => {
    await put("a.txt", "one\ntwo\n");
    await put("b.txt.gz", gzipSync("three\n".repeat(50_000)));
    let lines: { elements: readonly string[] } | undefined;
    await testPipeline(
      (root) => {
        lines = collect(root.apply(readFromText(at("*.txt*"), { watch: { interval: 60_000 } })));
      },
      { untilAvailable: true, checkElements: false },
    );
    assert.equal(lines!.elements.length, 50_002);
  });

  it("refuses nothing to match, and intervals that are none", () => {
    assert.throws(() => match([]), { code: "invalid-argument" });
    assert.throws(() => matchContinuously("", { interval: 5 }), { code: "invalid-argument" });
    assert.throws(() => matchContinuously("a", { interval: 0 }), { code: "invalid-argument" });
    assert.throws(() => readFromText("a", { watch: { interval: Number.NaN } }), { code: "invalid-argument" });
  });
});
