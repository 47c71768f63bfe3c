import assert from "node:assert/strict";
import { GirderError } from "../../../portability/errors.js";
import { count } from "../../combiners/index.js";
import { Pipeline } from "../../pipeline/pipeline.js";
import type { OffsetRange } from "../../splittable/offset-range-tracker.js";
import { type ProcessContinuation, resume, stop } from "../../splittable/process-continuation.js";
import type { RestrictionTracker } from "../../splittable/restriction-tracker.js";
import { combinePerKey } from "../../transforms/combine.js";
import { create } from "../../transforms/create.js";
import { periodicImpulse } from "../../transforms/periodic.js";
import { splittable } from "../../transforms/splittable.js";
import { fixedWindows } from "../../windowing/window-fns.js";
import { windowInto } from "../../windowing/window-into.js";
import { runPipeline } from "../run.js";

describe("draining a pipeline", () => {
  it("ends a source that would not end, and closes its windows", async () => {
    const drain = new AbortController();
    const pipeline = new Pipeline();
    let ticks = 0;
    const counted: number[] = [];
    pipeline
      .apply(periodicImpulse({ interval: 1 }))
      .map(() => {
        if (++ticks === 5) drain.abort();
        return { key: "all", value: 1 };
      })
      // The window would not end in our time.
      .apply(windowInto(fixedWindows(1e12)))
      .apply(combinePerKey(count))
      .map(({ value }) => counted.push(value));
    const { state } = await runPipeline(pipeline, { drain: drain.signal });
    assert.equal(state, "DRAINED");
    assert.ok(counted.length === 1 && counted[0]! >= 5, String(counted));
  });

  it("asks a function how much of its work is still to be done", async () => {
    const drain = new AbortController();
    const pipeline = new Pipeline();
    const seen: number[] = [];
    pipeline
      .apply(create(["element"]))
      .apply(
        splittable("Endless", {
          bounded: false,
          initialRestriction: () => ({ from: 0, to: Number.MAX_SAFE_INTEGER }),
          truncate: (_, { from }) => ({ from, to: from + 3 }),
          *process(
            _: string,
            tracker: RestrictionTracker<OffsetRange, number>,
          ): Generator<number, ProcessContinuation> {
            for (let position = tracker.currentRestriction().from; tracker.tryClaim(position); position++) {
              if (position === 6) drain.abort();
              yield position;
              if (position % 4 === 3) return resume({ delay: 1 });
            }
            return stop();
          },
        }),
      )
      .map((position) => seen.push(position));
    const { state } = await runPipeline(pipeline, { drain: drain.signal });
    assert.equal(state, "DRAINED");
    // It stopped where it was told to, and was asked once: nothing is missing, nothing there twice.
    assert.deepEqual(
      seen.toSorted((a, b) => a - b),
      Array.from({ length: seen.length }, (_, i) => i),
    );
  });

  it("can still be cancelled", async () => {
    const [drain, abort] = [new AbortController(), new AbortController()];
    const pipeline = new Pipeline();
    pipeline.apply(create([1])).map(async (n) => {
      drain.abort();
      abort.abort();
      return n;
    });
    await assert.rejects(
      runPipeline(pipeline, { drain: drain.signal, signal: abort.signal }),
      (thrown) => thrown instanceof GirderError && thrown.code === "cancelled",
    );
  });
});
