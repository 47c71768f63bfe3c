import assert from "node:assert/strict";
import fc from "fast-check";
import { KeyIdentities } from "./key-identities.js";

describe("the identities of encoded keys", () => {
  it("are the keys' bytes as Latin-1, whatever was asked for before", () => {
    const keys = fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 200 });
    fc.assert(
      fc.property(keys, (all) => {
        const identities = new KeyIdentities();
        for (const key of [...all, ...all]) {
          const bytes = Buffer.concat([Buffer.from("before"), key, Buffer.from("after")]);
          assert.equal(identities.of(bytes, 6, 6 + key.length), Buffer.from(key).toString("latin1"));
        }
      }),
    );
  });

  it("hold for more keys than are remembered", () => {
    const identities = new KeyIdentities();
    for (let i = 0; i < 200_000; i++) {
      const key = Buffer.from(String(i % 100_000));
      if (identities.of(key, 0, key.length) !== String(i % 100_000)) assert.fail(`key ${i}`);
    }
  });
});
