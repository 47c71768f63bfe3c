import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { promisify } from "node:util";
import { KVCoder, RowCoder, STRING_CODER, VARINT_CODER } from "../../portability/coders/index.js";
import { findBeamPython, NO_BEAM_PYTHON } from "../../runner/environment/testing/programs.js";
import { stopExpansionServices } from "../../sdk/expansion/ask-service.js";
import { externalTransform, pythonCallable, pythonTransform } from "../../sdk/expansion/index.js";
import { processesWith } from "../../sdk/expansion/testing/service-programs.js";
import { P } from "../../sdk/pipeline/p.js";
import type { PCollection } from "../../sdk/pipeline/pcollection.js";
import { Pipeline } from "../../sdk/pipeline/pipeline.js";
import { runPipeline } from "../../sdk/runners/run.js";
import { logical, schema, string, withSchema } from "../../sdk/schemas/index.js";
import { valueState } from "../../sdk/state/state-param.js";
import { create } from "../../sdk/transforms/create.js";
import { ROOT } from "../root.js";
import { type LendingServer, startLending } from "./lending-server.js";

const PYTHON = findBeamPython();
const LENT = join(ROOT, "dist/sdk/expansion/testing/lent-transforms.js");

/** Python's source text of a function of PCollections that keeps running totals of pairs. */
const RUNNING_TOTAL = pythonCallable(`
import typing
import apache_beam as beam
from apache_beam.coders import VarIntCoder
from apache_beam.transforms.userstate import ReadModifyWriteStateSpec

class RunningTotal(beam.DoFn):
  TOTAL = ReadModifyWriteStateSpec('total', VarIntCoder())

  def process(self, pair, total=beam.DoFn.StateParam(TOTAL)):
    now = (total.read() or 0) + pair[1]
    total.write(now)
    yield pair[0], now

def running_total(pairs):
  return pairs | beam.ParDo(RunningTotal()).with_output_types(typing.Tuple[str, int])
`);

/** Python's source text of a function of two PCollections of words, that has two outputs. */
const SIZES = pythonCallable(`
import apache_beam as beam
from apache_beam.typehints.row_type import RowTypeConstraint

def sizes(words):
  rows = RowTypeConstraint.from_fields([('size', int), ('word', str)])
  both = (words['some'], words['others']) | beam.Flatten()
  return {
    'rows': both | beam.Map(lambda word: beam.Row(size=len(word), word=word)).with_output_types(rows),
    'some': words['some'],
  }
`);

type Total = { readonly key: string; readonly value: number };

describe("pipelines of Python and TypeScript", function () {
  this.timeout(90_000);
  let server: LendingServer;

  before(async function () {
    if (PYTHON === undefined) return this.skip();
    server = await startLending(LENT);
  });
  after(async () => {
    stopExpansionServices();
    await server?.[Symbol.asyncDispose]();
  });

  it(`Python uses transforms of TypeScript, with state in each${PYTHON === undefined ? `: ${NO_BEAM_PYTHON}` : ""}`, async () => {
    const program = join(ROOT, "conformance/languages/uses_typescript.py");
    const { stdout } = await promisify(execFile)(PYTHON!, ["-W", "ignore", program, server.jobs, server.expansion]);
    assert.deepEqual(stdout.trim().split("\n").sort(), [
      '["bbb", 10]',
      '["bbb", 1]',
      '["bbb", 4]',
      '["cc", 1]',
      '["cc", 4]',
      '["long", "bbb"]',
      '["long", "bbb"]',
      '["long", "bbb"]',
      '["none", null]',
      '["short", "cc"]',
      '["short", "cc"]',
      '["small", 1]',
    ]);
  });

  for (const runner of ["embedded", "portable"]) {
    it(`TypeScript uses transforms of Python, and of another program, with state in each: ${runner}`, async () => {
      const pipeline = new Pipeline();
      const pairs = pipeline
        .apply(create(["a", "b", "a", "a"]))
        .map((key): Total => ({ key, value: 1 }))
        .withCoder(new KVCoder(STRING_CODER, VARINT_CODER) as never);
      const service = { python: PYTHON! };
      const all: string[] = [];
      pairs
        .apply(pythonTransform<PCollection<Total>>("__callable__", { args: [RUNNING_TOTAL], service }))
        .map(
          "here",
          ({ key, value }, { total }) => {
            const sum = (total.read() ?? 0) + value;
            total.write(sum);
            return { key, value: sum };
          },
          { total: valueState<number>("total") },
        )
        .withCoder(new KVCoder(STRING_CODER, VARINT_CODER) as never)
        .apply(externalTransform<PCollection<Total>>("test:running_total:v1", new Uint8Array(), server.expansion))
        .map(({ key, value }) => all.push(`${key}${value}`));
      await runPipeline(pipeline, { runner, jobEndpoint: server.jobs });
      // Totals of totals of totals of 1, 1, 1.
      assert.deepEqual(all.sort(), ["a1", "a10", "a4", "b1"]);
    });
  }

  it("TypeScript gives a Python transform several inputs, and takes several outputs, of rows too", async () => {
    const pipeline = new Pipeline();
    const some = pipeline.apply("some", create(["x", "yy"])).withCoder(STRING_CODER);
    const others = pipeline.apply("others", create(["zzz"])).withCoder(STRING_CODER);
    const outputs = P({ some, others }).apply(
      pythonTransform<{ rows: PCollection<{ size: number; word: string }>; some: PCollection<string> }>(
        "__callable__",
        {
          args: [SIZES],
          service: { python: PYTHON! },
          outputs: ["rows", "some"],
        },
      ),
    );
    assert.ok(outputs.rows.coder instanceof RowCoder);
    // What comes out as it went in is the PCollection that went in.
    assert.equal(outputs.some, some);
    const rows: unknown[] = [];
    outputs.rows.map((row) => rows.push(row));
    await runPipeline(pipeline);
    assert.deepEqual(
      rows.sort((a, b) => JSON.stringify(a).localeCompare(JSON.stringify(b))),
      [
        { size: 1, word: "x" },
        { size: 2, word: "yy" },
        { size: 3, word: "zzz" },
      ],
    );
  });

  it("says what Python says of a transform that it cannot make, naming the step", () => {
    const words = new Pipeline()
      .apply(create(["a"]))
      .map((word) => word)
      .withCoder(STRING_CODER);
    const service = { python: PYTHON! };
    assert.throws(() => words.apply("Broken", pythonTransform("apache_beam.Map", { service })), {
      code: "invalid-pipeline",
      where: "Broken",
      what: /missing 1 required positional argument: 'fn'/,
    });
  });

  it("does not read what Python has pickled", () => {
    const words = new Pipeline()
      .apply(create(["a"]))
      .map((word) => word)
      .withCoder(STRING_CODER);
    const args = [pythonCallable("lambda word: object()")];
    const opaque = words.apply(pythonTransform("apache_beam.Map", { args, service: { python: PYTHON! } }));
    assert.throws(() => opaque.map("read", () => 1), { code: "unsupported", where: "read", what: /pickled_python/ });
  });

  it("says at once of a type that Python does not know which it is, naming the step", () => {
    const odd = schema({ odd: logical<string>("example:odd:v1", string()) });
    const rows = new Pipeline().apply(create([{ odd: "a" }])).apply(withSchema(odd));
    const args = [pythonCallable("lambda row: row.odd")];
    const lengths = pythonTransform("apache_beam.Map", {
      args,
      outputCoder: STRING_CODER,
      service: { python: PYTHON! },
    });
    assert.throws(() => rows.apply("Odd", lengths), { code: "invalid-pipeline", where: "Odd", what: /example:odd:v1/ });
  });

  it("fails within seconds when Python is killed with its service, and leaves nothing", async () => {
    const folder = mkdtempSync(join(tmpdir(), "girder-python-"));
    const pidFile = join(folder, "pid");
    const args = [
      pythonCallable(`
import os, time
def slow(word):
  with open(${JSON.stringify(pidFile)}, 'w') as file:
    file.write(str(os.getpid()))
  time.sleep(20)
  return word
`),
    ];
    const service = { python: PYTHON!, args: ["--job_name=killed"] };
    const pipeline = new Pipeline();
    const words = pipeline.apply(create(["a"])).withCoder(STRING_CODER);
    words.apply("Slow", pythonTransform("apache_beam.Map", { args, outputCoder: STRING_CODER, service }));
    try {
      const failed = assert.rejects(runPipeline(pipeline), { code: "io", what: /worker pool .* cannot be reached/ });
      while (!existsSync(pidFile) || readFileSync(pidFile, "utf8") === "") await wait(10);
      process.kill(Number(readFileSync(pidFile, "utf8")), "SIGKILL");
      const begin = performance.now();
      await failed;
      assert.ok(performance.now() - begin < 15_000);
      assert.equal(processesWith("--job_name=killed"), 0);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
