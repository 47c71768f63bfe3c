import assert from "node:assert/strict";
import { chmod, mkdir, mkdtemp, readdir, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { pathToFileURL } from "node:url";
import { GirderError } from "../../../portability/errors.js";
import type { FileSystem } from "./file-system.js";
import { LocalFileSystem } from "./local.js";
import { MemoryFileSystem } from "./memory.js";
import { fileSystemFor, registerFileSystem } from "./registry.js";

const isCode =
  (code: string, text = "") =>
  (error: unknown) => {
    assert.ok(error instanceof GirderError, String(error));
    assert.equal(error.code, code);
    assert.ok(error.message.includes(text), error.message);
    return true;
  };

async function write(files: FileSystem, path: string, text: string): Promise<void> {
  const writer = await files.create(path);
  await writer.write(Buffer.from(text));
  await writer.close();
}

async function read(files: FileSystem, path: string, start?: number, end?: number): Promise<string> {
  const chunks: Uint8Array[] = [];
  const range = { ...(start === undefined ? {} : { start }), ...(end === undefined ? {} : { end }) };
  for await (const chunk of files.open(path, range)) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

function readSync(files: FileSystem, path: string, start?: number, end?: number): string {
  const range = { ...(start === undefined ? {} : { start }), ...(end === undefined ? {} : { end }) };
  const chunks = files.openSync?.(path, range);
  assert.ok(chunks !== undefined);
  let text = "";
  for (let chunk = chunks.read(); chunk !== undefined; chunk = chunks.read()) text += Buffer.from(chunk).toString();
  chunks.close();
  chunks.close();
  assert.equal(chunks.read(), undefined);
  return text;
}

for (const [name, make] of [
  [
    "the local file system",
    async () => ({ files: new LocalFileSystem(), root: await mkdtemp(join(tmpdir(), "girder-")) }),
  ],
  ["the file system in memory", async () => ({ files: new MemoryFileSystem({ chunkSize: 3 }), root: "memory://test" })],
] as const) {
  describe(name, () => {
    let files: FileSystem;
    let root: string;
    const names = async (pattern: string): Promise<string[]> => {
      const found = await files.match(`${root}/${pattern}`, { allowEmpty: true });
      return found.map(({ path }) => path.slice(root.length + 1));
    };

    beforeEach(async () => {
      ({ files, root } = await make());
    });
    afterEach(async () => {
      if (files instanceof LocalFileSystem) await rm(root, { recursive: true });
    });

    it("reads back what it wrote, whole and in part", async () => {
      await write(files, `${root}/a/b/text`, "0123456789");
      for (const way of [read, async (...args: Parameters<typeof read>) => readSync(...args)]) {
        assert.equal(await way(files, `${root}/a/b/text`), "0123456789");
        assert.equal(await way(files, `${root}/a/b/text`, 4), "456789");
        assert.equal(await way(files, `${root}/a/b/text`, 4, 9), "45678");
        assert.equal(await way(files, `${root}/a/b/text`, 4, 4), "");
        assert.equal(await way(files, `${root}/a/b/text`, 8, 99), "89");
        assert.equal(await way(files, `${root}/a/b/text`, 50), "");
      }
    });

    it("matches patterns", async () => {
      for (const path of ["a1.txt", "a2.txt", "b1.csv", "x/a1.txt", "x/y/z/a9.txt", ".hidden.txt", "x/.h/a1.txt"]) {
        await write(files, `${root}/${path}`, "");
      }
      assert.deepEqual(await names("*.txt"), ["a1.txt", "a2.txt"]);
      assert.deepEqual(await names("a?.txt"), ["a1.txt", "a2.txt"]);
      assert.deepEqual(await names("[ab]1.*"), ["a1.txt", "b1.csv"]);
      assert.deepEqual(await names("[!a]1.*"), ["b1.csv"]);
      assert.deepEqual(await names("{a2.txt,x/a1.txt,none}"), ["a2.txt", "x/a1.txt"]);
      assert.deepEqual(await names("*/a1.txt"), ["x/a1.txt"]);
      assert.deepEqual(await names("**/a*.txt"), ["a1.txt", "a2.txt", "x/a1.txt", "x/y/z/a9.txt"]);
      assert.deepEqual(await names("x/**"), ["x/a1.txt", "x/y/z/a9.txt"]);
      assert.deepEqual(await names(".h*"), [".hidden.txt"]);
      assert.deepEqual(await names("b1.csv"), ["b1.csv"]);
      assert.deepEqual(await names("none*"), []);
    });

    it("tells size and time of what it matches", async () => {
      const before = Date.now();
      await write(files, `${root}/text`, "é!");
      const [file] = await files.match(`${root}/te*`);
      assert.equal(file?.size, 3);
      assert.ok(file.lastModified >= before - 2000 && file.lastModified <= Date.now() + 2000);
    });

    it("matches a file whose name is the pattern", async () => {
      await write(files, `${root}/odd[1]{a}.txt`, "");
      assert.deepEqual(await names("odd[1]{a}.txt"), ["odd[1]{a}.txt"]);
      assert.deepEqual(await names("odd\\[1\\]\\{a\\}.txt"), ["odd[1]{a}.txt"]);
    });

    it("names the pattern and what is beside it when nothing matches", async () => {
      await write(files, `${root}/in/word.txt`, "");
      await write(files, `${root}/in/more/other.txt`, "");
      await assert.rejects(files.match(`${root}/in/words*.txt`), isCode("not-found", `${root}/in/words*.txt`));
      await assert.rejects(files.match(`${root}/in/words*.txt`), isCode("not-found", "there are: more, word.txt."));
      await assert.rejects(files.match(`${root}/im/deep/*.txt`), isCode("not-found", `In ${root} there are: in.`));
      await assert.rejects(files.match(`${root}/in/words.txt`), isCode("not-found", "word.txt"));
      await assert.rejects(read(files, `${root}/in/none`), isCode("not-found"));
      assert.throws(() => readSync(files, `${root}/in/none`), isCode("not-found"));
    });

    it("shows a file only when it is closed, and never when it is given up", async () => {
      const writer = await files.create(`${root}/late`);
      await writer.write(Buffer.from("text"));
      assert.deepEqual(await names("*"), []);
      await writer.close();
      await writer.abort();
      assert.deepEqual(await names("*"), ["late"]);
      const other = await files.create(`${root}/never`);
      await other.write(Buffer.from("text"));
      await other.abort();
      assert.deepEqual(await names("*"), ["late"]);
    });

    it("replaces a file by one of its name", async () => {
      await write(files, `${root}/a`, "old");
      await write(files, `${root}/a`, "new");
      assert.equal(await read(files, `${root}/a`), "new");
    });

    it("renames, and overwrites only when asked to", async () => {
      await write(files, `${root}/a`, "a");
      await write(files, `${root}/b`, "b");
      await assert.rejects(files.rename(`${root}/a`, `${root}/b`), isCode("io"));
      await files.rename(`${root}/a`, `${root}/b`, { overwrite: true });
      assert.equal(await read(files, `${root}/b`), "a");
      await files.rename(`${root}/b`, `${root}/c/d`);
      assert.deepEqual(await names("**"), ["c/d"]);
      await assert.rejects(files.rename(`${root}/none`, `${root}/e`), isCode("not-found"));
    });

    it("removes files, and minds none that are gone", async () => {
      await write(files, `${root}/a`, "a");
      assert.ok(await files.exists(`${root}/a`));
      await files.delete([`${root}/a`, `${root}/none`]);
      assert.ok(!(await files.exists(`${root}/a`)));
    });

    it("writes temporary files without promises, once each, and removes their folder with what is in it", async () => {
      const path = `${root}/folder/deep/a`;
      const writer = files.createSync?.(path);
      assert.ok(writer !== undefined);
      const bytes = Buffer.from("abc");
      writer.write(bytes);
      bytes.fill(0);
      writer.write(Buffer.from("def"));
      writer.close();
      writer.close();
      assert.equal(await read(files, path), "abcdef");
      assert.throws(() => files.createSync?.(path), isCode("io", path));
      await write(files, `${root}/folder-beside`, "x");
      await files.deleteFolder(`${root}/folder`);
      await files.deleteFolder(`${root}/folder`);
      assert.deepEqual(await names("**"), ["folder-beside"]);
    });

    it("refuses ranges that are none", () => {
      assert.throws(() => readSync(files, `${root}/a`, 3, 2), isCode("invalid-argument"));
      assert.throws(() => readSync(files, `${root}/a`, -1), isCode("invalid-argument"));
    });
  });
}

describe("the local file system, beyond that", () => {
  const files = new LocalFileSystem();
  let root: string;
  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), "girder-"));
  });
  afterEach(() => rm(root, { recursive: true }));

  it("takes file URLs, with escapes and patterns", async () => {
    await write(files, `${pathToFileURL(root)}/with space.txt`.replace(" ", "%20"), "text");
    const [file] = await files.match(`${pathToFileURL(root)}/with%20sp?ce*`);
    assert.equal(file?.path, `${root}/with space.txt`);
    assert.equal(await read(files, file.path), "text");
    await assert.rejects(files.match("file://elsewhere/a"), isCode("invalid-argument"));
    await assert.rejects(files.match("file:///%zz"), isCode("invalid-argument"));
  });

  it("matches relative paths with relative paths", async () => {
    await write(files, `${root}/a/b.txt`, "");
    const there = relative(process.cwd(), root);
    const found = await files.match(`${there}/*/*.txt`);
    assert.deepEqual(
      found.map(({ path }) => path),
      [`${there}/a/b.txt`],
    );
    const packages = await files.match("package*.json");
    assert.ok(packages.some(({ path }) => path === "package.json"));
    assert.deepEqual(await files.match("./package*.json"), packages);
    assert.deepEqual((await files.match(`${there}/../*/a/b.txt`)).length, 1);
  });

  it("leaves nothing behind of a file that was given up", async () => {
    const writer = await files.create(`${root}/a`);
    assert.equal((await readdir(root)).length, 1);
    await writer.abort();
    assert.deepEqual(await readdir(root), []);
  });

  it("follows links to folders but not in circles", async () => {
    await mkdir(`${root}/real`);
    await writeFile(`${root}/real/a.txt`, "text");
    await symlink(root, `${root}/real/circle`);
    await symlink(`${root}/real`, `${root}/link`);
    await symlink(`${root}/nowhere`, `${root}/broken.txt`);
    const paths = async (pattern: string) =>
      (await files.match(pattern)).map(({ path }) => path.slice(root.length + 1));
    assert.deepEqual(await paths(`${root}/*/a.txt`), ["link/a.txt", "real/a.txt"]);
    assert.deepEqual(await paths(`${root}/**/*.txt`), ["real/a.txt"]);
  });

  it("reads files of many chunks", async () => {
    const text = "0123456789abcdef".repeat(50_000);
    await write(files, `${root}/large`, text);
    assert.equal(readSync(files, `${root}/large`), text);
    assert.equal(readSync(files, `${root}/large`, 300_001, 700_003), text.slice(300_001, 700_003));
    assert.equal(await read(files, `${root}/large`, 300_001, 700_003), text.slice(300_001, 700_003));
  });

  it("says what the system refuses", async () => {
    await mkdir(`${root}/folder`);
    await assert.rejects(read(files, `${root}/folder`), isCode("io", `${root}/folder`));
    assert.throws(() => readSync(files, `${root}/folder`), isCode("io", "EISDIR"));
    await writeFile(`${root}/file`, "");
    await assert.rejects(files.create(`${root}/file/below`), isCode("io"));
    await assert.rejects(files.delete([`${root}/folder`]), isCode("io"));
    if (process.getuid?.() !== 0) {
      await chmod(`${root}/file`, 0);
      assert.throws(() => readSync(files, `${root}/file`), isCode("io", "EACCES"));
    }
  });
});

describe("fileSystemFor", () => {
  it("goes by the scheme, and takes plain paths for local ones", () => {
    assert.equal(fileSystemFor("a/b").scheme, "file");
    assert.equal(fileSystemFor("c://a").scheme, "file");
    assert.equal(fileSystemFor("file:///a").scheme, "file");
    assert.equal(fileSystemFor("memory://a").scheme, "memory");
  });

  it("finds a file system that was registered, in place of an earlier one", () => {
    const mine = Object.assign(new MemoryFileSystem(), { scheme: "mine" });
    registerFileSystem(mine);
    assert.equal(fileSystemFor("mine://a"), mine);
    assert.throws(() => fileSystemFor("theirs://a"), isCode("unsupported", "mine"));
  });
});
