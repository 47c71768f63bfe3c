import assert from "node:assert/strict";
import { parseResultLine, ResultLines } from "./result-lines.js";

describe("lines of results", () => {
  it("say what has ended, and what was going on when they broke off", () => {
    const lines = new ResultLines();
    assert.equal(lines.add('{"begin":"a"}'), undefined);
    assert.equal(lines.running, "a");
    const a = lines.add('{"name":"a","outcome":"skipped","seconds":0.5,"reason":"no","categories":["X"],"more":1}');
    assert.deepEqual(a, { name: "a", outcome: "skipped", seconds: 0.5, reason: "no", categories: ["X"] });
    lines.add('{"begin":"b"}');
    assert.deepEqual([lines.running, lines.complete, lines.results], ["b", false, [a]]);
    lines.add('{"name":"b","outcome":"passed","seconds":1}');
    lines.add('{"end":true}');
    assert.deepEqual([lines.running, lines.complete, lines.results.length], [undefined, true, 2]);
  });

  it("are refused where they are something else", () => {
    for (const text of ["", "[1]", "null", '{"name":"a"}', '{"name":"a","outcome":"xfailed","seconds":1}', '{"begin":'])
      assert.throws(() => parseResultLine(text), { code: "malformed-data" }, text);
  });
});
