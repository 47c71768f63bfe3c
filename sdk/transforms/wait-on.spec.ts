import assert from "node:assert/strict";
import { Pipeline } from "../pipeline/pipeline.js";
import { runEmbedded } from "../runners/embedded/embedded.js";
import { collect } from "../testing/collect-array.js";
import { fixedWindows, sessions } from "../windowing/window-fns.js";
import { assignTimestamps, windowInto } from "../windowing/window-into.js";
import { create } from "./create.js";
import { reshuffle } from "./reshuffle.js";
import { waitOn } from "./wait-on.js";

describe("waitOn", () => {
  it("holds elements back until all signals are complete", async () => {
    const pipeline = new Pipeline();
    const order: string[] = [];
    const slow = (name: string) =>
      pipeline
        .apply(create([1, 2, 3]))
        .map(async (x) => {
          await new Promise((resolve) => setTimeout(resolve, 5));
          return x;
        })
        .apply(reshuffle())
        .map(() => order.push(name));
    const signals = [slow("first"), slow("second")];
    const waiting = pipeline
      .apply(create(["x"]))
      .apply(waitOn(...signals))
      .map((x) => {
        order.push("waited");
        return x;
      });
    const collected = collect(waiting);
    await runEmbedded(pipeline);
    assert.deepEqual(collected, ["x"]);
    assert.equal(order.length, 7);
    assert.equal(order[6], "waited");
  });

  it("lets elements pass where a signal is empty", async () => {
    const pipeline = new Pipeline();
    const collected = collect(pipeline.apply(create(["x"])).apply(waitOn(pipeline.apply(create([])))));
    await runEmbedded(pipeline);
    assert.deepEqual(collected, ["x"]);
  });

  it("waits in windows", async () => {
    const pipeline = new Pipeline();
    const windowed = (times: number[]) =>
      pipeline
        .apply(create(times))
        .apply(assignTimestamps((t) => t))
        .apply(windowInto(fixedWindows(10)));
    const collected = collect(windowed([1, 12]).apply(waitOn(windowed([3]))));
    await runEmbedded(pipeline);
    assert.deepEqual(collected.sort(), [1, 12]);
  });

  it("refuses nothing to wait on, and signals in sessions", () => {
    assert.throws(() => waitOn(), { code: "invalid-argument" });
    const numbers = new Pipeline().apply(create([1]));
    assert.throws(() => numbers.apply(waitOn(numbers.apply(windowInto(sessions(10))))), {
      code: "incompatible-windows",
    });
  });
});
