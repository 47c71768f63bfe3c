import assert from "node:assert/strict";
import { join } from "node:path";
import { packageFolder } from "../../../sdk/runners/package-folder.js";
import { measureWays } from "./command.js";
import { medianOf } from "./measure.js";
import { WAYS } from "./ways.js";

describe("the bench of worker starts", function () {
  this.timeout(60_000);

  it("sees workers of each way open their control streams, and end", async () => {
    const measured = await measureWays(WAYS, join(packageFolder(), "examples/wordcount.ts"), 1);
    assert.deepEqual(
      measured.map(({ name }) => name),
      ["node", ...WAYS.map(({ name }) => name)],
    );
    for (const { median, min, max } of measured) assert.ok(min > 0 && min === median && median === max);
  });

  it("tells the one in the middle", () => {
    assert.deepEqual([medianOf([3, 1, 2]), medianOf([4, 1, 3, 2])], [2, 2]);
  });
});
