import assert from "node:assert/strict";
import { STRING_CODER } from "../../../portability/coders/index.js";
import type { Progress } from "../../../runner/execution/progress.js";
import { count } from "../../combiners/index.js";
import { externalConfiguration, externalTransform, rowOfValues, stopExpansionServices } from "../../expansion/index.js";
import { type LendingService, lendingService } from "../../expansion/testing/service-programs.js";
import type { PCollection } from "../../pipeline/pcollection.js";
import { Pipeline } from "../../pipeline/pipeline.js";
import { combinePerKey } from "../../transforms/combine.js";
import { create } from "../../transforms/create.js";
import { periodicImpulse } from "../../transforms/periodic.js";
import { fixedWindows } from "../../windowing/window-fns.js";
import { windowInto } from "../../windowing/window-into.js";
import { launchEmbedded } from "./launch.js";

describe("a pipeline in this process with a part that another executes", function () {
  this.timeout(30_000);
  let lending: LendingService;
  const longWords = () =>
    externalTransform<PCollection<string>>(
      "test:long_words:v1",
      externalConfiguration(rowOfValues({ minimum: 2 }, "test")),
      lending.address,
    );

  before(async () => {
    lending = await lendingService();
  });
  after(async () => {
    stopExpansionServices();
    await lending?.[Symbol.asyncDispose]();
  });

  it("tells how far it has come", async () => {
    const pipeline = new Pipeline();
    const words = pipeline.apply(create(["a", "bb", "ccc"])).withCoder(STRING_CODER);
    words
      .apply(longWords())
      .map((word) => ({ key: word, value: 1 }))
      .apply(combinePerKey(count));
    const told: Progress[] = [];
    await launchEmbedded(pipeline, { failBundles: 0.2, seed: 3, bundleAttempts: 20 }, (progress) =>
      told.push(progress),
    );
    const { stages, elements } = told.at(-1)!;
    assert.ok(stages.total > 1 && stages.done === stages.total, JSON.stringify(stages));
    // What came of the other's part, whatever that is called there.
    assert.ok([...elements.values()].includes(2), JSON.stringify([...elements]));
  });

  it("processes what is available, and ends", async () => {
    const pipeline = new Pipeline();
    const counted: number[] = [];
    pipeline
      .apply(periodicImpulse({ from: Date.now() - 60_000, interval: 10_000 }))
      .map(() => "word")
      .withCoder(STRING_CODER)
      .apply(longWords())
      .map((key) => ({ key, value: 1 }))
      // The window would not end in our time.
      .apply(windowInto(fixedWindows(1e12)))
      .apply(combinePerKey(count))
      .map(({ value }) => counted.push(value));
    const { state } = await launchEmbedded(pipeline, { until: "available" });
    assert.deepEqual([state, counted], ["DONE", [7]]);
  });
});
