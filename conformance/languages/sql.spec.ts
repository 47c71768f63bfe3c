import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { stopExpansionServices } from "../../sdk/expansion/ask-service.js";
import { javaTransform, schemaTransforms, sqlService, sqlTransform } from "../../sdk/expansion/index.js";
import { wrapperModule } from "../../sdk/expansion/wrappers/wrapper-module.js";
import { P } from "../../sdk/pipeline/p.js";
import type { PCollection } from "../../sdk/pipeline/pcollection.js";
import { Pipeline } from "../../sdk/pipeline/pipeline.js";
import type { Root } from "../../sdk/pipeline/root.js";
import { runPipeline } from "../../sdk/runners/run.js";
import { int32, int64, nullable, schema, string, withSchema } from "../../sdk/schemas/index.js";
import { create } from "../../sdk/transforms/create.js";
import { runTool } from "../driver/run-tool.js";
import { ROOT } from "../root.js";
import { type LendingServer, startLending } from "./lending-server.js";
import { hasJava, NO_JAVA, SQL_VERSION } from "./needs.js";

const JAVA = hasJava();
const service = sqlService(SQL_VERSION);
const WORDS = schema({ word: string(), length: int32(), note: nullable(string()) });
const PEOPLE = schema({ name: string(), born: int64() });

function words(pipeline: Pipeline) {
  const all = ["loom", "card", "loom", "hat"].map((word) => ({ word, length: word.length, note: null }));
  return pipeline.apply("Words", create(all)).apply(withSchema(WORDS));
}

describe(`Beam SQL, by Java${JAVA ? "" : `: ${NO_JAVA}`}`, function () {
  this.timeout(120_000);
  let server: LendingServer;

  before(async function () {
    if (!JAVA) return this.skip();
    this.timeout(700_000);
    server = await startLending(join(ROOT, "dist/sdk/expansion/testing/lent-transforms.js"));
  });
  after(async () => {
    stopExpansionServices();
    await server?.[Symbol.asyncDispose]();
  });

  for (const runner of ["embedded", "portable"] as const) {
    it(`counts the words of TypeScript's rows: ${runner}`, async () => {
      const pipeline = new Pipeline();
      const all: string[] = [];
      words(pipeline)
        .apply(
          sqlTransform<{ word: string; c: number }>(
            "SELECT word, COUNT(*) AS c FROM PCOLLECTION WHERE length > 3 GROUP BY word",
            { service },
          ),
        )
        .map(({ word, c }) => all.push(`${word} ${c}`));
      await runPipeline(pipeline, { runner, jobEndpoint: server.jobs });
      assert.deepEqual(all.sort(), ["card 1", "loom 2"]);
    });
  }

  it("joins several inputs by their names, and gives nulls", async () => {
    const pipeline = new Pipeline();
    const people = pipeline.apply("People", create([{ name: "loom", born: 1804 }])).apply(withSchema(PEOPLE));
    const rows: unknown[] = [];
    P({ words: words(pipeline), people })
      .apply(
        sqlTransform(
          "SELECT word, born, COUNT(*) AS c FROM words LEFT JOIN people ON words.word = people.name GROUP BY word, born",
          { service },
        ),
      )
      .map((row) => rows.push(row));
    await runPipeline(pipeline);
    assert.deepEqual(
      rows.sort((a, b) => JSON.stringify(a).localeCompare(JSON.stringify(b))),
      [
        { word: "card", born: null, c: 1 },
        { word: "hat", born: null, c: 1 },
        { word: "loom", born: 1804, c: 2 },
      ],
    );
  });

  it("says what Java says of a query that it does not understand, naming the step", () => {
    const rows = words(new Pipeline());
    assert.throws(() => rows.apply("Broken", sqlTransform("SELECT nothing FROM PCOLLECTION", { service })), {
      code: "invalid-pipeline",
      where: "Broken",
      what: /Column 'nothing' not found/,
    });
  });

  it("says of a class that is not there which it is, naming the step", () => {
    const rows = words(new Pipeline());
    assert.throws(() => rows.apply("Broken", javaTransform("example.None", service)), {
      code: "invalid-pipeline",
      where: "Broken",
      what: /example\.None/,
    });
  });

  it("is a source by its class", async () => {
    const pipeline = new Pipeline();
    const all: number[] = [];
    const options = { method: "from", args: [0n], builders: [["to", 4n]] as const };
    pipeline
      .apply(javaTransform<PCollection<number>>("org.apache.beam.sdk.io.GenerateSequence", service, options))
      .map((n) => all.push(Number(n)));
    await runPipeline(pipeline);
    assert.deepEqual(all.sort(), [0, 1, 2, 3]);
  });

  it("has functions generated for what it describes, that compile and do it", async () => {
    const folder = mkdtempSync(join(tmpdir(), "girder-wrappers-"));
    try {
      mkdirSync(join(folder, "node_modules"));
      symlinkSync(ROOT, join(folder, "node_modules/girder"));
      writeFileSync(join(folder, "package.json"), '{ "type": "module" }');
      const compilerOptions = { strict: true, module: "nodenext", target: "es2022", skipLibCheck: true, types: [] };
      writeFileSync(join(folder, "tsconfig.json"), JSON.stringify({ compilerOptions }));
      writeFileSync(join(folder, "java.ts"), wrapperModule(schemaTransforms(service), service));
      writeFileSync(
        join(folder, "use.ts"),
        `import type { PCollection, Root } from "girder";
         import { filterJava, generateSequence } from "./java.js";
         export function sequence(root: Root): PCollection<{ readonly value: number }> {
           return root
             .apply(generateSequence<{ readonly value: number }>({ start: 2, end: 6 }))
             .apply(filterJava<{ readonly value: number }>({ language: "java", keep: { expression: "value > 2" } }));
         }`,
      );
      await runTool(join(ROOT, "node_modules/.bin/tsc"), ["-p", folder]);
      const { sequence } = (await import(pathToFileURL(join(folder, "use.js")).href)) as {
        sequence(root: Root): PCollection<{ readonly value: number }>;
      };
      const pipeline = new Pipeline();
      const all: number[] = [];
      sequence(pipeline.root).map(({ value }) => all.push(value));
      await runPipeline(pipeline);
      assert.deepEqual(all.sort(), [3, 4, 5]);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
