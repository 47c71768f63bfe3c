import assert from "node:assert/strict";
import { countOf, type TestResult } from "./report.js";
import { reportText } from "./report-text.js";

const TESTS: readonly TestResult[] = [
  { name: "one", outcome: "passed", seconds: 1, reason: "", categories: ["State", "Metrics"] },
  { name: "two", outcome: "failed", seconds: 1, reason: "first\nsecond", categories: ["State"] },
  { name: "Own: three", outcome: "skipped", seconds: 0, reason: "not here" },
];

describe("the text of a report", () => {
  const head = { suite: "java", subject: "girder", versions: {} };

  it("counts a test under each of its categories, and once in all", () => {
    assert.deepEqual(reportText({ ...head, ...countOf(TESTS), tests: TESTS }).split("\n"), [
      "category  passed  failed skipped",
      "State          1       1       0",
      "Metrics        1       0       0",
      "Own            0       0       1",
      "all            1       1       1",
      "",
      "two",
      "  first",
      "  second",
    ]);
  });

  it("shows the beginning of a long reason", () => {
    const reason = Array.from({ length: 50 }, (_, i) => `line ${i}`).join("\n");
    const tests = [{ ...TESTS[1]!, reason }];
    const text = reportText({ ...head, ...countOf(tests), tests });
    assert.ok(text.endsWith("\n  line 10\n  …"), text);
  });
});
