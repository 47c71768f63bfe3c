import assert from "node:assert/strict";
import { Batch } from "../../../portability/execution/batch.js";
import { NO_FIRING } from "../../../portability/execution/pane.js";
import type { StageDescriptor } from "../../../portability/execution/stage.js";
import { WindowTable } from "../../../portability/execution/window-table.js";
import { describeStage } from "./bundle-descriptor.js";
import { expirationTimers } from "./expiration-timers.js";
import { DO, pairs, stageWith, taskWith } from "./testing/stage.js";

const windows = new WindowTable();
const [first, second] = [windows.interval(0, 10), windows.interval(10, 20)];

function stageOf(allowedLateness: bigint): StageDescriptor {
  const stage = stageWith({ timers: { mine: "event-time", expiration: "event-time" } });
  stage.components.windowingStrategies["fixed"]!.allowedLateness = allowedLateness;
  return { ...stage, timers: stage.timers.map((it) => ({ ...it, onWindowExpiration: it.id === "expiration" })) };
}

const { codec } = describeStage("d", stageOf(0n), windows, "localhost:1").sources[0]!;

function timersOf(batch: Batch, lateness = 0n) {
  return expirationTimers(stageOf(lateness), taskWith({ inputs: [{ input: 0, batch }] }));
}

describe("timers for the expiration of windows", () => {
  it("are one for each key and window of a bundle, of the family that is the runner's", () => {
    const changes = timersOf(codec.decode(pairs(["a", "1", 3], ["b", "2", 4], ["a", "3", 5], ["a", "4", 12])));
    assert.deepEqual(
      changes.map(({ timer }) => [timer!.family, timer!.key, timer!.window, timer!.fire, timer!.hold]),
      [
        [1, "\x01a", first, 9, 9],
        [1, "\x01b", first, 9, 9],
        [1, "\x01a", second, 19, 19],
      ],
    );
  });

  it("fire when no more elements are taken, and hold their window's end", () => {
    const [change] = timersOf(codec.decode(pairs(["a", "1", 3])), 100n);
    assert.deepEqual([change!.timer!.fire, change!.timer!.hold], [109, 9]);
  });

  it("are set for batches that the runner has made, too, and for each of an element's windows", () => {
    const { refs } = codec.decode(pairs(["a", "1", 3])).columns;
    const batch = new Batch(refs, ["\x01k"], { all: 3 }, { all: [first, second] }, { all: NO_FIRING }, 1);
    assert.deepEqual(
      timersOf(batch).map(({ address }) => [address.key, address.window]),
      [
        ["\x01k", first],
        ["\x01k", second],
      ],
    );
  });

  it("are none for families of the DoFn's own", () => {
    const stage = stageWith({ timers: { mine: "event-time" } });
    const batch = codec.decode(pairs(["a", "1", 3]));
    assert.deepEqual(expirationTimers(stage, taskWith({ inputs: [{ input: 0, batch }] })), []);
    assert.equal(stage.timers[0]!.transform, DO);
  });
});
