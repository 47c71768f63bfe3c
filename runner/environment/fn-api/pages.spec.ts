import assert from "node:assert/strict";
import fc from "fast-check";
import { GirderError } from "../../../portability/errors.js";
import { page } from "./pages.js";

function get(chunks: readonly Uint8Array[], token: Uint8Array): { data: Uint8Array; continuationToken: Uint8Array } {
  const answer = page(chunks, token);
  assert.ok(answer.case === "get");
  return answer.value as { data: Uint8Array; continuationToken: Uint8Array };
}

/** All pages, asked for as a worker does. */
function pages(chunks: readonly Uint8Array[]): Uint8Array[] {
  const all: Uint8Array[] = [];
  let token: Uint8Array = new Uint8Array();
  do {
    const { data, continuationToken } = get(chunks, token);
    all.push(data);
    token = continuationToken;
  } while (token.length > 0);
  return all;
}

const MIB = 1 << 20;

describe("long answers", () => {
  it("are all there is, in order, on pages that are not much larger than they should be", () => {
    const sizes = fc.array(fc.oneof(fc.nat({ max: 10 }), fc.nat({ max: MIB }), fc.constant(3 * MIB)), { maxLength: 6 });
    fc.assert(
      fc.property(sizes, (lengths) => {
        const chunks = lengths.map((length, i) => Buffer.alloc(length, i + 1));
        const all = pages(chunks);
        assert.equal(Buffer.concat(all).compare(Buffer.concat(chunks)), 0);
        for (const { length } of all) assert.ok(length < MIB + Math.max(...lengths, 1));
      }),
      { numRuns: 30 },
    );
  });

  it("are one page, and no token, if they are short", () => {
    assert.deepEqual(
      pages([]).map(({ length }) => length),
      [0],
    );
    assert.deepEqual(pages([Buffer.from("ab"), Buffer.from("c")]).map(String), ["abc"]);
  });

  it("are cut between values only", () => {
    const chunk = Buffer.alloc(700_000);
    assert.deepEqual(
      pages([chunk, chunk, chunk]).map(({ length }) => length),
      [1_400_000, 700_000],
    );
  });

  it("are not continued by tokens that nobody was given", () => {
    const unknown = (thrown: unknown): boolean => thrown instanceof GirderError && thrown.code === "invalid-argument";
    assert.throws(() => get([Buffer.from("a")], Buffer.from("a")), unknown);
    assert.throws(() => get([Buffer.from("a")], Buffer.alloc(100)), unknown);
    assert.equal(get([Buffer.from("a")], Buffer.from("ffffffff", "hex")).data.length, 0);
  });
});
