import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { KVCoder, STRING_CODER, VARINT_CODER } from "../../portability/coders/index.js";
import type { ErrorCode, GirderError } from "../../portability/errors.js";
import { P } from "../pipeline/p.js";
import type { PCollection } from "../pipeline/pcollection.js";
import { Pipeline } from "../pipeline/pipeline.js";
import { runPipeline } from "../runners/run.js";
import { create } from "../transforms/create.js";
import { fixedWindows, seconds } from "../windowing/window-fns.js";
import { windowInto } from "../windowing/window-into.js";
import { stopExpansionServices } from "./ask-service.js";
import type { ExpansionService } from "./expansion-service.js";
import { externalTransform } from "./external-transform.js";
import { externalConfiguration, rowOfValues } from "./row-of-values.js";
import { schemaTransform, schemaTransforms } from "./schema-transform.js";
import {
  fakeInterpreter,
  fakeJava,
  interpreter,
  type LendingService,
  lendingService,
  processesWith,
} from "./testing/service-programs.js";

const NOTHING = new Uint8Array();

/** An array that a pipeline in this process fills. */
function gathered<T>(collection: PCollection<T>): T[] {
  const all: T[] = [];
  collection.map((element) => all.push(element));
  return all;
}

const configured = (values: Readonly<Record<string, unknown>>) => externalConfiguration(rowOfValues(values, "test"));

/** The error of a transform that is applied to words. */
function refusal(service: ExpansionService, urn = "test:any:v1", coder?: "none") {
  const words = new Pipeline().apply(create(["a"])).map((word) => word);
  if (coder !== "none") words.withCoder(STRING_CODER);
  try {
    words.apply("Theirs", externalTransform(urn, NOTHING, service));
  } catch (thrown) {
    return thrown as GirderError;
  }
  return assert.fail("It was applied.");
}

function assertRefused(error: GirderError, code: ErrorCode, what: RegExp): void {
  assert.deepEqual([error.code, error.where], [code, "Theirs"], error.message);
  assert.match(error.what, what);
}

describe("transforms of other SDKs", function () {
  this.timeout(30_000);
  let folder: string;
  let lending: LendingService;

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), "girder-expansion-spec-"));
    lending = await lendingService();
  });
  after(async () => {
    stopExpansionServices();
    await lending?.[Symbol.asyncDispose]();
    rmSync(folder, { recursive: true });
    assert.equal(processesWith(folder), 0);
  });

  it("take one input and give one output, with what they are configured by", async () => {
    const pipeline = new Pipeline();
    const payload = configured({ minimum: 2, suffix: "!" });
    const words = pipeline.apply(create(["a", "bb", "ccc"])).withCoder(STRING_CODER);
    const long = words.apply(externalTransform<PCollection<string>>("test:long_words:v1", payload, lending.address));
    assert.equal(long.coder, STRING_CODER);
    const all = gathered(long.map((word) => word.toUpperCase()));
    await runPipeline(pipeline);
    assert.deepEqual(all.sort(), ["BB!", "CCC!"]);
  });

  it("take several inputs by name, and give several outputs", async () => {
    const pipeline = new Pipeline();
    const [a, b] = [pipeline.apply("A", create(["x", "yyyy"])), pipeline.apply("B", create(["zzz"]))] as const;
    const both = P({ a: a.withCoder(STRING_CODER), b: b.withCoder(STRING_CODER) }).apply(
      externalTransform<PCollection<string>>("test:both:v1", NOTHING, lending.address),
    );
    const { short, long } = both.apply(
      externalTransform<{ short: PCollection<string>; long: PCollection<string> }>(
        "test:by_length:v1",
        NOTHING,
        lending.address,
        {
          outputs: ["short", "long"],
        },
      ),
    );
    const [shorts, longs] = [gathered(short), gathered(long)];
    await runPipeline(pipeline);
    assert.deepEqual([shorts.sort(), longs.sort()], [[], ["a x", "a yyyy", "b zzz"]]);
  });

  it("are sources, and give rows as plain objects", async () => {
    const pipeline = new Pipeline();
    const rows = gathered(pipeline.apply(externalTransform("test:rows:v1", NOTHING, lending.address)));
    await runPipeline(pipeline);
    rows.sort((x, y) => JSON.stringify(x).localeCompare(JSON.stringify(y)));
    assert.deepEqual(rows, [
      { name: "none", size: null },
      { name: "small", size: 1 },
    ]);
  });

  it("keep state, behind one another, and are told apart", async () => {
    const pipeline = new Pipeline();
    const total = () =>
      externalTransform<PCollection<{ key: string; value: number }>>("test:running_total:v1", NOTHING, lending.address);
    const pairs = pipeline
      .apply(create(["a", "b", "a", "a"]))
      .map((key) => ({ key, value: 1 }))
      .withCoder(new KVCoder(STRING_CODER, VARINT_CODER) as never);
    const all = gathered(pairs.apply(total()).apply(total()));
    await runPipeline(pipeline);
    assert.deepEqual(all.map(({ key, value }) => `${key}${value}`).sort(), ["a1", "a3", "a6", "b1"]);
  });

  it("keep the windows of their input", () => {
    const pipeline = new Pipeline();
    const windowed = pipeline
      .apply(create(["a"]))
      .withCoder(STRING_CODER)
      .apply(windowInto(fixedWindows(seconds(5))));
    const long = windowed.apply(externalTransform("test:long_words:v1", configured({ minimum: 0 }), lending.address));
    assert.deepEqual(long.windowing.windowFn, { kind: "fixed", size: 5000, offset: 0 });
  });

  it("are described by schemas", async () => {
    const found = schemaTransforms(lending.address).find(({ identifier }) => identifier === "test:long_words:v1");
    assert.deepEqual(
      [found?.description, found?.schema.fields.map(({ name }) => name), found?.inputs],
      ["Words of some length.", ["minimum", "suffix"], ["input"]],
    );
    const pipeline = new Pipeline();
    const words = pipeline.apply(create(["a", "bb"])).withCoder(STRING_CODER);
    const all = gathered(words.apply(schemaTransform("test:long_words:v1", { minimum: 2 }, lending.address)));
    await runPipeline(pipeline);
    assert.deepEqual(all, ["bb"]);
  });

  it("are refused where a configuration does not fit the schema", () => {
    assert.throws(() => schemaTransform("test:long_words:v1", { least: 2 }, lending.address), {
      code: "invalid-argument",
      what: "The configuration has no field least and needs minimum.",
    });
    assert.throws(() => schemaTransform("test:longest:v1", {}, lending.address), {
      code: "not-found",
      remedy: /^It has: test:long_words:v1, /,
    });
  });

  it("fail with what the service says, naming the transform", () => {
    assertRefused(
      refusal(lending.address, "test:none:v1"),
      "invalid-pipeline",
      /No transform is registered as test:none:v1/,
    );
    assertRefused(refusal(lending.address, "test:failing:v1"), "invalid-pipeline", /RangeError: no such unit/);
    assertRefused(refusal(lending.address, "test:opaque:v1"), "invalid-pipeline", /written as JavaScript values/);
    assertRefused(refusal(lending.address, "test:long_words:v1"), "invalid-pipeline", /needs minimum/);
  });

  it("need an input that other SDKs can read", () => {
    assertRefused(
      refusal(lending.address, "test:any:v1", "none"),
      "cannot-encode",
      /input is written as JavaScript values/,
    );
  });

  it("fail soon where no service can be reached", () => {
    const begin = performance.now();
    assertRefused(refusal("127.0.0.1:1"), "io", /cannot be reached at 127.0.0.1:1/);
    assert.ok(performance.now() - begin < 8_000);
  });

  it("fail where a service cannot be started, with the reason", () => {
    assertRefused(refusal({ jar: join(folder, "none.jar") }), "not-found", /no such jar/);
    const jar = join(folder, "some.jar");
    writeFileSync(jar, "");
    assertRefused(refusal({ jar, java: join(folder, "none") }), "not-found", /no such program/);
    assertRefused(refusal({ python: join(folder, "none") }), "not-found", /no such program/);
    const bare = interpreter(folder, "bare", "");
    writeFileSync(bare, "#!/bin/sh\nexit 3\n");
    assertRefused(refusal({ python: bare }), "not-found", /has no package apache_beam/);
    const dies = interpreter(folder, "dies", "echo no licence >&2; exit 4");
    assertRefused(refusal({ python: dies }), "io", /ended with exit code 4; the last it wrote[\s\S]*no licence/);
    const sleeps = interpreter(folder, "sleeps", "exec sleep 60");
    assertRefused(refusal({ python: sleeps, patience: 300 }), "io", /does not answer within 0.3 s/);
  });

  it("fail where the service dies, and start it again", () => {
    const service = { python: fakeInterpreter(folder), args: ["--behaviour=dies"] };
    for (let i = 0; i < 2; i++) assertRefused(refusal(service), "io", /ended with exit code 7; [\s\S]*out of luck/);
  });

  it("may pass on what nobody here can read, but not to a function of this program", () => {
    const service = { python: fakeInterpreter(folder), args: ["--behaviour=foreign-coder"] };
    const pipeline = new Pipeline();
    const words = pipeline.apply(create(["a"])).withCoder(STRING_CODER);
    const opaque = words.apply(externalTransform("test:any:v1", NOTHING, service));
    opaque.apply("Again", externalTransform("test:any:v1", NOTHING, service));
    assert.throws(() => opaque.map("read", () => 1), { code: "unsupported", where: "read", what: /test:coder:v1/ });
  });

  it("are refused if the service does not keep to its namespace", () => {
    const service = { python: fakeInterpreter(folder), args: ["--behaviour=clash"] };
    assertRefused(refusal(service), "invalid-pipeline", /a coder .*, of which there is another one/);
  });

  it("fail soon where a worker of theirs does not start, with its reason", async () => {
    const java = fakeJava(folder, "echo out of heap >&2; exit 5");
    const pipeline = new Pipeline();
    const words = pipeline.apply(create(["a"])).withCoder(STRING_CODER);
    words.apply(
      "Theirs",
      externalTransform("test:any:v1", NOTHING, { classPath: [folder], java, args: ["--behaviour=work"] }),
    );
    const begin = performance.now();
    await assert.rejects(runPipeline(pipeline), /A worker of .* ended with exit code 5; [\s\S]*out of heap/);
    assert.ok(performance.now() - begin < 10_000);
  });

  it("fail where the service is over before its workers are needed", async () => {
    const java = fakeJava(folder, "sleep 60");
    const pipeline = new Pipeline();
    const words = pipeline.apply(create(["a"])).withCoder(STRING_CODER);
    words.apply(
      "Theirs",
      externalTransform("test:any:v1", NOTHING, { classPath: [folder], java, args: ["--behaviour=work"] }),
    );
    stopExpansionServices();
    const begin = performance.now();
    await assert.rejects(runPipeline(pipeline), {
      code: "io",
      what: /worker pool of an environment cannot be reached/,
    });
    assert.ok(performance.now() - begin < 15_000);
  });

  for (const how of ["returns", "exits", "is killed"] as const) {
    it(`leave no process behind when the program ${how}`, async () => {
      const marker = `${folder}/marker-${how.replace(" ", "-")}`;
      const program = join(folder, "program.mjs");
      const module = (name: string) => JSON.stringify(new URL(name, import.meta.url).href);
      writeFileSync(
        program,
        `import { externalTransform } from ${module("external-transform.js")};
         import { Pipeline } from ${module("../pipeline/pipeline.js")};
         import { create } from ${module("../transforms/create.js")};
         import { STRING_CODER } from ${module("../../portability/coders/index.js")};
         const service = { python: ${JSON.stringify(fakeInterpreter(folder))}, args: ["--behaviour=foreign-coder", "--marker=${marker}"] };
         new Pipeline().apply(create(["a"])).withCoder(STRING_CODER).apply(externalTransform("test:any:v1", new Uint8Array(), service));
         console.log("expanded");
         ${how === "returns" ? "" : how === "exits" ? "process.exit(0);" : "setInterval(() => {}, 1000);"}`,
      );
      const child = spawn(process.execPath, [...process.execArgv, program], { stdio: ["ignore", "pipe", "ignore"] });
      const ended = once(child, "exit");
      await once(child.stdout, "data");
      if (how === "is killed") {
        assert.ok(processesWith(marker) > 0);
        child.kill("SIGKILL");
      }
      await ended;
      await gone(marker);
    });
  }
});

/** Waits until no process has a text among its arguments. */
async function gone(text: string): Promise<void> {
  for (const end = Date.now() + 10_000; processesWith(text) > 0; ) {
    assert.ok(Date.now() < end, "There is one left after 10 s.");
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
