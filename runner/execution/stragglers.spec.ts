import assert from "node:assert/strict";
import type { BundleSplit, PreparedStage } from "../../portability/execution/stage.js";
import type { EngineEvent } from "../engine/events.js";
import { Stragglers } from "./stragglers.js";

const SPLIT: BundleSplit = { kept: [], residuals: [] };

/** A stage that answers so, one answer after another, when it is asked to share. */
function sharing(...answers: (BundleSplit | undefined | Promise<BundleSplit | undefined>)[]): PreparedStage {
  const split = async (): Promise<BundleSplit | undefined> => answers.shift();
  return { split } as unknown as PreparedStage;
}

describe("stragglers", () => {
  /** Settles with the first events, as many as that. */
  function events(count: number): { stragglers: Stragglers; seen: Promise<EngineEvent[]> } {
    const all: EngineEvent[] = [];
    let stragglers!: Stragglers;
    const seen = new Promise<EngineEvent[]>((resolve) => {
      stragglers = new Stragglers((event) => {
        all.push(event);
        if (all.length === count) resolve(all);
      }, 10);
    });
    return { stragglers, seen };
  }

  it("tells of a bundle that goes on", async () => {
    const { stragglers, seen } = events(1);
    stragglers.began(3, sharing());
    assert.deepEqual(await seen, [{ type: "slow", bundle: 3, waits: false }]);
  });

  it("says whether a bundle waits, and looks again while it computes", async () => {
    const { stragglers, seen } = events(2);
    const asked: number[] = [];
    const answers = [false, false, true];
    const waits = async (bundle: number): Promise<boolean> => {
      asked.push(bundle);
      return answers.shift()!;
    };
    stragglers.began(3, { ...sharing(), waits });
    assert.deepEqual(await seen, [
      { type: "slow", bundle: 3, waits: false },
      { type: "slow", bundle: 3, waits: true },
    ]);
    assert.deepEqual(asked, [3, 3, 3]);
  });

  it("tells nothing of one that ends while it is asked", async () => {
    const { stragglers, seen } = events(1);
    const waits = async (): Promise<boolean> => {
      await stragglers.ended(3);
      return true;
    };
    stragglers.began(3, { ...sharing(), waits });
    stragglers.began(4, { ...sharing(), waits: async () => true });
    assert.deepEqual(await seen, [{ type: "slow", bundle: 4, waits: true }]);
  });

  it("tells nothing of one that has ended", async () => {
    const { stragglers, seen } = events(1);
    stragglers.began(3, sharing());
    await stragglers.ended(3);
    stragglers.began(4, sharing());
    assert.deepEqual(await seen, [{ type: "slow", bundle: 4, waits: false }]);
  });

  it("asks again where a bundle could not be divided, or asking failed", async () => {
    const { stragglers, seen } = events(1);
    stragglers.began(3, sharing(undefined, Promise.reject(new Error("not now")), SPLIT));
    stragglers.share(3, 1);
    assert.deepEqual(await seen, [{ type: "split", bundle: 3, split: SPLIT }]);
    stragglers.clear();
  });

  it("waits at a bundle's end for what it has left before that", async () => {
    const { stragglers, seen } = events(1);
    let answer!: (split: BundleSplit) => void;
    const asked = new Promise<BundleSplit>((resolve) => {
      answer = resolve;
    });
    stragglers.began(3, sharing(asked));
    stragglers.share(3);
    let isOver = false;
    const over = stragglers.ended(3).then(() => {
      isOver = true;
    });
    await new Promise((resolve) => setImmediate(resolve));
    assert.equal(isOver, false);
    answer(SPLIT);
    await over;
    assert.deepEqual(await seen, [{ type: "split", bundle: 3, split: SPLIT }]);
  });

  it("does not ask a bundle that has ended", async () => {
    const { stragglers } = events(1);
    let asked = 0;
    stragglers.began(3, { split: async () => void asked++ } as unknown as PreparedStage);
    await stragglers.ended(3);
    stragglers.share(3);
    assert.equal(asked, 0);
  });
});
