/** What bad input gets: a code, where, and what to do. */
import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { DOUBLE_CODER, KVCoder, VARINT_CODER } from "../portability/coders/index.js";
import { type ErrorCode, GirderError } from "../portability/errors.js";
import {
  assignTimestamps,
  coGroupByKey,
  combinePerKey,
  create,
  fixedWindows,
  groupByKey,
  hours,
  type KV,
  minutes,
  P,
  type PCollection,
  Pipeline,
  pipelineOptions,
  type Root,
  sum,
  windowInto,
} from "./index.js";
import { readFromText, writeToText } from "./io/textio.js";
import { runEmbedded } from "./runners/embedded/embedded.js";

interface Expected {
  readonly code: ErrorCode;
  /** The transform, file or option. */
  readonly where: string;
  readonly message: RegExp;
  readonly remedy: RegExp;
  readonly element?: string;
  /** Whether it is a step of this program that failed, so that its line is named. */
  readonly sited?: boolean;
}

describe("what bad input gets:", () => {
  let folder: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "girder-errors-"));
  });
  after(() => rm(folder, { recursive: true }));

  async function failureOf(build: (root: Root) => unknown, memoryBudget = 1 << 30): Promise<GirderError> {
    const pipeline = new Pipeline();
    try {
      await build(pipeline.root);
      await runEmbedded(pipeline, { memoryBudget });
    } catch (thrown) {
      assert.ok(thrown instanceof GirderError, String(thrown));
      return thrown;
    }
    throw new assert.AssertionError({ message: "nothing was wrong" });
  }

  function check(error: GirderError, { code, where, message, remedy, element, sited = false }: Expected): void {
    assert.equal(error.code, code, error.message);
    assert.equal(error.where, where);
    assert.match(error.what, message);
    assert.match(error.remedy ?? "", remedy);
    assert.equal(error.element, element);
    if (sited) assert.match(error.site ?? "", /errors\.spec\.[jt]s:\d+:\d+$/);
  }

  it("a glob without a match", async () => {
    await writeFile(join(folder, "words.txt"), "");
    const error = await failureOf((root) => root.apply(readFromText(join(folder, "word*.csv"))));
    const [where, message] = ["ReadFromText/Match", /No file matches.*word\*\.csv/];
    check(error, { code: "not-found", where, message, remedy: /words\.txt.*Check the spelling/, sited: true });
  });

  it("a truncated gzip", async () => {
    const path = join(folder, "cut.gz");
    await writeFile(path, gzipSync("line\n".repeat(100_000)).subarray(0, -20));
    const error = await failureOf((root) => root.apply(readFromText(path)));
    assert.match(error.where ?? "", /^ReadFromText\/Read/);
    check(error, {
      code: "corrupt-file",
      where: error.where!,
      message: /unexpected end of file.*cut\.gz/,
      remedy: /truncated/,
    });
  });

  it("a duplicate explicit name", async () => {
    const error = await failureOf((root) => {
      const words = root.apply(create(["a"]));
      words.map("Upper", (word) => word.toUpperCase());
      words.map("Upper", (word) => word.toLowerCase());
    });
    check(error, { code: "duplicate-name", where: "Upper", message: /Two .*"Upper"/, remedy: /another name, or none/ });
  });

  it("an unknown option", () => {
    assert.throws(
      () => pipelineOptions({ top: { type: "number", default: 1, description: "How many." } }, ["--tip=3"]),
      (thrown: GirderError) => {
        check(thrown, { code: "invalid-option", where: "--tip", message: /no option --tip/, remedy: /--top\?/ });
        return true;
      },
    );
  });

  it("windows that do not match in a join", async () => {
    const error = await failureOf((root) => {
      const pairs = root.apply(create([{ key: "a", value: 1 }])).apply(assignTimestamps(() => 0));
      const byMinute = pairs.apply(windowInto(fixedWindows(minutes(1))));
      const byHour = pairs.apply(windowInto(fixedWindows(hours(1))));
      P({ byMinute, byHour }).apply("Join", coGroupByKey());
    });
    const message = /"byMinute" .* "byHour"/;
    check(error, { code: "incompatible-windows", where: "Join", message, remedy: /same windowInto/ });
  });

  it("a non-deterministic key coder", async () => {
    const error = await failureOf((root) =>
      root
        .apply("Doubles", create([{ key: 0.1, value: 1 }]))
        .map("Copy", (pair) => pair)
        .withCoder(new KVCoder(DOUBLE_CODER, VARINT_CODER) as never)
        .apply(groupByKey()),
    );
    const [where, message] = ["Copy.out", /cannot be grouped by this key/];
    check(error, { code: "nondeterministic-key", where, message, remedy: /equal bytes.*string/ });
  });

  it("an author's exception, in whatever output the job has: nothing of it appears", async () => {
    const target = join(folder, "never");
    const error = await failureOf((root) => {
      const numbers = root.apply(create([1, 2, 3]));
      numbers.map(String).apply(writeToText(target));
      numbers.map("Broken", (n) => {
        if (n === 3) throw new RangeError("no threes");
        return n;
      });
    });
    const [where, message] = ["Broken", /^RangeError: no threes$/];
    check(error, { code: "user-exception", where, message, remedy: /Correct/, element: "3", sited: true });
    assert.ok((error.cause as Error).stack?.includes("errors.spec"));
    await assert.rejects(runEmbedded(readingPipeline(`${target}*`)), { code: "not-found" });
  });

  function readingPipeline(pattern: string): Pipeline {
    const pipeline = new Pipeline();
    pipeline.apply(readFromText(pattern));
    return pipeline;
  }

  describe("a value that its coder cannot encode", () => {
    class Opaque {
      readonly of = 1;
    }
    const keyed = (root: Root): PCollection<KV<Opaque, number>> =>
      root.apply(create([1])).map("Keyed", (value) => ({ key: new Opaque(), value }));
    const opaque: Expected = {
      code: "cannot-encode",
      where: "Keyed",
      message: /An instance of Opaque is no plain JavaScript data/,
      remedy: /plain object, or give the PCollection a coder/,
      element: "Opaque { of: 1 }",
      sited: true,
    };

    it("as the key of a grouping", async () => {
      check(
        await failureOf((root) =>
          keyed(root)
            .apply(groupByKey())
            .map("Read", ({ key }) => key),
        ),
        opaque,
      );
    });

    it("as the key of a combine, which groups before it has any bytes", async () => {
      check(await failureOf((root) => keyed(root).apply(combinePerKey(sum))), opaque);
    });

    it("as a value that has to leave memory", async () => {
      const error = await failureOf(
        (root) =>
          root
            .apply(create(Array.from({ length: 3000 }, (_, i) => i)))
            .map("Values", (i) => ({ key: i % 7, value: [new Opaque(), "x".repeat(100)] }))
            .apply(groupByKey())
            .map(({ value }) => Array.from(value).length),
        10_000,
      );
      // Whichever comes first: the values of a group while it grows, or the whole group.
      assert.match(error.where ?? "", /^(Values|GroupByKey)$/);
      assert.match(error.element ?? "", /\[ Opaque \{ of: 1 \}, 'x/);
      check(error, { ...opaque, where: error.where!, element: error.element! });
    });

    it("because it throws when it is looked at", async () => {
      const moody = {
        get mood(): string {
          throw new TypeError("not today");
        },
      };
      const error = await failureOf((root) =>
        root
          .apply(create([1]))
          .map("Moody", (value) => ({ key: moody, value }))
          .apply(groupByKey())
          .map("Read", ({ value }) => value),
      );
      const message = /not today/;
      check(error, { ...opaque, where: "Moody", message, remedy: /withCoder/, element: "{ mood: [Getter] }" });
    });
  });
});
