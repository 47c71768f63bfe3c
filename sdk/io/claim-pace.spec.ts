import assert from "node:assert/strict";
import { ClaimPace } from "./claim-pace.js";

describe("the pace of claims", () => {
  const work = (pace: ClaimPace, ms: number): void => {
    pace.begin();
    for (const end = performance.now() + ms; performance.now() < end; );
    pace.end(pace.elements);
  };

  it("grows while what follows is fast, gradually", () => {
    const pace = new ClaimPace();
    const first = pace.elements;
    work(pace, 0);
    assert.ok(pace.elements > first && pace.elements <= 4 * first);
    for (let i = 0; i < 10; i++) work(pace, 0);
    assert.ok(pace.elements > 50 * first);
  });

  it("falls at once when it is slow, to one element at least", () => {
    const pace = new ClaimPace();
    work(pace, 20);
    assert.ok(pace.elements <= 7, `${pace.elements}`);
    for (let i = 0; i < 4; i++) work(pace, 5);
    assert.equal(pace.elements, 1);
  });
});
