import assert from "node:assert/strict";
import { create } from "girder";
import { passert, type TestPipelineOptions } from "girder/testing";
import { surprises } from "../report/known-failures.js";
import { knownFailures } from "../report/known-failures-file.js";
import { reportText } from "../report/report-text.js";
import type { ConformanceTest } from "./conformance-test.js";
import { embeddedSubject } from "./embedded-subject.js";
import { TESTS } from "./index.js";
import { nameOf, runSuite } from "./run-suite.js";

const DISTURBED: TestPipelineOptions = { failBundles: 0.1, splitBundles: 0.2, restoreAlways: true, seed: 11 };

/** A test that passes, with changes. */
function test(changes: Partial<ConformanceTest>): ConformanceTest {
  return {
    category: "Create",
    name: "ones",
    rule: "",
    build(root) {
      passert(root.apply(create([1]))).isSingleton(1);
    },
    ...changes,
  };
}

describe("the conformance suite", () => {
  for (const [how, options] of [
    ["as it is", {}],
    ["under failures and early ends", DISTURBED],
    ["in bundles of two elements, with little memory", { maxBundleElements: 2, memoryBudget: 2_000 }],
  ] as const) {
    it(`comes out as is known on the embedded runner, ${how}`, async () => {
      const report = await runSuite(TESTS, embeddedSubject(options));
      assert.deepEqual(surprises(report, { known: knownFailures("typescript"), complete: true }), []);
    }).timeout(120_000);
  }

  it("has names of its own for 200 tests or more, each with a rule", () => {
    assert.equal(new Set(TESTS.map(nameOf)).size, TESTS.length);
    assert.ok(TESTS.length >= 200, `${TESTS.length} tests`);
    for (const each of TESTS) assert.ok(each.rule.endsWith("."), nameOf(each));
  });

  it("fails a test for each thing that can be wrong", async () => {
    const wrong: readonly [Partial<ConformanceTest>, RegExp][] = [
      [{ build: (root) => passert(root.apply(create([1]))).isEmpty() }, /is not empty/],
      [{ failure: { code: "io", message: /./ } }, /had to fail with io, and did not/],
      [
        {
          failure: { code: "io", message: /./ },
          build: (root) => root.apply("A", create([1])) && root.apply("A", create([1])),
        },
        /failed otherwise: \[duplicate-name\]/,
      ],
      [{ metrics: [{ step: "A", name: "b", kind: "counter", result: 1 }] }, /no counter "b" of step "A"/],
    ];
    const report = await runSuite(
      wrong.map(([changes], i) => test({ ...changes, name: `${i}` })),
      embeddedSubject(),
    );
    assert.deepEqual([report.passed, report.failed], [0, wrong.length]);
    for (const [i, [, reason]] of wrong.entries()) assert.match(report.tests[i]!.reason, reason);
    assert.match(reportText(report), /^Create +0 +4 +0$/m);
  });
});
