import assert from "node:assert/strict";
import { GLOBAL_WINDOW, IntervalWindow } from "../../portability/execution/window.js";
import { Pipeline } from "../pipeline/pipeline.js";
import { runEmbedded } from "../runners/embedded/embedded.js";
import { collect } from "../testing/collect-array.js";
import { fixedWindows, slidingWindows } from "../windowing/window-fns.js";
import { assignTimestamps, windowInto } from "../windowing/window-into.js";
import { create } from "./create.js";
import { groupBy } from "./group-by.js";
import { reify } from "./reify.js";

describe("reify", () => {
  it("gives the pane of what no grouping has made", async () => {
    const pipeline = new Pipeline();
    const reified = collect(pipeline.apply(create(["x"])).apply(reify()));
    await runEmbedded(pipeline);
    const [{ window, pane }] = reified as [(typeof reified)[number]];
    assert.equal(window, GLOBAL_WINDOW);
    assert.deepEqual(pane, { timing: "UNKNOWN", isFirst: true, isLast: true, index: 0, nonSpeculativeIndex: 0 });
  });

  it("gives an element once for each of its windows", async () => {
    const pipeline = new Pipeline();
    const reified = collect(
      pipeline
        .apply(create(["x"]))
        .apply(assignTimestamps(() => 15))
        .apply(windowInto(slidingWindows(20, 10)))
        .apply(reify()),
    );
    await runEmbedded(pipeline);
    assert.deepEqual(reified.map(({ value, timestamp, window }) => [value, timestamp, String(window)]).sort(), [
      ["x", 15, "[0, 20)"],
      ["x", 15, "[10, 30)"],
    ]);
  });

  it("shows that the pane of a batch result is on time, the first and the last", async () => {
    const pipeline = new Pipeline();
    const reified = collect(
      pipeline
        .apply(create([1, 2]))
        .apply(assignTimestamps((t) => t))
        .apply(windowInto(fixedWindows(10)))
        .apply(groupBy(() => "k"))
        .apply(reify()),
    );
    await runEmbedded(pipeline);
    const [{ timestamp, window, pane }] = reified as [(typeof reified)[number]];
    assert.deepEqual([timestamp, window], [9, new IntervalWindow(0, 10)]);
    assert.deepEqual(pane, { timing: "ON_TIME", isFirst: true, isLast: true, index: 0, nonSpeculativeIndex: 0 });
  });
});
