import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { GirderError } from "../../portability/errors.js";
import { passert, testPipeline } from "../testing/index.js";
import { create } from "../transforms/create.js";
import { readFromCsv, writeToCsv } from "./csv.js";

const UNFRIENDLY = { failBundles: 0.3, splitBundles: 0.5, restoreAlways: true };

describe("CSV", () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "girder-csv-"));
  });
  afterEach(() => rm(folder, { recursive: true }));
  const at = (name: string): string => join(folder, name);

  it("is read with quotes, delimiters and line feeds in fields", async () => {
    await writeFile(at("a.csv"), '\uFEFFid,text\n1,"a, ""b""\nc"\n\n2,plain\n');
    await testPipeline((root) =>
      passert(root.apply(readFromCsv(at("a.csv")))).containsInAnyOrder([
        { id: "1", text: 'a, "b"\nc' },
        { id: "2", text: "plain" },
      ]),
    );
  });

  it("is read compressed, without a header, with another delimiter", async () => {
    await writeFile(at("a.csv.gz"), gzipSync("1;x\n2;y\n"));
    await testPipeline((root) => {
      const records = root.apply(readFromCsv<"id" | "name">(at("*.gz"), { columns: ["id", "name"], delimiter: ";" }));
      passert(records.map(({ id, name }) => id + name)).containsInAnyOrder(["1x", "2y"]);
    });
  });

  it("is read in bundles, whatever happens to them", async () => {
    const ids = Array.from({ length: 2000 }, (_, i) => String(i));
    await writeFile(at("a.csv"), ["id", ...ids].join("\n"));
    for (let seed = 0; seed < 3; seed++) {
      await testPipeline(
        (root) => passert(root.apply(readFromCsv<"id">(at("a.csv"))).map(({ id }) => id)).containsInAnyOrder(ids),
        { ...UNFRIENDLY, seed },
      );
    }
  });

  it("is written so that it can be read back", async () => {
    const records = [
      { id: 1, text: 'say "hi", twice\nor more', ok: true, at: new Date(0) },
      { id: 2, text: "", ok: false, at: null },
    ];
    await testPipeline((root) => {
      const columns = ["text", "id", "ok", "at"];
      root.apply(create(records)).apply(writeToCsv(at("out"), { columns }));
    }, UNFRIENDLY);
    const text = await readFile(at("out-00000-of-00001.csv"), "utf8");
    assert.ok(text.startsWith("text,id,ok,at\n"), text);
    await testPipeline((root) =>
      passert(root.apply(readFromCsv(at("out-*")))).containsInAnyOrder([
        { text: 'say "hi", twice\nor more', id: "1", ok: "true", at: "1970-01-01T00:00:00.000Z" },
        { text: "", id: "2", ok: "false", at: "" },
      ]),
    );
  });

  it("that is malformed is told, with file and line", async () => {
    for (const text of ["a,b\n1,2\n3\n", 'a,b\n1,"2\n']) {
      await writeFile(at("bad.csv"), text);
      await assert.rejects(
        testPipeline((root) => root.apply(readFromCsv(at("bad.csv")))),
        (thrown: GirderError) => {
          assert.equal(thrown.code, "malformed-data", thrown.message);
          for (const part of [at("bad.csv"), "line", "ReadFromCsv/Read"])
            assert.ok(thrown.message.includes(part), thrown.message);
          return true;
        },
      );
    }
  });

  it("that is missing or truncated is told as for text", async () => {
    const rejected = (name: string, code: string) =>
      assert.rejects(
        testPipeline((root) => root.apply(readFromCsv(at(name)))),
        (thrown: GirderError) => thrown.code === code && thrown.message.includes(at(name)),
      );
    await rejected("*.csv", "not-found");
    await writeFile(at("cut.csv.gz"), gzipSync("a,b\n1,2\n".repeat(1000)).subarray(0, 40));
    await rejected("cut.csv.gz", "corrupt-file");
  });

  it("is not written for nested fields, nor without columns", async () => {
    await assert.rejects(
      testPipeline((root) => root.apply(create([{ a: [1] }])).apply(writeToCsv(at("out"), { columns: ["a"] }))),
      (thrown: GirderError) => thrown.code === "cannot-encode" && thrown.message.includes("an array"),
    );
    assert.throws(() => writeToCsv(at("out"), { columns: [] }), GirderError);
  });
});
