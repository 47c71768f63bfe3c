import assert from "node:assert/strict";
import type { Coder } from "../../portability/coders/index.js";
import { findBeamPython, NO_BEAM_PYTHON } from "../../runner/environment/testing/programs.js";
import { stopExpansionServices } from "../../sdk/expansion/ask-service.js";
import { javaTransform, pythonCallable, pythonTransform, sqlService } from "../../sdk/expansion/index.js";
import type { PCollection } from "../../sdk/pipeline/pcollection.js";
import { Pipeline } from "../../sdk/pipeline/pipeline.js";
import type { PInput, PTransform } from "../../sdk/pipeline/pvalue.js";
import { runPipeline } from "../../sdk/runners/run.js";
import * as schemas from "../../sdk/schemas/index.js";
import { create } from "../../sdk/transforms/create.js";
import { hasJava, NO_JAVA, SQL_VERSION } from "./needs.js";

const { schema, nullable, withSchema } = schemas;

const PLACE = schema({ town: schemas.string(), zip: nullable(schemas.int32()) });

/** A value of each type of fields, of which each is a row of its own: so it is seen which does not come back. */
const VALUES: Readonly<Record<string, readonly [type: schemas.FieldType<unknown>, value: unknown]>> = {
  byte: [schemas.byte(), -128],
  int16: [schemas.int16(), 32_767],
  int32: [schemas.int32(), -(2 ** 31)],
  int64: [schemas.int64(), 2n ** 62n],
  float: [schemas.float(), 0.5],
  double: [schemas.double(), 0.1],
  string: [schemas.string(), "ä\u{1f600}"],
  boolean: [schemas.boolean(), true],
  bytes: [schemas.bytes(), Uint8Array.of(0, 255)],
  "array of nullable": [schemas.array(nullable(schemas.int32())), [1, null]],
  iterable: [schemas.iterable(schemas.string()), ["a", "b"]],
  map: [schemas.map(schemas.string(), schemas.int64()), new Map([["a", 1]])],
  row: [schemas.row(PLACE), { town: "London", zip: null }],
  "nullable row": [nullable(schemas.row(PLACE)), null],
  millis_instant: [schemas.millisInstant(), 1_700_000_000_123],
  micros_instant: [schemas.microsInstant(), { seconds: 1_700_000_000, micros: 2 }],
  timestamp: [schemas.timestamp(6), { seconds: 5, subseconds: 999_999 }],
  "timestamp of nanoseconds": [schemas.timestamp(9), { seconds: 5, subseconds: 999_999_999 }],
  date: [schemas.date(), 20_000],
  decimal: [schemas.decimal(), "-100.123"],
  fixed_bytes: [schemas.fixedBytes(2), Uint8Array.of(1, 2)],
  var_bytes: [schemas.varBytes(5), Uint8Array.of(3)],
  fixed_char: [schemas.fixedChar(2), "ab"],
  var_char: [schemas.varChar(5), "c"],
};

interface Language {
  readonly name: string;
  readonly lacks: readonly string[];
  /** A transform that reads elements and writes them again. */
  readonly same: (coder: Coder<object>) => PTransform<PInput, PCollection<{ readonly value: unknown }>>;
  /** Types of which it has no notion, and why. */
  readonly unknown: Readonly<Record<string, string>>;
  /** Types that come back as another one, and what the value is then. */
  readonly otherwise: Readonly<Record<string, unknown>>;
}

const PYTHON = findBeamPython();
const LANGUAGES: readonly Language[] = [
  {
    name: "Python",
    lacks: PYTHON === undefined ? [NO_BEAM_PYTHON] : [],
    same: (outputCoder) =>
      pythonTransform("apache_beam.Map", {
        args: [pythonCallable("lambda row: row")],
        outputCoder,
        service: { python: PYTHON! },
      }),
    unknown: { "timestamp of nanoseconds": "it reads them, and writes all instants by microseconds" },
    otherwise: {
      millis_instant: { seconds: 1_700_000_000, micros: 123_000 },
      timestamp: { seconds: 5, micros: 999_999 },
    },
  },
  {
    name: "Java",
    lacks: hasJava() ? [] : [NO_JAVA],
    same: () =>
      javaTransform("org.apache.beam.sdk.transforms.Reshuffle", sqlService(SQL_VERSION), { method: "viaRandomKey" }),
    unknown: {},
    otherwise: {},
  },
];

for (const { name, lacks, same, unknown, otherwise } of LANGUAGES) {
  describe([`rows to ${name} and back`, ...lacks].join(": "), function () {
    this.timeout(120_000);
    before(function () {
      if (lacks.length > 0) this.skip();
    });
    after(() => stopExpansionServices());

    it("have the same values, of each type that it knows", async () => {
      const pipeline = new Pipeline();
      const back = new Map<string, unknown>();
      for (const [type, [field, value]] of Object.entries(VALUES)) {
        if (type in unknown) continue;
        const of = schema({ value: field });
        const rows = pipeline.apply(`Of ${type}`, create([{ value }])).apply(`As ${type}`, withSchema(of));
        rows.apply(`To ${type}`, same(of.coder)).map(`From ${type}`, (row) => back.set(type, row.value));
      }
      await runPipeline(pipeline);
      for (const [type, [, value]] of Object.entries(VALUES)) {
        if (!(type in unknown)) assert.deepEqual(back.get(type), otherwise[type] ?? value, type);
      }
    });

    for (const [type, why] of Object.entries(unknown)) it(`do not, of type ${type}: ${why}`);
  });
}

describe(["a reshuffle of Python's", ...(PYTHON === undefined ? [NO_BEAM_PYTHON] : [])].join(": "), function () {
  this.timeout(120_000);
  before(function () {
    if (PYTHON === undefined) this.skip();
  });
  after(() => stopExpansionServices());

  it("gives back rows that it writes by another coder than they came in", async () => {
    const pipeline = new Pipeline();
    const of = schema({ value: schemas.millisInstant() });
    const back: unknown[] = [];
    pipeline
      .apply(create([{ value: 1_700_000_000_123 }]))
      .apply(withSchema(of))
      .apply(
        pythonTransform<PCollection<{ readonly value: unknown }>>("apache_beam.Reshuffle", {
          service: { python: PYTHON! },
        }),
      )
      .map((row) => back.push(row.value));
    await runPipeline(pipeline);
    assert.deepEqual(back, [{ seconds: 1_700_000_000, micros: 123_000 }]);
  });
});
