/** For specs: what an error must be like. */
import assert from "node:assert/strict";
import { type ErrorCode, GirderError } from "../../../portability/errors.js";

/** For `assert.throws` and `assert.rejects`: a GirderError of this code whose message has all these texts. */
export function failure(code: ErrorCode, ...texts: readonly RegExp[]): (thrown: unknown) => boolean {
  return (thrown) => {
    assert.ok(thrown instanceof GirderError, String(thrown));
    assert.equal(thrown.code, code, thrown.message);
    for (const text of texts) assert.match(thrown.message, text);
    return true;
  };
}
