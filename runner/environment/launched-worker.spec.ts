import assert from "node:assert/strict";
import { setImmediate as nextTurn } from "node:timers/promises";
import { launchedWorker } from "./launched-worker.js";

describe("a launched worker", () => {
  function worker(ended?: Promise<string>) {
    const cancel = new AbortController();
    let ends = 0;
    const end = async (): Promise<void> => {
      ends++;
    };
    const launched = launchedWorker(cancel.signal, end, ended);
    let reason: string | undefined;
    void launched.exited.then((text) => {
      reason = text;
    });
    return { launched, cancel, ends: () => ends, reason: () => reason };
  }

  it("says why it has ended by itself, and can still be stopped then", async () => {
    const { launched, ends } = worker(Promise.resolve("it was tired"));
    assert.equal(await launched.exited, "it was tired");
    await launched.stop();
    assert.equal(ends(), 1);
  });

  it("is stopped once, however often it is asked, and has not ended by itself then", async () => {
    let end = (_: string): void => undefined;
    const ended = new Promise<string>((resolve) => {
      end = resolve;
    });
    const { launched, cancel, ends, reason } = worker(ended);
    await Promise.all([launched.stop(), launched.stop()]);
    cancel.abort();
    await launched.stop();
    end("it was told to");
    await nextTurn();
    assert.deepEqual([ends(), reason()], [1, undefined]);
  });

  it("is stopped when its signal aborts, before or after", async () => {
    const { cancel, ends } = worker();
    cancel.abort();
    assert.equal(ends(), 1);
    let late = 0;
    launchedWorker(AbortSignal.abort(), async () => {
      late++;
    });
    assert.equal(late, 1);
  });
});
