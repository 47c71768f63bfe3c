import assert from "node:assert/strict";
import { GirderError } from "../../../portability/errors.js";
import { jobFailure, refusal } from "./job-failure.js";

describe("what a job service says of a failed job", () => {
  it("is the error that a worker of this process has met, if the runner quotes it", () => {
    const own = new GirderError("user-exception", "Error: no", { where: "Step", cause: new Error("no") });
    const other = new GirderError("user-exception", "Error: maybe", { where: "Step" });
    assert.equal(jobFailure(`bundle 7 failed: ${own.message}\nCaused by: …`, [other, own]), own);
  });

  it("has the code and the words of an error of Girder's that it quotes", () => {
    const failure = jobFailure("bundle failed:[assertion] It is not so. (at Check)\n  missing: 7", []);
    assert.ok(failure instanceof GirderError);
    const { code, what, where, remedy } = failure;
    assert.deepEqual([code, what, where, remedy], ["assertion", "It is not so.", "Check", "missing: 7"]);
  });

  it("says where it was, with which element, and what was thrown", () => {
    const cause = "RangeError: too much\n    at format (program.ts:7:3)";
    const text = `failed: [user-exception] RangeError: too much (at Outer/Map(format)) Element: 'a (b)'. Correct it.\nCaused by: ${cause}`;
    const failure = jobFailure(text, []) as GirderError;
    assert.deepEqual([failure.what, failure.where], ["RangeError: too much", "Outer/Map(format)"]);
    assert.match(failure.message, /\(at Outer\/Map\(format\)\) Element: 'a \(b\)'\. Correct it\.$/);
    assert.equal((failure.cause as Error).stack, cause);
  });

  it("has the innermost of codes that stand one before the other", () => {
    const failure = jobFailure("[user-exception] [invalid-pipeline] Another one. (at Step)", []) as GirderError;
    assert.deepEqual([failure.code, failure.what, failure.where], ["invalid-pipeline", "Another one.", "Step"]);
  });

  it("is the runner's own words otherwise", () => {
    const failure = jobFailure("java.lang.OutOfMemoryError [heap] ", []);
    assert.ok(failure instanceof GirderError);
    assert.equal(failure.code, "worker-lost");
    assert.match(failure.message, /The job failed: java\.lang\.OutOfMemoryError/);
    assert.match((jobFailure("", []) as GirderError).message, /does not say why/);
  });
});

describe("what a job service says of a pipeline that it does not take", () => {
  const call = (code: number, details: string) => Object.assign(new Error(details), { code, details });

  it("has the code of our own job service's answer", () => {
    const answer = new GirderError("invalid-argument", "INVALID_ARGUMENT: [unsupported] No such window. (at Into)", {
      cause: call(3, ""),
    });
    const { code, what, where } = refusal(answer, "host:1");
    assert.deepEqual([code, what, where], ["unsupported", "No such window. (at Into)", "host:1"]);
  });

  it("says that something is not supported where others do not say more than that they refuse it", () => {
    const answer = new GirderError("io", "UNKNOWN: found unimplemented features", { cause: call(2, "") });
    const { code, what } = refusal(answer, "host:1");
    assert.deepEqual([code, what], ["unsupported", "UNKNOWN: found unimplemented features"]);
    assert.equal(refusal(new GirderError("io", "UNAVAILABLE: gone", { cause: call(14, "") }), "host:1").code, "io");
  });
});
