import assert from "node:assert/strict";
import { brotliCompressSync, deflateSync, gzipSync } from "node:zlib";
import { GirderError } from "../../../portability/errors.js";
import type { FileWriter } from "../filesystem/file-system.js";
import { MemoryFileSystem } from "../filesystem/memory.js";
import { type Compression, compressing, compressionOf, decompress } from "./compression.js";
import { readLines } from "./line-reader.js";
import { LineWriter } from "./line-writer.js";

const words = Array.from({ length: 20_000 }, (_, i) => `wörd ${(i * 7919) % 20_011}`);
const text = Buffer.from(`${words.join("\n")}\n`);

async function* inChunks(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function linesOf(bytes: Uint8Array, compression: Compression): Promise<string[]> {
  const lines: string[] = [];
  for await (const batch of readLines(decompress(inChunks(bytes, 1000), compression, "some/file"))) {
    for (const line of batch.lines) lines.push(line);
  }
  return lines;
}

const isCorrupt = (error: unknown): boolean =>
  error instanceof GirderError && error.code === "corrupt-file" && error.message.includes("some/file");

describe("compressed files", () => {
  for (const [compression, compress] of [
    ["gzip", gzipSync],
    ["deflate", deflateSync],
    ["brotli", brotliCompressSync],
  ] as const) {
    it(`are read as ${compression}`, async () => {
      assert.deepEqual(await linesOf(compress(text), compression), words);
      assert.deepEqual(await linesOf(compress(""), compression), []);
    });

    it(`are found to be truncated or damaged as ${compression}`, async () => {
      const whole = compress(text);
      for (const length of [0, 1, 5, Math.floor(whole.length / 2), whole.length - 1]) {
        await assert.rejects(linesOf(whole.subarray(0, length), compression), isCorrupt, `${length} bytes`);
      }
      await assert.rejects(linesOf(text, compression), isCorrupt);
    });

    it(`are written as ${compression}`, async () => {
      const files = new MemoryFileSystem();
      const writer = new LineWriter(compressing(await files.create("memory://a"), compression));
      for (const word of words) await writer.write(word);
      assert.ok(!(await files.exists("memory://a")));
      await writer.close();
      const lines: string[] = [];
      for await (const batch of readLines(decompress(files.open("memory://a"), compression, "a"))) {
        lines.push(...batch.lines);
      }
      assert.deepEqual(lines, words);
      const [file] = await files.match("memory://a");
      assert.ok(file !== undefined && file.size < text.length / 2);
    });
  }

  it("may be made of several gzip members", async () => {
    assert.deepEqual(await linesOf(Buffer.concat([gzipSync("a\nb"), gzipSync("c\n")]), "gzip"), ["a", "bc"]);
  });

  it("are found to be damaged by their checksum", async () => {
    const bytes = gzipSync(text);
    bytes.writeUInt32LE(1, bytes.length - 8);
    await assert.rejects(linesOf(bytes, "gzip"), isCorrupt);
  });

  it("are known by their extension", () => {
    const names = ["a.gz", "a.txt.GZ", "a.deflate", "a.br", "a.gz.txt", "gz"];
    assert.deepEqual(names.map(compressionOf), ["gzip", "gzip", "deflate", "brotli", "none", "none"]);
  });

  it("pass on why they cannot be read", async () => {
    const failure = new GirderError("io", "The disk is gone.");
    async function* failing(): AsyncGenerator<Uint8Array> {
      yield gzipSync(text).subarray(0, 100);
      throw failure;
    }
    await assert.rejects(
      async () => {
        for await (const chunk of decompress(failing(), "gzip", "a")) assert.ok(chunk.length > 0);
      },
      (error) => error === failure,
    );
  });

  it("pass on why they cannot be written, and are then given up", async () => {
    const failure = new GirderError("io", "The disk is full.");
    let aborted = false;
    const full: FileWriter = {
      write: () => Promise.reject(failure),
      close: async () => assert.fail("closed"),
      abort: async () => {
        aborted = true;
      },
    };
    const writer = compressing(full, "gzip");
    await assert.rejects(
      async () => {
        for (let i = 0; i < 100; i++) await writer.write(Buffer.from(text));
        await writer.close();
      },
      (error) => error === failure,
    );
    await writer.abort();
    assert.ok(aborted);
  });
});

describe("a line writer", () => {
  it("writes header, lines and footer with their delimiter", async () => {
    const files = new MemoryFileSystem();
    const writer = new LineWriter(await files.create("memory://a"), { delimiter: "\r\n", header: "h", footer: "f" });
    await writer.write("é");
    await writer.close();
    const empty = new LineWriter(await files.create("memory://b"));
    await empty.close();
    const read = async (path: string): Promise<string> => {
      const chunks: Uint8Array[] = [];
      for await (const chunk of files.open(path)) chunks.push(chunk);
      return Buffer.concat(chunks).toString();
    };
    assert.equal(await read("memory://a"), "h\r\né\r\nf\r\n");
    assert.equal(await read("memory://b"), "");
  });

  it("asks to be awaited only when it has gathered enough", async () => {
    const files = new MemoryFileSystem();
    const writer = new LineWriter(await files.create("memory://a"));
    assert.equal(writer.write("x"), undefined);
    assert.ok(writer.write("x".repeat(100_000)) instanceof Promise);
    await writer.abort();
    assert.ok(!(await files.exists("memory://a")));
  });
});
