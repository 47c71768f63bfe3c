import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { countOf, type Report, type TestResult } from "./report.js";
import { readResults, resultText } from "./results.js";
import { scoreboard } from "./scoreboard.js";
import { SUITE_ROWS } from "./suite-rows.js";
import { SCOREBOARD } from "./write-scoreboard.js";

function report(suite: string, subject: string, variant: readonly string[], tests: readonly TestResult[]): Report {
  const versions = { prism: "2.77.0", go: "1.26" };
  return { suite, subject, versions, variant, date: "2026-11-23", restarts: 2, ...countOf(tests), tests };
}

const test = (name: string, outcome: TestResult["outcome"], categories: readonly string[]): TestResult => ({
  name,
  outcome,
  seconds: 1,
  reason: outcome === "failed" ? `${"x".repeat(300)}\nmore` : "",
  categories,
});

describe("the scoreboard", () => {
  const go = report(
    "go",
    "prism",
    ["LOOPBACK"],
    [test("A", "passed", ["Primitives"]), test("B", "failed", ["Primitives"]), test("C", "skipped", ["Timers"])],
  );

  it("has a column for each subject, and says of which versions and day", () => {
    const page = scoreboard([go]);
    assert.match(page, /^\| suite \| Girder \| Prism \| Python job service \| Flink \|$/m);
    assert.match(page, /^\| Go: primitives \| – \| 1 \/ 1 \/ 0 \| – \| – \|$/m);
    assert.match(page, /^\| Go: primitives with TestStream.* \| – \| 0 \/ 0 \/ 1 \| – \| – \|$/m);
    assert.match(page, /^\| go LOOPBACK \| prism \| prism 2\.77\.0, go 1\.26 \| 2026-11-23 \| 2× \|$/m);
  });

  it("counts Java's tests by category, under each that they have", () => {
    const tests = [test("A", "passed", ["UsesSetState", "UsesTestStream"]), test("B", "failed", ["UsesSetState"])];
    const page = scoreboard([report("java", "girder", ["LOOPBACK"], tests)]);
    assert.match(page, /^\| UsesSetState \| 1 \/ 1 \/ 0 \|$/m);
    assert.match(page, /^\| UsesTestStream \| 1 \/ 0 \/ 0 \|$/m);
    assert.match(page, /^\| Java: `ValidatesRunner` \| 0 \/ 1 \/ 0 \|/m);
    assert.match(page, /^\| Java: `ValidatesRunner` with event time.* \| 1 \/ 0 \/ 0 \|/m);
  });

  it("keeps reports with a line for each test and the beginning of its reason", () => {
    const text = resultText(go);
    const kept = JSON.parse(text) as Report;
    assert.deepEqual({ ...kept, tests: [] }, { ...go, tests: [] });
    assert.deepEqual(kept.tests[0], go.tests[0]);
    assert.equal(kept.tests[1]!.reason, `${"x".repeat(159)}…`);
    assert.equal(text.split("\n").filter((line) => line.includes('"outcome"')).length, 3);
  });

  it("keeps of a place in a program nothing of the machine", () => {
    const reason = `no (at Map, applied at ${import.meta.url}:1:2)`;
    const text = resultText(report("go", "prism", [], [{ ...test("a", "failed", []), reason }]));
    assert.match(text, /applied at dist\/conformance\/report\/scoreboard.spec.js:1:2/);
  });

  it("is that of the results that are kept", () => {
    assert.equal(readFileSync(SCOREBOARD, "utf8"), scoreboard(readResults()));
  });

  it("has a row, and only one, for each test of the results that are kept", () => {
    for (const { suite, variant = [], tests } of readResults()) {
      const rows = SUITE_ROWS.filter((row) => row.suite === suite && row.variant.join() === variant.join());
      for (const each of tests) {
        const counted = rows.filter((row) => row.of(each)).length;
        // What Beam's own suite does not have runs in every variant, and is counted in the usual one.
        const isBeside = /^(Lifted|Drain|Straggler)Cases::/.test(each.name) && variant.join() !== "LOOPBACK";
        assert.equal(counted, isBeside ? 0 : 1, `${suite} ${variant} ${each.name}`);
      }
    }
  });
});
