import assert from "node:assert/strict";
import { sideInputWindow } from "./side-input-window.js";
import { WindowTable } from "./window-table.js";

describe("the window of a side input", () => {
  const windows = new WindowTable();
  const main = windows.interval(60, 70);

  it("is the global one, or the first that holds the last instant of the main input's", () => {
    assert.equal(sideInputWindow({ kind: "global" }, main, windows), windows.global);
    assert.equal(sideInputWindow({ kind: "fixed", size: 50, offset: 0 }, main, windows), windows.interval(50, 100));
    assert.equal(
      sideInputWindow({ kind: "sliding", size: 30, period: 10, offset: 5 }, main, windows),
      windows.interval(45, 75),
    );
  });

  it("is not known of sessions", () => {
    assert.equal(sideInputWindow({ kind: "sessions", gap: 5 }, main, windows), undefined);
  });
});
