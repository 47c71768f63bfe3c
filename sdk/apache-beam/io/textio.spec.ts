import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { GirderError } from "../../../portability/errors.js";
import * as beam from "../index.js";
import { assertDeepEqual } from "../testing/assert.js";
import { rawExternalTransform } from "../transforms/external.js";
import { pythonCallable, pythonTransform } from "../transforms/python.js";
import { sqlTransform } from "../transforms/sql.js";
import * as textio from "./textio.js";

const run = (build: (root: beam.Root) => Promise<unknown>) =>
  beam.createRunner().run(async (root) => {
    await build(root);
  });

describe("files of the official API", () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "girder-door-"));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const written = (prefix: string): string[] =>
    readdirSync(folder)
      .filter((name) => name.startsWith(prefix))
      .flatMap((name) => readFileSync(join(folder, name), "utf8").split("\n"));

  it("are written and read as lines", async () => {
    await run(async (root) => {
      const { filesWritten } = await root
        .apply(beam.create<unknown>(["a", 1]))
        .applyAsync(textio.writeToText(join(folder, "out"), { fileNameSuffix: ".txt", header: "h", numShards: 1 }));
      filesWritten.apply(assertDeepEqual([join(folder, "out-00000-of-00001.txt")]));
    });
    assert.deepEqual(written("out").sort(), ["", "1", "a", "h"]);
    await run(async (root) => {
      const lines = await root.applyAsync(textio.readFromText(join(folder, "out*")));
      lines.apply(assertDeepEqual(["1", "a", "h"]));
    });
  });

  it("may leave line feeds out", async () => {
    await run((root) =>
      root
        .apply(beam.create(["a"]))
        .applyAsync(textio.writeToText(join(folder, "raw"), { appendTrailingMewlines: false })),
    );
    assert.deepEqual(written("raw"), ["a"]);
  });

  it("of CSV have fields of the types of their columns", async () => {
    const rows = [
      { name: "1a", count: 1, share: -0.5, on: true, mixed: "7" },
      { name: "2", count: 20, share: null, on: false, mixed: "x" },
    ];
    const exemplar = { name: "", count: 0, share: 0.5, on: true, mixed: "" };
    await run((root) =>
      root
        .apply(beam.create(rows))
        .apply(beam.withRowCoder(exemplar as object as (typeof rows)[0]))
        .applyAsync(textio.writeToCsv(join(folder, "out"))),
    );
    assert.deepEqual(written("out").sort(), ["", "1a,1,-0.5,True,7", "2,20,,False,x", "name,count,share,on,mixed"]);
    await run(async (root) => {
      (await root.applyAsync(textio.readFromCsv(join(folder, "out*")))).apply(assertDeepEqual<unknown>(rows));
    });
  });

  it("of CSV are not written where nothing says what the fields are, nor with options of pandas", async () => {
    const write = (options: object) => (root: beam.Root) =>
      root.apply(beam.create([{ a: 1 }])).applyAsync(textio.writeToCsv(join(folder, "out"), undefined, options));
    await assert.rejects(run(write({})), (thrown: GirderError) => thrown.code === "invalid-argument");
    await assert.rejects(run(write({ sep: ";" })), /no options of pandas here, such as sep/);
    const read = (root: beam.Root) => root.applyAsync(textio.readFromCsv("x", { sep: ";" }));
    await assert.rejects(run(read), (thrown: GirderError) => thrown.code === "unsupported");
  });

  it("of JSON have an object in each line", async () => {
    const rows = [{ a: 1, b: [null, "x"] }, { a: 2 }];
    await run((root) => root.apply(beam.create<unknown>(rows)).applyAsync(textio.writeToJson(join(folder, "out"))));
    assert.deepEqual(written("out").sort(), ["", '{"a":1,"b":[null,"x"]}', '{"a":2}']);
    writeFileSync(join(folder, "more"), '{"a":3}\n');
    await run(async (root) => {
      (await root.applyAsync(textio.readFromJson(join(folder, "*")))).apply(
        assertDeepEqual<unknown>([...rows, { a: 3 }]),
      );
    });
  });
});

describe("transforms that Girder has executed by other SDKs", () => {
  const folder = join(tmpdir(), "girder-door-nothing");

  it("say what executes them where that is not there", async () => {
    const rows = async (root: beam.Root): Promise<unknown> =>
      root.apply(beam.create([{ a: 1 }])).applyAsync(sqlTransform("SELECT a FROM PCOLLECTION", { a: 0 }));
    await assert.rejects(run(rows), /GIRDER_SQL_JAR/);
    const python = async (root: beam.Root): Promise<unknown> => {
      const input = root.apply(beam.create(["a"]));
      return input.applyAsync(pythonTransform("apache_beam.Map", [pythonCallable("str.upper")]));
    };
    const { GIRDER_PYTHON } = process.env;
    process.env["GIRDER_PYTHON"] = join(folder, "no-python");
    try {
      await assert.rejects(run(python), (thrown: GirderError) => /no-python/.test(thrown.message));
    } finally {
      if (GIRDER_PYTHON === undefined) delete process.env["GIRDER_PYTHON"];
      else process.env["GIRDER_PYTHON"] = GIRDER_PYTHON;
    }
  });

  it("are refused where there is nothing that executes them, with their names and a way out", async () => {
    const transforms: readonly [string, beam.AsyncPTransform<beam.Root, beam.PValue<unknown>>][] = [
      ["readFromKafka", beam.readFromKafka({}, [])],
      ["readFromKafkaWithMetadata", beam.readFromKafkaWithMetadata({}, [])],
      ["writeToKafka", beam.writeToKafka({}, [])],
      ["readFromAvro", beam.readFromAvro("x")],
      ["writeToAvro", beam.writeToAvro("x")],
      ["readFromBigQuery", beam.readFromBigQuery()],
      ["writeToBigQuery", beam.writeToBigQuery("x")],
      ["readFromPubSub", beam.readFromPubSub()],
      ["readFromPubSubWithAttributes", beam.readFromPubSubWithAttributes()],
      ["writeToPubSub", beam.writeToPubSub("x")],
      ["schemaio", beam.schemaio("x", "urn", {})],
      ["rawExternalTransform(urn)", rawExternalTransform("urn", {}, (() => {}) as never)],
    ];
    for (const [name, transform] of transforms) {
      await assert.rejects(
        run((root) => root.applyAsync(transform)),
        (thrown: GirderError) =>
          thrown.code === "unsupported" && thrown.what.startsWith(name) && thrown.remedy !== undefined,
      );
    }
  });
});
