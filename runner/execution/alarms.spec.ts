import assert from "node:assert/strict";
import { Alarms } from "./alarms.js";

describe("alarms", () => {
  /** Waits for the event loop to come to timers that are due by now. */
  const turn = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

  it("ring in the order of their instants, once each, and none before its time", async () => {
    const begin = Date.now();
    const rung: number[] = [];
    await new Promise<void>((resolve) => {
      const alarms = new Alarms((at) => {
        assert.ok(Date.now() >= at);
        rung.push(at - begin);
        if (rung.length === 3) resolve();
      });
      for (const after of [30, 10, 10, -5]) alarms.set(begin + after);
    });
    assert.deepEqual(rung, [-5, 10, 30]);
  });

  it("wait for longer than Node's timers can", async () => {
    const rung: number[] = [];
    const alarms = new Alarms((at) => rung.push(at));
    for (const days of [25, 50, 10_000]) alarms.set(Date.now() + days * 86_400_000);
    alarms.set(Number.MAX_SAFE_INTEGER);
    await turn(5);
    assert.deepEqual(rung, []);
    alarms.clear();
  });

  it("are silent once they are cleared, and keep nothing running", async () => {
    const rung: number[] = [];
    const alarms = new Alarms((at) => rung.push(at));
    alarms.set(Date.now());
    alarms.set(Date.now() + 1_000_000);
    const before = timeouts();
    alarms.clear();
    assert.equal(timeouts(), before - 2);
    await turn(5);
    assert.deepEqual(rung, []);
  });
});

function timeouts(): number {
  return process.getActiveResourcesInfo().filter((name) => name === "Timeout").length;
}
