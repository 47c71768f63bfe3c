import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Endpoint } from "../endpoint/endpoint.js";
import { startGirder } from "../endpoint/girder.js";
import { findPrism, startPrism } from "../endpoint/prism.js";
import { surprises } from "../report/known-failures.js";
import { knownFailures } from "../report/known-failures-file.js";
import type { Category } from "./conformance-test.js";
import { TESTS } from "./index.js";
import { portableSubject } from "./portable-subject.js";
import { nameOf, runSuite } from "./run-suite.js";

describe("the conformance suite on job services", function () {
  this.timeout(240_000);
  let folder: string;
  const endpoints: Endpoint[] = [];

  before(() => {
    folder = mkdtempSync(join(tmpdir(), "girder-portable-spec-"));
  });

  after(async () => {
    for (const endpoint of endpoints) await endpoint.stop();
    rmSync(folder, { recursive: true });
  });

  it("comes out as is known through girder serve", async () => {
    const endpoint = await startGirder(join(folder, "girder.log"));
    endpoints.push(endpoint);
    const report = await runSuite(TESTS, portableSubject("girder", endpoint, 30));
    assert.deepEqual(surprises(report, { known: knownFailures("typescript"), complete: true }), []);
    assert.deepEqual(report.variant, ["LOOPBACK"]);
  });

  it("passes on Prism where that has what it takes", async function () {
    const path = await findPrism();
    if (path === undefined) this.skip();
    const endpoint = await startPrism(join(folder, "prism.log"), path);
    endpoints.push(endpoint);
    const categories: readonly Category[] = [
      "ParDo",
      "SideInputs",
      "GroupByKey",
      "Combine",
      "Flatten",
      "FailureMessage",
    ];
    const tests = TESTS.filter(({ category }) => categories.includes(category));
    const report = await runSuite(tests, portableSubject("prism", endpoint, 30));
    const failed = report.tests.filter(({ outcome }) => outcome !== "passed");
    assert.deepEqual(
      failed.map(({ name, reason }) => `${name}: ${reason}`),
      [],
    );
    assert.deepEqual(
      report.tests.map(({ name }) => name),
      tests.map(nameOf),
    );
  });
});
