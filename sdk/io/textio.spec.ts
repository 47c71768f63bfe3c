import assert from "node:assert/strict";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { brotliDecompressSync, gunzipSync, gzipSync } from "node:zlib";
import fc from "fast-check";
import { GirderError } from "../../portability/errors.js";
import { collect, passert, type TestPipelineOptions, testPipeline } from "../testing/index.js";
import { create } from "../transforms/create.js";
import { fixedWindows } from "../windowing/window-fns.js";
import { assignTimestamps, windowInto } from "../windowing/window-into.js";
import { type FileSystem, MemoryFileSystem, registerFileSystem } from "./filesystem/index.js";
import { readAllFromText, readFromText, readFromTextWithFilename, writeToText } from "./textio.js";

const UNFRIENDLY = { failBundles: 0.3, splitBundles: 0.5, restoreAlways: true };

/** Checks a GirderError's code and that its message says these things. */
function failure(code: string, ...parts: string[]) {
  return (thrown: unknown): boolean => {
    assert.ok(thrown instanceof GirderError, String(thrown));
    assert.equal(thrown.code, code, thrown.message);
    for (const part of parts) assert.ok(thrown.message.includes(part), `"${thrown.message}" lacks "${part}"`);
    return true;
  };
}

describe("textio", () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "girder-textio-"));
  });
  afterEach(() => rm(folder, { recursive: true }));
  const at = (name: string): string => join(folder, name);
  const written = async (name: string): Promise<string[]> =>
    (await readFile(at(name), "utf8")).split("\n").slice(0, -1);

  /** A memory of its own for a test, which may lack what file systems may leave out. */
  function memory(scheme: string, options: { sync: boolean }): MemoryFileSystem {
    const files = new MemoryFileSystem({ chunkSize: 64 });
    const named = Object.assign(files, { scheme }, options.sync ? {} : { openSync: undefined, createSync: undefined });
    registerFileSystem(named as FileSystem);
    return files;
  }
  async function put(files: FileSystem, path: string, content: string | Uint8Array): Promise<void> {
    const writer = await files.create(path);
    await writer.write(Buffer.from(content));
    await writer.close();
  }
  async function take(files: FileSystem, path: string): Promise<string> {
    const chunks: Uint8Array[] = [];
    for await (const chunk of files.open(path)) chunks.push(chunk);
    return Buffer.concat(chunks).toString();
  }

  it("copies the lines of files, plain and compressed, whatever happens to bundles", async () => {
    const lines = Array.from({ length: 3000 }, (_, i) => `line ${i} ${"x".repeat(i % 50)}`);
    await writeFile(at("in-1.txt"), `${lines.slice(0, 2000).join("\n")}\n`);
    await writeFile(at("in-2.txt.gz"), gzipSync(lines.slice(2000).join("\n")));
    for (let seed = 0; seed < 6; seed++) {
      await testPipeline(
        (root) => {
          const read = root.apply(readFromText(at("in-*"), { desiredBundleSize: 10_000 }));
          const names = read.apply(writeToText(at(`out${seed}`), { numShards: 3, header: "head", footer: "foot" }));
          passert(names).satisfies((elements) => assert.equal(elements.length, 3));
        },
        { ...UNFRIENDLY, seed },
      );
      const found: string[] = [];
      for (const shard of [0, 1, 2]) {
        const [head, ...rest] = await written(`out${seed}-0000${shard}-of-00003`);
        assert.equal(head, "head");
        assert.equal(rest.pop(), "foot");
        assert.ok(rest.length > 100, "the lines are spread");
        found.push(...rest);
      }
      assert.deepEqual(found.sort(), [...lines].sort());
    }
    const files = await readdir(folder);
    assert.deepEqual(
      files.filter((name) => name.startsWith(".")),
      [],
      "no temporary file is left",
    );
    assert.equal(files.length, 2 + 6 * 3);
  });

  it("yields each line once, for any content, part size and chunk size", async () => {
    const files = memory("parts", { sync: true });
    const line = fc.string({ unit: "grapheme", maxLength: 20 }).map((text) => text.replace(/[\r\n\uFEFF]/g, "_"));
    const contents = fc.record({ lines: fc.array(line), size: fc.integer({ min: 1, max: 60 }), seed: fc.nat() });
    await fc.assert(
      fc.asyncProperty(contents, async ({ lines, size, seed }) => {
        await put(files, "parts://in", lines.map((text) => `${text}\n`).join(""));
        await testPipeline(
          (root) =>
            passert(root.apply(readFromText("parts://in", { desiredBundleSize: size }))).containsInAnyOrder(lines),
          { ...UNFRIENDLY, seed, checkElements: false },
        );
      }),
      { numRuns: 40 },
    );
  });

  it("goes on in a compressed file where the last bundle ended, unless that one failed", async () => {
    const files = memory("resume", { sync: true });
    let opened = 0;
    const { open } = files;
    files.open = (...args) => {
      opened++;
      return open.apply(files, args);
    };
    const lines = Array.from({ length: 5000 }, (_, i) => String(i));
    await put(files, "resume://big.gz", gzipSync(lines.join("\n")));
    const read = async (options: TestPipelineOptions): Promise<number> => {
      opened = 0;
      const result = await testPipeline((root) => {
        const rest = root.apply(readFromText("resume://big.gz", { skipHeaderLines: 1 }));
        passert(rest).containsInAnyOrder(lines.slice(1));
      }, options);
      return result.progress.bundles;
    };
    assert.ok((await read({ splitBundles: 1 })) > 8, "the file is read in several bundles");
    assert.equal(opened, 1);
    await read({ splitBundles: 1, failBundles: 0.3, seed: 1 });
    assert.ok(opened > 1);
  });

  it("lets others have the thread, however slow the steps behind it are", async () => {
    await writeFile(at("in"), "line\n".repeat(400));
    const slow = (line: string): string => {
      for (const end = performance.now() + 0.5; performance.now() < end; );
      return line;
    };
    let turns = 0;
    const timer = setInterval(() => turns++, 1);
    try {
      await testPipeline((root) => root.apply(readFromText(at("in"))).map(slow));
    } finally {
      clearInterval(timer);
    }
    assert.ok(turns >= 6, `${turns} turns in 200 ms of work`);
  });

  it("takes delimiters, headers and byte order marks off", async () => {
    await writeFile(at("a.txt"), "\uFEFFhead\r\none\r\n\r\ntwo");
    await writeFile(at("b.txt"), "head;1;2;3;");
    await testPipeline((root) => {
      passert(root.apply(readFromText(at("a.txt")))).containsInAnyOrder(["head", "one", "", "two"]);
      passert(root.apply(readFromText(at("a.txt"), { skipHeaderLines: 1 }))).containsInAnyOrder(["one", "", "two"]);
      const semicolons = { delimiter: ";", skipHeaderLines: 1, desiredBundleSize: 3 };
      passert(root.apply(readFromText([at("b.txt")], semicolons))).containsInAnyOrder(["1", "2", "3"]);
    });
  });

  it("tells which file a line is from, and reads the patterns in a PCollection", async () => {
    await writeFile(at("a.txt"), "1\n2\n");
    await writeFile(at("b.txt"), "3\n");
    await testPipeline((root) => {
      passert(root.apply(readFromTextWithFilename(at("*.txt")))).containsInAnyOrder([
        { key: at("a.txt"), value: "1" },
        { key: at("a.txt"), value: "2" },
        { key: at("b.txt"), value: "3" },
      ]);
      const patterns = root.apply(create([at("a*"), at("b.txt")]));
      passert(patterns.apply(readAllFromText())).containsInAnyOrder(["1", "2", "3"]);
    });
  });

  it("works on file systems that can only be read and written with promises", async () => {
    const files = memory("slow", { sync: false });
    await put(files, "slow://in/a", "1\n2\n3\n");
    for (let seed = 0; seed < 3; seed++) {
      await testPipeline((root) => root.apply(readFromText("slow://in/*")).apply(writeToText("slow://out/b")), {
        ...UNFRIENDLY,
        seed,
      });
      const copy = await take(files, "slow://out/b-00000-of-00001");
      assert.deepEqual(copy.split("\n").sort(), ["", "1", "2", "3"]);
      assert.equal((await files.match("slow://**/.*/*", { allowEmpty: true })).length, 0);
    }
  });

  it("waits for files that come slowly", async () => {
    const files = memory("late", { sync: false });
    await put(files, "late://in", "1\n2\n3\n");
    files.open = async function* () {
      for (const line of ["1\n2", "\n", "3"]) {
        await delay(30);
        yield Buffer.from(line);
      }
    };
    await testPipeline((root) => passert(root.apply(readFromText("late://in"))).containsInAnyOrder(["1", "2", "3"]));
  });

  it("writes a file for nothing, with header and footer", async () => {
    await testPipeline((root) => {
      const names = root
        .apply(create<string>([]))
        .apply(writeToText(at("out"), { header: "a", footer: "z", suffix: ".txt" }));
      passert(names).isSingleton(at("out-00000-of-00001.txt"));
    });
    assert.equal(await readFile(at("out-00000-of-00001.txt"), "utf8"), "a\nz\n");
  });

  it("replaces what an earlier run has written", async () => {
    for (const line of ["first", "second"]) {
      await testPipeline((root) => root.apply(create([line])).apply(writeToText(at("out"))));
      assert.deepEqual(await written("out-00000-of-00001"), [line]);
    }
  });

  it("names and compresses files as it is told", async () => {
    await testPipeline((root) => {
      const lines = root.apply(create(["x"]));
      lines.apply(writeToText(at("plain.txt"), { shardNameTemplate: "" }));
      lines.apply(writeToText(at("few"), { shardNameTemplate: "_SS_NN", suffix: ".gz", compression: "gzip" }));
      lines.apply(writeToText(at("br"), { compression: "brotli", delimiter: "|" }));
    });
    assert.deepEqual(await written("plain.txt"), ["x"]);
    assert.equal(gunzipSync(await readFile(at("few_00_01.gz"))).toString(), "x\n");
    assert.equal(brotliDecompressSync(await readFile(at("br-00000-of-00001"))).toString(), "x|");
  });

  it("writes files for each window, named after it", async () => {
    for (let seed = 0; seed < 3; seed++) {
      await testPipeline(
        (root) => {
          const windowed = root
            .apply(create([0, 1, 5000, 61_000]))
            .apply(assignTimestamps((ms) => ms))
            .map(String)
            .apply(windowInto(fixedWindows(60_000)));
          const names = windowed.apply(writeToText(at("w")));
          passert(names).containsInAnyOrder([
            at("w-1970-01-01T00:00:00.000Z-1970-01-01T00:01:00.000Z-00000-of-00001"),
            at("w-1970-01-01T00:01:00.000Z-1970-01-01T00:02:00.000Z-00000-of-00001"),
          ]);
        },
        { ...UNFRIENDLY, seed },
      );
      const first = await written("w-1970-01-01T00:00:00.000Z-1970-01-01T00:01:00.000Z-00000-of-00001");
      assert.deepEqual(first.sort(), ["0", "1", "5000"]);
      assert.equal((await readdir(folder)).length, 2);
    }
  });

  it("removes the temporary files of a window when its files are there", async () => {
    const files = memory("windows", { sync: true });
    const steps: string[] = [];
    const count = async (pattern: string): Promise<number> => (await files.match(pattern, { allowEmpty: true })).length;
    const remove = files.delete.bind(files);
    files.delete = async (paths) => {
      steps.push(`files removed with ${await count("windows://out*")} there`);
      await remove(paths);
    };
    files.deleteFolder = async () => {};
    await testPipeline((root) => {
      const stamped = root.apply(create([0, 10])).apply(assignTimestamps((ms) => ms));
      stamped
        .map(String)
        .apply(windowInto(fixedWindows(10)))
        .apply(writeToText("windows://out"));
    });
    assert.deepEqual(steps, ["files removed with 2 there", "files removed with 2 there"]);
    assert.equal(await count("windows://.*/*"), 0);
  });

  it("says that a pattern matches nothing before any line is output", async () => {
    await writeFile(at("data.txt"), "1\n");
    let lines = 0;
    await assert.rejects(
      testPipeline((root) => root.apply(readFromText([at("data.txt"), at("*.csv")])).map(() => lines++)),
      failure("not-found", at("*.csv"), "ReadFromText/Match", "data.txt"),
    );
    assert.equal(lines, 0);
    await testPipeline((root) => passert(root.apply(readFromText(at("*.csv"), { allowEmptyMatch: true }))).isEmpty());
  });

  it("says that a compressed file is truncated, or not compressed", async () => {
    const text = Array.from({ length: 5000 }, (_, i) => `${i * 7919}`).join("\n");
    await writeFile(at("cut.gz"), gzipSync(text).subarray(0, -100));
    await writeFile(at("plain"), text);
    const read = (name: string) =>
      testPipeline((root) => root.apply(readFromText(at(name), name === "plain" ? { compression: "gzip" } : {})));
    await assert.rejects(read("cut.gz"), failure("corrupt-file", at("cut.gz"), "ReadFromText/Read", "truncated"));
    await assert.rejects(read("plain"), failure("corrupt-file", at("plain"), "gzip"));
  });

  it("says that it cannot write, and leaves nothing behind", async () => {
    await writeFile(at("file"), "");
    await assert.rejects(
      testPipeline((root) => root.apply(create(["x"])).apply(writeToText(at("file/out")))),
      failure("io", at("file"), "WriteToText", "permissions"),
    );
    await assert.rejects(
      testPipeline((root) => root.apply(create<unknown>(["x", 1])).apply(writeToText(at("mixed")) as never)),
      failure("cannot-encode", "WriteToText", "number"),
    );
    await assert.rejects(
      testPipeline((root) => {
        const failing = root.apply(create(["x", "y"])).map((line) => {
          if (line === "y") throw new Error("no");
          return line;
        });
        failing.apply(writeToText(at("failed")));
      }),
      failure("user-exception", "no"),
    );
    assert.deepEqual(await readdir(folder), ["file"]);
  });

  it("refuses arguments that make no sense when the pipeline is built", () => {
    const invalid = failure("invalid-argument");
    assert.throws(() => readFromText([]), invalid);
    assert.throws(() => readFromText(["a", ""]), invalid);
    assert.throws(() => writeToText(""), invalid);
    assert.throws(() => writeToText("folder/"), invalid);
    assert.throws(() => writeToText("a", { numShards: 0 }), invalid);
    assert.throws(() => writeToText("a", { numShards: 1.5 }), invalid);
    assert.throws(() => writeToText("a", { numShards: 2, shardNameTemplate: "" }), invalid);
  });

  it("refuses options of lines that make no sense when it is applied", async () => {
    for (const options of [{ delimiter: "" }, { delimiter: "||" }, { skipHeaderLines: -1 }, { desiredBundleSize: 0 }]) {
      await assert.rejects(
        testPipeline((root) => root.apply(readFromText("a", options))),
        failure("invalid-argument", "ReadFromText/Read"),
      );
    }
  });

  it("keeps the order of lines where one bundle does everything", async () => {
    const lines = Array.from({ length: 500 }, (_, i) => `${i}`);
    await writeFile(at("in"), lines.join("\n"));
    let collected!: ReturnType<typeof collect<string>>;
    await testPipeline((root) => {
      collected = collect(root.apply(readFromText(at("in"))));
    });
    assert.deepEqual(collected.elements, lines);
  });
});
