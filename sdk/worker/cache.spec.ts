import assert from "node:assert/strict";
import { StateCache } from "./cache.js";

describe("a worker's cache", () => {
  it("gives what was kept under a key with the same token", () => {
    const cache = new StateCache();
    cache.put("key", "token", 7, 10);
    assert.equal(cache.get("key", "token"), 7);
    assert.equal(cache.get("key", "another"), undefined);
    assert.equal(cache.get("another", "token"), undefined);
    assert.deepEqual([cache.hits, cache.misses], [1, 2]);
    cache.put("key", "another", 8, 10);
    assert.equal(cache.get("key", "token"), undefined);
    assert.equal(cache.get("key", "another"), 8);
  });

  it("drops what was used longest ago when it is full, and does not take what it has no room for", () => {
    const cache = new StateCache(100);
    for (const key of ["a", "b", "c"]) cache.put(key, "", key, 33);
    cache.get("a", "");
    cache.put("d", "", "d", 33);
    assert.deepEqual(
      ["a", "b", "c", "d"].map((key) => cache.get(key, "")),
      ["a", undefined, "c", "d"],
    );
    cache.put("e", "", "e", 101);
    assert.deepEqual([cache.get("e", ""), cache.bytes, cache.size], [undefined, 99, 3]);
  });
});
