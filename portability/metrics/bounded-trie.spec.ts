import assert from "node:assert/strict";
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import fc from "fast-check";
import { GirderError } from "../errors.js";
import { BoundedTrieSchema } from "../gen/org/apache/beam/model/pipeline/v1/metrics_pb.js";
import { BoundedTrieCell, DEFAULT_TRIE_BOUND } from "./bounded-trie.js";

function trieOf(paths: readonly string[], bound?: number): BoundedTrieCell {
  const trie = new BoundedTrieCell(bound);
  for (const path of paths) trie.update(path.split("/"));
  return trie;
}

const shown = (trie: BoundedTrieCell): string[] =>
  trie.result().map(({ segments, truncated }) => segments.join("/") + (truncated ? "/…" : ""));

describe("a bounded trie", () => {
  it("holds paths, and one path once", () => {
    assert.deepEqual(shown(trieOf(["a/b", "a/c", "d", "a/b"])), ["a/b", "a/c", "d"]);
    assert.deepEqual(shown(new BoundedTrieCell()), []);
  });

  it("holds a path that begins another one as part of it", () => {
    assert.deepEqual(shown(trieOf(["a", "a/b"])), ["a/b"]);
    assert.deepEqual(shown(trieOf(["a/b", "a"])), ["a/b"]);
  });

  it("cuts the most crowded branch past its bound", () => {
    assert.deepEqual(shown(trieOf(["x/1", "y/1", "y/2", "y/3"], 3)), ["x/1", "y/…"]);
    const files = Array.from({ length: 1000 }, (_, i) => `bucket/folder/file-${i}`);
    assert.deepEqual(shown(trieOf(["other/file", ...files])), ["bucket/folder/…", "other/file"]);
  });

  it("writes one path as a singleton and several under a root", () => {
    const one = fromBinary(BoundedTrieSchema, trieOf(["a/b"]).encode());
    assert.deepEqual([one.bound, one.singleton, one.root], [DEFAULT_TRIE_BOUND, ["a", "b"], undefined]);
    const two = fromBinary(BoundedTrieSchema, trieOf(["a/b", "a/__proto__"]).encode());
    assert.deepEqual(two.singleton, []);
    assert.deepEqual(Object.keys(two.root?.children["a"]?.children ?? {}).sort(), ["__proto__", "b"]);
    const none = fromBinary(BoundedTrieSchema, new BoundedTrieCell(5).encode());
    assert.deepEqual([none.bound, none.singleton, none.root], [5, [], undefined]);
  });

  it("reads what it wrote, a cut branch and a cut root included", () => {
    for (const trie of [
      trieOf(["a"]),
      trieOf(["a", "b/c"]),
      trieOf(["a/1", "b/1", "b/2", "b/3"], 3),
      trieOf(["a", "b"], 1),
    ]) {
      assert.deepEqual(BoundedTrieCell.decode(trie.encode()).result(), trie.result());
    }
    assert.deepEqual(shown(trieOf(["a", "b"], 1)), ["/…"]);
  });

  it("takes a bound that was left out as the usual one", () => {
    const trie = BoundedTrieCell.decode(toBinary(BoundedTrieSchema, create(BoundedTrieSchema, { singleton: ["a"] })));
    assert.equal(fromBinary(BoundedTrieSchema, trie.encode()).bound, DEFAULT_TRIE_BOUND);
  });

  it("covers every path within its bound, however tries are merged", () => {
    const path = fc.array(fc.constantFrom("a", "b", "c", "d"), { minLength: 1, maxLength: 4 });
    const paths = fc.array(path, { maxLength: 40 });
    fc.assert(
      fc.property(paths, paths, fc.integer({ min: 1, max: 12 }), (left, right, bound) => {
        const trie = new BoundedTrieCell(bound);
        for (const segments of left) trie.update(segments);
        const other = new BoundedTrieCell(bound + 3);
        for (const segments of right) other.update(segments);
        const before = other.result();
        trie.merge(other);
        for (const segments of left) trie.update(segments);
        assert.deepEqual(other.result(), before);
        const held = trie.result();
        assert.ok(held.length <= bound);
        for (const segments of [...left, ...right]) {
          const covered = held.some((each) => {
            const short = each.truncated && each.segments.every((segment, i) => segments[i] === segment);
            return short || segments.every((segment, i) => each.segments[i] === segment);
          });
          assert.ok(covered, `${segments.join("/")} is lost`);
        }
        assert.deepEqual(BoundedTrieCell.decode(trie.encode()).result(), held);
      }),
    );
  });

  it("is exact while there are fewer paths than its bound", () => {
    const leafPath = fc.tuple(fc.constantFrom("a", "b"), fc.constantFrom("x", "y", "z"));
    fc.assert(
      fc.property(fc.array(leafPath), (all) => {
        const trie = new BoundedTrieCell(6);
        for (const segments of all) trie.update(segments);
        assert.deepEqual(shown(trie), [...new Set(all.map((segments) => segments.join("/")))].sort());
      }),
    );
  });

  it("refuses bounds that are none, and payloads that are no trie", () => {
    const isCode = (code: string) => (error: unknown) => error instanceof GirderError && error.code === code;
    assert.throws(() => new BoundedTrieCell(0), isCode("invalid-argument"));
    assert.throws(() => BoundedTrieCell.decode(Uint8Array.of(0x12, 0x05)), isCode("malformed-data"));
  });
});
