import assert from "node:assert/strict";
import { measureLatency } from "./command.js";
import { latencyOf } from "./measure.js";
import { LATENCY_ROWS } from "./rows.js";

describe("the latency bench", () => {
  for (const row of LATENCY_ROWS) {
    it(`has every element of ${row.what} come to the sink, none before it was there`, async () => {
      const { elements, median, max } = await measureLatency(row, { elements: 5, interval: 2 });
      assert.equal(elements, 5);
      // Instants are whole milliseconds in one of the rows.
      assert.ok(median > -1 && max >= median, `${median}, ${max}`);
    });
  }

  it("tells the middle, the slowest but a few and the slowest", () => {
    const hundred = Array.from({ length: 100 }, (_, i) => 100 - i);
    assert.deepEqual(latencyOf("x", hundred), { name: "x", elements: 100, median: 51, p95: 96, max: 100 });
  });
});
