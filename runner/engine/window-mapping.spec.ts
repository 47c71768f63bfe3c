import assert from "node:assert/strict";
import { WindowTable } from "../../portability/execution/window-table.js";
import { WindowMapper, type WindowMapping } from "./window-mapping.js";

describe("A window mapper", () => {
  const map = (mapping: WindowMapping, start: number, end: number): string => {
    const windows = new WindowTable();
    return String(new WindowMapper(windows).map(mapping, windows.interval(start, end))?.value);
  };

  it("gives the fixed window that holds the last instant of the main input's window", () => {
    const fixed = { kind: "sliding", size: 10, period: 10, offset: 3 } as const;
    assert.equal(map(fixed, 0, 3), "[-7, 3)");
    assert.equal(map(fixed, 0, 4), "[3, 13)");
    assert.equal(map(fixed, 20, 60), "[53, 63)");
  });

  it("gives the first of the sliding windows that hold the last instant", () => {
    const sliding = { kind: "sliding", size: 20, period: 5, offset: 0 } as const;
    assert.equal(map(sliding, 0, 20), "[0, 20)");
    assert.equal(map(sliding, 20, 23), "[5, 25)");
    assert.equal(map(sliding, -40, -38), "[-55, -35)");
  });

  it("gives the global window for any", () => {
    assert.equal(map({ kind: "global" }, 0, 20), "GlobalWindow");
  });

  it("asks once about windows of a function that only its environment knows, and remembers the answers", () => {
    const windows = new WindowTable();
    const mapper = new WindowMapper(windows);
    const custom = { kind: "custom", windowing: "w" } as const;
    const [main, side] = [windows.interval(0, 1), windows.interval(0, 10)];
    assert.equal(mapper.map(custom, main), undefined);
    assert.equal(mapper.map(custom, main), undefined);
    assert.deepEqual([...mapper.takeQuestions()], [{ windowing: "w", windows: [main] }]);
    assert.equal(mapper.map(custom, main), undefined);
    assert.deepEqual([...mapper.takeQuestions()], []);
    mapper.answer("w", [main], [side]);
    assert.equal(mapper.copy().map(custom, main), side);
  });
});
