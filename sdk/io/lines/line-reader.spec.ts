import assert from "node:assert/strict";
import fc from "fast-check";
import { GirderError } from "../../../portability/errors.js";
import type { SyncChunks } from "../filesystem/file-system.js";
import { type LineOptions, LineReader, type OffsetRange, readLines } from "./line-reader.js";

interface Line {
  readonly text: string;
  readonly offset: number;
}

/** Hands out `bytes` in chunks of the given sizes, in turn, all in one buffer. */
function chunksOf(bytes: Uint8Array, sizes: readonly number[]): (from: number) => SyncChunks {
  return (from) => {
    const buffer = new Uint8Array(Math.max(...sizes));
    let at = from;
    let turn = 0;
    return {
      read() {
        const chunk = bytes.subarray(at, at + (sizes[turn++ % sizes.length] as number));
        at += chunk.length;
        buffer.fill(0x0a);
        buffer.set(chunk);
        return chunk.length === 0 ? undefined : buffer.subarray(0, chunk.length);
      },
      close() {
        at = bytes.length;
      },
    };
  };
}

function linesOf(open: (from: number) => SyncChunks, range: OffsetRange, options?: LineOptions): Line[] {
  const reader = new LineReader(open, range, options);
  const lines: Line[] = [];
  for (let batch = reader.next(); batch !== undefined; batch = reader.next()) {
    const offsets = batch.offsets();
    assert.equal(offsets.length, batch.lines.length);
    assert.equal(offsets.at(-1), batch.lastOffset);
    for (const [i, text] of batch.lines.entries()) lines.push({ text, offset: offsets[i] as number });
  }
  assert.equal(reader.next(), undefined);
  return lines;
}

/** What the lines are, byte by byte and by definition. */
function expectedLines(bytes: Buffer, { delimiter, skipHeaderLines = 0 }: LineOptions): Line[] {
  const end = Buffer.from(delimiter ?? "\n").toString("latin1");
  const parts = bytes.toString("latin1").split(end);
  const lines: Line[] = [];
  let offset = 0;
  for (const [i, part] of parts.entries()) {
    const isLast = i === parts.length - 1;
    let text = Buffer.from(part, "latin1").toString();
    if (delimiter === undefined && !isLast) text = text.replace(/\r$/, "");
    if (i === 0) text = text.replace(/^\uFEFF/, "");
    if (!isLast || text !== "") lines.push({ text, offset });
    offset += part.length + end.length;
  }
  return lines.slice(skipHeaderLines);
}

const all = { start: 0, end: Infinity };
const textOf = (text: string, range: OffsetRange = all, options?: LineOptions, chunk = 4): string[] =>
  linesOf(chunksOf(Buffer.from(text), [chunk]), range, options).map((line) => line.text);

describe("a line reader", () => {
  it("strips line feeds, carriage returns before them and a byte order mark", () => {
    assert.deepEqual(textOf("\uFEFFa\r\nb\n\n\rc\rd\r"), ["a", "b", "", "\rc\rd\r"]);
    assert.deepEqual(textOf("a\uFEFF\n\uFEFFb"), ["a\uFEFF", "\uFEFFb"]);
  });

  it("has no line after the last delimiter, and none in an empty file", () => {
    assert.deepEqual(textOf("a\n"), ["a"]);
    assert.deepEqual(textOf("\n"), [""]);
    assert.deepEqual(textOf(""), []);
    assert.deepEqual(textOf("\uFEFF"), []);
  });

  it("gives a line to the range it begins in", () => {
    const text = "ab\ncde\nf";
    assert.deepEqual(textOf(text, { start: 0, end: 4 }), ["ab", "cde"]);
    assert.deepEqual(textOf(text, { start: 4, end: 8 }), ["f"]);
    assert.deepEqual(textOf(text, { start: 3, end: 7 }), ["cde"]);
    assert.deepEqual(textOf(text, { start: 7, end: 8 }), ["f"]);
    assert.deepEqual(textOf(text, { start: 4, end: 6 }), []);
    assert.deepEqual(textOf(text, { start: 3, end: 3 }), []);
    assert.deepEqual(textOf(text, { start: 20, end: 30 }), []);
  });

  it("leaves the header out of every range, also where it reaches into several", () => {
    const text = "h1\nheader 2\na\nb\n";
    for (const cut of [1, 5, 12, 13, 14, 15]) {
      const options = { skipHeaderLines: 2 };
      const lines = [
        ...textOf(text, { start: 0, end: cut }, options),
        ...textOf(text, { start: cut, end: 99 }, options),
      ];
      assert.deepEqual(lines, ["a", "b"], `cut at ${cut}`);
    }
    assert.deepEqual(textOf(text, all, { skipHeaderLines: 9 }), []);
    assert.deepEqual(textOf("h", all, { skipHeaderLines: 1 }), []);
  });

  it("knows where lines begin behind malformed UTF-8", () => {
    const bytes = Buffer.concat([Buffer.from([0xff, 0xfe, 0x0a, 0xc3, 0x0a]), Buffer.from("é\r\n😀\nx")]);
    const lines = linesOf(chunksOf(bytes, [100]), all);
    assert.deepEqual(lines, [
      { text: "��", offset: 0 },
      { text: "�", offset: 3 },
      { text: "é", offset: 5 },
      { text: "😀", offset: 9 },
      { text: "x", offset: 14 },
    ]);
  });

  it("reads no further than the line that reaches beyond its range", () => {
    let reads = 0;
    const open = (from: number): SyncChunks => {
      const chunks = chunksOf(Buffer.from("aaaa\n".repeat(1000)), [10])(from);
      const read = (): Uint8Array | undefined => {
        reads += 1;
        return chunks.read();
      };
      return { read, close: chunks.close };
    };
    assert.equal(linesOf(open, { start: 50, end: 100 }).length, 10);
    assert.ok(reads <= 7, `${reads} reads`);
    reads = 0;
    const noDelimiter = { delimiter: "|" };
    assert.equal(linesOf(open, { start: 50, end: 100 }, noDelimiter).length, 0);
    assert.ok(reads <= 7, `${reads} reads`);
  });

  it("takes lines much longer than chunks in time that grows with their length", () => {
    const text = `${"x".repeat(300_000)}||y`;
    assert.deepEqual(textOf(text, all, { delimiter: "||y" }, 16), ["x".repeat(300_000)]);
  });

  it("refuses delimiters that are empty or can overlap with themselves", () => {
    for (const delimiter of ["", "||", "aba", Uint8Array.of(1, 2, 1, 2)]) {
      assert.throws(
        () => new LineReader(chunksOf(new Uint8Array(), [1]), all, { delimiter }),
        (error) => error instanceof GirderError && error.code === "invalid-argument",
      );
    }
    assert.throws(
      () => new LineReader(chunksOf(new Uint8Array(), [1]), all, { skipHeaderLines: -1 }),
      (error) => error instanceof GirderError && error.code === "invalid-argument",
    );
  });

  const piece = fc.constantFrom<string | Uint8Array>(
    ..."a b \n \r \r\n | é ab a\n\n €€ 😀 \uFEFF".split(" "),
    "",
    " ",
    "\n",
    Uint8Array.of(0xff),
    Uint8Array.of(0xe3),
    Uint8Array.of(0xa9),
  );
  const file = fc
    .array(piece, { maxLength: 40, size: "max" })
    .map((pieces) => Buffer.concat(pieces.map((each) => Buffer.from(each))));
  const delimiter = fc.constantFrom<string | Uint8Array | undefined>(
    undefined,
    undefined,
    "\n",
    "\r\n",
    "|",
    "ab",
    "é",
    "a\n\nb",
    Uint8Array.of(0xa9),
    Uint8Array.of(0xff, 0xe3),
  );
  const options = fc.tuple(delimiter, fc.constantFrom(0, 0, 1, 3)).map(([end, skipHeaderLines]) => ({
    skipHeaderLines,
    ...(end === undefined ? {} : { delimiter: end }),
  }));
  const sizes = fc.array(fc.integer({ min: 1, max: 12 }), { minLength: 1, maxLength: 4 });

  it("yields every line once, with its offset, for any division into ranges and chunks", () => {
    const cuts = fc.array(fc.nat(120), { maxLength: 6 });
    fc.assert(
      fc.property(file, options, sizes, cuts, (bytes, lineOptions, chunkSizes, ends) => {
        const borders = [0, ...ends.sort((a, b) => a - b), Infinity];
        const lines: Line[] = [];
        for (let i = 0; i + 1 < borders.length; i++) {
          const range = { start: borders[i] as number, end: borders[i + 1] as number };
          const own = linesOf(chunksOf(bytes, chunkSizes), range, lineOptions);
          for (const { offset } of own) assert.ok(offset >= range.start && offset < range.end);
          lines.push(...own);
        }
        assert.deepEqual(lines, expectedLines(bytes, lineOptions));
      }),
      { numRuns: 2000 },
    );
  });

  it("yields the same lines from a stream", async () => {
    async function* stream(bytes: Uint8Array, chunkSizes: readonly number[]): AsyncGenerator<Uint8Array> {
      const chunks = chunksOf(bytes, chunkSizes)(0);
      for (let chunk = chunks.read(); chunk !== undefined; chunk = chunks.read()) yield chunk;
    }
    await fc.assert(
      fc.asyncProperty(file, options, sizes, async (bytes, lineOptions, chunkSizes) => {
        const lines: Line[] = [];
        for await (const batch of readLines(stream(bytes, chunkSizes), lineOptions)) {
          const offsets = batch.offsets();
          for (const [i, text] of batch.lines.entries()) lines.push({ text, offset: offsets[i] as number });
        }
        assert.deepEqual(lines, expectedLines(bytes, lineOptions));
      }),
    );
  });
});
