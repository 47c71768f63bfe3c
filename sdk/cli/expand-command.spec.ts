import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { create as createMessage } from "@bufbuild/protobuf";
import { STRING_CODER } from "../../portability/coders/index.js";
import { FieldSchema, SchemaSchema } from "../../portability/gen/org/apache/beam/model/pipeline/v1/schema_pb.js";
import type { SchemaTransformDescription } from "../expansion/index.js";
import { type LendingService, lendingService } from "../expansion/testing/service-programs.js";
import { wrapperModule } from "../expansion/wrappers/wrapper-module.js";
import type { PCollection } from "../pipeline/pcollection.js";
import { Pipeline } from "../pipeline/pipeline.js";
import type { PTransform } from "../pipeline/pvalue.js";
import { packageFolder } from "../runners/package-folder.js";
import { runPipeline } from "../runners/run.js";
import {
  array,
  boolean,
  bytes,
  date,
  decimal,
  int32,
  int64,
  map,
  microsInstant,
  nullable,
  row,
  schema,
  string,
} from "../schemas/index.js";
import { create } from "../transforms/create.js";
import { expandGenerateCommand } from "./expand-command.js";

/** Compiles what is in a folder as strictly as can be. @returns what the compiler says. */
function compiled(folder: string): string {
  const compilerOptions = {
    ...{ strict: true, exactOptionalPropertyTypes: true, noUncheckedIndexedAccess: true, noUnusedLocals: true },
    ...{ module: "nodenext", target: "es2022", skipLibCheck: true, types: [] },
  };
  writeFileSync(join(folder, "tsconfig.json"), JSON.stringify({ compilerOptions, include: ["*.ts"] }));
  const tsc = join(packageFolder(), "node_modules/.bin/tsc");
  return spawnSync(tsc, ["-p", folder], { encoding: "utf8" }).stdout;
}

/** Fields of all types, with descriptions. */
const ALL_TYPES = schema({
  topic: string(),
  "max-size": nullable(int64()),
  flags: map(string(), nullable(boolean())),
  keys: array(nullable(bytes())),
  place: nullable(row(schema({ at: date(), seen: nullable(microsInstant()) }))),
  price: decimal(),
  delete: int32(),
}).proto;

const described = (identifier: string, rest: Partial<SchemaTransformDescription> = {}): SchemaTransformDescription => ({
  ...{ identifier, description: "", schema: createMessage(SchemaSchema), inputs: [], outputs: [] },
  ...rest,
});

describe("girder expand generate", function () {
  this.timeout(60_000);
  let folder: string;
  let lending: LendingService;

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), "girder-expand-spec-"));
    mkdirSync(join(folder, "node_modules"));
    symlinkSync(packageFolder(), join(folder, "node_modules/girder"));
    writeFileSync(join(folder, "package.json"), '{ "type": "module" }');
    lending = await lendingService();
  });
  after(async () => {
    await lending?.[Symbol.asyncDispose]();
    rmSync(folder, { recursive: true });
  });

  it("writes functions that compile, and do what the service's transforms do", async () => {
    const out = join(folder, "lent.ts");
    await expandGenerateCommand({ service: lending.address, out });
    const text = readFileSync(out, "utf8");
    assert.match(
      text,
      /\/\*\*\n \* Words of some length\.\n \*\n \* `test:long_words:v1`\n \*\/\nexport function longWords/,
    );
    assert.match(text, /readonly minimum: number \| bigint;\n {2}readonly suffix\?: string \| null;/);
    writeFileSync(
      join(folder, "use.ts"),
      `import type { PCollection } from "girder";
       import { longWords, rows } from "./lent.js";
       export const used = (words: PCollection<string>): PCollection<string> => words.apply(longWords<string>({ minimum: 2 }));
       // @ts-expect-error: the minimum is missing.
       longWords({ suffix: "" });
       // @ts-expect-error: there is no such field.
       longWords({ minimum: 2, prefix: "" });
       rows();`,
    );
    assert.equal(compiled(folder), "");
    const { longWords } = (await import(pathToFileURL(join(folder, "lent.js")).href)) as {
      longWords(config: object): PTransform<PCollection<string>, PCollection<string>>;
    };
    const pipeline = new Pipeline();
    const all: string[] = [];
    pipeline
      .apply(create(["a", "bb"]))
      .withCoder(STRING_CODER)
      .apply(longWords({ minimum: 2, suffix: "!" }))
      .map((word) => all.push(word));
    await runPipeline(pipeline);
    assert.deepEqual(all, ["bb!"]);
  });

  it("writes what compiles for fields of all types, and for all that may be said of inputs and outputs", () => {
    const { fields } = ALL_TYPES;
    const documented = fields.map((field) =>
      createMessage(FieldSchema, {
        ...field,
        description: `Of ${field.name} */ or not.\n\n${"So many words. ".repeat(20)}`,
      }),
    );
    const text = wrapperModule(
      [
        described("a:all_types:v1", {
          description: "Has all.\n  - indented",
          schema: createMessage(SchemaSchema, { fields: documented }),
        }),
        described("a:read:v1", { outputs: ["output"] }),
        described("b:read:v1", { inputs: ["input"], outputs: ["output", "errors"] }),
        described("b:write:v1", { inputs: ["left", "the-right"], outputs: ["errors"] }),
        described("b:delete:v1", { inputs: ["input"], outputs: ["post-write", "other"] }),
      ],
      { jar: "some.jar", args: ["--a", "--b"] },
    );
    writeFileSync(join(folder, "all.ts"), text);
    writeFileSync(
      join(folder, "use-all.ts"),
      `import type { PCollection, Root } from "girder";
       import { aRead, allTypes, bRead, deleteTransform, write } from "./all.js";
       export function used(root: Root): PCollection<string> {
         const rows = root.apply(aRead<{ readonly a: number }>());
         const { output, errors } = rows.apply(bRead<string>());
         const both = { left: rows, "the-right": output };
         write()(both).errors?.map("e", ({ code }) => code);
         const { "post-write": written, other } = output.apply(deleteTransform<string>());
         root.apply("all", allTypes({
           topic: "", flags: new Map([["a", null]]), keys: [null], price: "1.0", delete: 1, place: { at: 1 }, "max-size": 2n,
         }));
         errors?.map("x", (row) => row);
         return rows.apply("both", () => written ?? other);
       }`,
    );
    assert.equal(compiled(folder), "");
    assert.match(text, /So many words\. /);
    for (const line of text.split("\n")) assert.ok(line.length <= 140, line);
  });

  it("says of which service, and which transforms, in options that fit", async () => {
    const { address: service } = lending;
    await assert.rejects(expandGenerateCommand({}), { code: "invalid-option", where: "--service" });
    await assert.rejects(expandGenerateCommand({ service, jar: "a.jar" }), { code: "invalid-option" });
    await assert.rejects(expandGenerateCommand({ service, only: "(" }), { code: "invalid-option", where: "--only" });
    await assert.rejects(expandGenerateCommand({ service, only: "none" }), {
      code: "not-found",
      remedy: /^It has: .*test:long_words:v1/,
    });
    await assert.rejects(expandGenerateCommand({ service, out: join(folder, "no/such.ts") }), { code: "io" });
  });
});
