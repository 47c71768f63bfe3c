import assert from "node:assert/strict";
import { GirderError } from "../../../portability/errors.js";
import { girderOptions } from "../adapt/runner-options.js";
import * as beam from "../index.js";
import { requireForSerialization } from "../serialization.js";
import { assertDeepEqual } from "../testing/assert.js";
import { ProtoPrintingRunner } from "../testing/proto-printing-runner.js";
import { dataflowRunner } from "./dataflow.js";
import { directRunner } from "./direct-runner.js";
import { createRunner, defaultRunner, JobState_Enum, loopbackRunner } from "./runner.js";
import { universalRunner } from "./universal.js";

const pipeline = (root: beam.Root): void => {
  root
    .apply(beam.create([1, 2]))
    .map((n) => n + 1)
    .apply(assertDeepEqual([2, 3]));
};

describe("a runner of the official API", () => {
  it("is Girder's embedded one under each name for what runs on this machine", async () => {
    requireForSerialization("example", {});
    const local = [createRunner(), createRunner({ runner: "direct" }), defaultRunner(), directRunner()];
    for (const runner of [...local, loopbackRunner(), universalRunner()]) {
      assert.equal(await (await runner.run(pipeline)).waitUntilFinish(), JobState_Enum.DONE);
    }
  });

  it("is told what is meant for it of all options, converted where a command line knows no types", () => {
    const argv = { _: [], $0: "x", input: "a.txt", maxBundleSize: "5", streaming: "true", jobName: 7 };
    assert.deepEqual(girderOptions(argv), { runner: "embedded", jobName: "7", streaming: true, maxBundleSize: 5 });
    const elsewhere = { runner: "universal", jobEndpoint: "h:1", environmentConfig: { command: "x" } };
    assert.deepEqual(girderOptions(elsewhere), {
      runner: "portable",
      jobEndpoint: "h:1",
      environmentConfig: '{"command":"x"}',
    });
    assert.throws(() => girderOptions({ maxBundleSize: "many" }), GirderError);
  });

  it("that there is not is refused", async () => {
    const invalid = (thrown: GirderError): boolean => thrown.code === "invalid-option";
    await assert.rejects(createRunner({ runner: "spreadsheet" }).run(pipeline), invalid);
    await assert.rejects(dataflowRunner({}).run(pipeline), (thrown) => thrown instanceof GirderError);
  });

  it("started with runAsync gives a result that can be waited for", async () => {
    let release = (): void => {};
    const gate = new Promise<void>((resolve) => {
      release = resolve;
    });
    const result = await createRunner().runAsync((root) => {
      root.apply(beam.create([1])).map(() => gate);
    });
    assert.equal(await result.waitUntilFinish(1), JobState_Enum.RUNNING);
    release();
    assert.equal(await result.waitUntilFinish(10_000), JobState_Enum.DONE);
  });

  it("rejects for a pipeline that cannot be built, and for one that fails with what the author threw", async () => {
    const broken = (): never => {
      throw new RangeError("no such word");
    };
    await assert.rejects(createRunner().runAsync(broken), RangeError);
    const failing = (root: beam.Root): void => {
      root.apply(beam.create([1])).map(beam.withName("break", broken));
    };
    const result = await createRunner().runAsync(failing);
    await assert.rejects(result.waitUntilFinish(), (thrown: GirderError) => {
      return thrown.where === "map(break)" && thrown.cause instanceof RangeError;
    });
    await assert.rejects(result.counters(), GirderError);
  });

  it("may print what would be run", async () => {
    const printed: string[] = [];
    const { log } = console;
    console.log = (text: string) => printed.push(text);
    try {
      await new ProtoPrintingRunner().run(pipeline);
    } finally {
      console.log = log;
    }
    const { components } = JSON.parse(printed.join("\n")) as { components: { transforms: object } };
    assert.ok(Object.keys(components.transforms).includes("create"));
  });
});
