import assert from "node:assert/strict";
import { GirderError } from "../../portability/errors.js";
import { sum } from "../combiners/index.js";
import { writeToText } from "../io/textio.js";
import { passert } from "../testing/passert.js";
import { testPipeline } from "../testing/test-pipeline.js";
import { testStream } from "../testing/test-stream.js";
import { afterCount, repeatedly } from "../windowing/triggers.js";
import { fixedWindows, sessions } from "../windowing/window-fns.js";
import { windowInto } from "../windowing/window-into.js";
import { changelog } from "./changelog.js";
import { combinePerKey } from "./combine.js";
import { create } from "./create.js";
import { groupByKey } from "./group-by-key.js";

const EACH = repeatedly(afterCount(1));
const RETRACTING = { trigger: EACH, accumulationMode: "RETRACTING", onTimeBehavior: "FIRE_IF_NONEMPTY" } as const;
const SIGN = { INSERT: "", UPDATE_BEFORE: "-", UPDATE_AFTER: "+", DELETE: "x" };

describe("panes that retract", () => {
  it("are taken back as the next takes their place, and all of those whose windows merge", async () => {
    await testPipeline((root) => {
      const sums = root
        .apply(
          testStream<{ key: string; value: number }>()
            .add(0, { key: "a", value: 5 })
            .add(18, { key: "a", value: 7 })
            .add(9, { key: "a", value: 3 })
            .add(2, { key: "b", value: 1 }),
        )
        .apply(windowInto(sessions(10), RETRACTING))
        .apply(combinePerKey(sum))
        .apply(changelog())
        .map(({ kind, value }) => `${SIGN[kind]}${value.key}${value.value}`);
      passert(sums).containsInAnyOrder(["a5", "a7", "-a5", "-a7", "+a15", "b1"]);
    });
  });

  it("are taken back from what is grouped again: each sum counts under its size once", async () => {
    await testPipeline((root) => {
      const sizes = root
        .apply(
          testStream<{ key: string; value: number }>()
            .add(1, { key: "a", value: 5 })
            .add(2, { key: "b", value: 5 })
            .add(3, { key: "a", value: 7 }),
        )
        .apply(windowInto(fixedWindows(10), RETRACTING))
        .apply(combinePerKey(sum))
        .map(({ key, value }) => ({ key: value, value: key }))
        .apply(groupByKey())
        .apply(changelog())
        .map(({ kind, value }) => `${SIGN[kind]}${value.key}: ${[...value.value].sort()}`);
      passert(sizes).containsInAnyOrder(["5: a", "-5: a", "+5: a,b", "-5: a,b", "+5: b", "12: a"]);
    });
  });

  it("are not there where nothing is taken back", async () => {
    await testPipeline((root) => {
      passert(root.apply(create([1, 2])).apply(changelog())).containsInAnyOrder([
        { kind: "INSERT", value: 1 },
        { kind: "INSERT", value: 2 },
      ]);
    });
  });

  it("are not written to files, nor asserted as they are", async () => {
    const lines = (build: Parameters<typeof testPipeline>[0]) => testPipeline(build);
    await assert.rejects(
      lines((root) => {
        root
          .apply(create(["a"]))
          .apply(windowInto(fixedWindows(10), RETRACTING))
          .apply(writeToText("/nowhere"));
      }),
      (thrown) => thrown instanceof GirderError && /cannot be taken back/.test(thrown.message),
    );
    await assert.rejects(
      lines((root) => {
        const grouped = root
          .apply(create([{ key: "a", value: 1 }]))
          .apply(windowInto(fixedWindows(10), RETRACTING))
          .apply(combinePerKey(sum));
        passert(grouped).isSingleton({ key: "a", value: 1 });
      }),
      (thrown) => thrown instanceof GirderError && /retracts/.test(thrown.message),
    );
  });
});
