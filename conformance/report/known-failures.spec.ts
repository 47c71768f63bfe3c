import assert from "node:assert/strict";
import { foreignSurprises, type KnownFailure, surprises, UNEXPLAINED, updated } from "./known-failures.js";
import { type ForeignSubject, knownFailures } from "./known-failures-file.js";
import { countOf, type Outcome, type Report } from "./report.js";

function report(outcomes: Readonly<Record<string, Outcome>>, variant: readonly string[] = ["LOOPBACK"]): Report {
  const tests = Object.entries(outcomes).map(([name, outcome]) => ({
    name,
    outcome,
    seconds: 1,
    reason: outcome === "failed" ? `${name} broke\nmore of it` : "",
  }));
  return { suite: "python", subject: "girder", versions: {}, variant, ...countOf(tests), tests };
}

describe("known failures", () => {
  const known: readonly KnownFailure[] = [
    { reason: "not yet", tests: ["a"] },
    { reason: "looks into the client's process", tests: ["b"], when: ["PROCESS"] },
  ];

  it("are a surprise where they pass, and other failures are one", () => {
    const names = (of: Report): string[] => surprises(of, { known, complete: false }).map(({ name }) => name);
    assert.deepEqual(names(report({ a: "failed", b: "passed", c: "skipped" })), []);
    assert.deepEqual(names(report({ a: "passed", b: "failed" })), ["a", "b"]);
    assert.deepEqual(names(report({ a: "failed", b: "failed" }, ["PROCESS"])), []);
    assert.deepEqual(names(report({ a: "skipped", b: "passed" }, ["PROCESS"])), ["b"]);
  });

  it("that come by chance are none where they pass, and stay listed", () => {
    const chance: readonly KnownFailure[] = [{ reason: "a race", tests: ["a"], sometimes: true }];
    for (const outcome of ["passed", "failed"] as const) {
      assert.deepEqual(surprises(report({ a: outcome }), { known: chance, complete: true }), []);
      assert.deepEqual(updated(report({ a: outcome }), chance, ["LOOPBACK"]), chance);
    }
  });

  it("are a surprise where a whole run has no such test", () => {
    const [missing] = surprises(report({ b: "passed" }), { known, complete: true });
    assert.deepEqual(missing, { name: "a", what: "is listed as a known failure, and there is no such test" });
  });

  it("are brought up to date by a run", () => {
    const list = updated(report({ a: "passed", c: "failed", d: "failed" }), known, ["LOOPBACK"]);
    assert.deepEqual(list, [
      known[1],
      { reason: `${UNEXPLAINED}: c broke`, tests: ["c"] },
      { reason: `${UNEXPLAINED}: d broke`, tests: ["d"] },
    ]);
    assert.deepEqual(surprises(report({ a: "passed", c: "failed", d: "failed" }), { known: list, complete: true }), []);
  });

  it("of an unusual run are bound to what is unusual", () => {
    const list = updated(report({ a: "failed", b: "passed", c: "failed" }, ["PROCESS"]), known, ["LOOPBACK"]);
    assert.deepEqual(list, [known[0], { reason: `${UNEXPLAINED}: c broke`, tests: ["c"], when: ["PROCESS"] }]);
  });

  it("of another's runner are what it refuses, too, and may come and go", () => {
    const foreign: readonly KnownFailure[] = [
      { reason: "has none", says: "unsupported", tests: ["a"] },
      { reason: "in time or not", tests: ["b"], sometimes: true },
    ];
    const names = (of: Report): string[] =>
      foreignSurprises(of, { known: foreign, complete: true }).map(({ name }) => name);
    assert.deepEqual(names(report({ a: "skipped", b: "passed", c: "passed" })), []);
    assert.deepEqual(names(report({ a: "failed", b: "failed", c: "passed" })), []);
    assert.deepEqual(names(report({ a: "passed", b: "failed", c: "skipped" })), ["a", "c"]);
    const list = updated(
      report({ a: "skipped", b: "passed", c: "skipped" }),
      foreign,
      ["LOOPBACK"],
      ["failed", "skipped"],
    );
    assert.deepEqual(list, [...foreign, { reason: `${UNEXPLAINED}: `, tests: ["c"] }]);
  });

  const lists: readonly (readonly [string, ForeignSubject?])[] = [
    ...["typescript", "python", "go", "java"].map((suite) => [suite] as const),
    ...(["prism", "python", "flink"] as const).map((subject) => ["typescript", subject] as const),
  ];
  for (const [suite, subject] of lists) {
    it(`of the ${suite} suite${subject === undefined ? "" : ` on ${subject}`} are listed once, each with its reason`, () => {
      const list = knownFailures(suite, subject);
      for (const { reason, tests } of list) {
        assert.ok(reason.length > 10 && !reason.startsWith(UNEXPLAINED), reason);
        assert.ok(tests.length > 0, reason);
      }
      const names = list.flatMap(({ tests, when }) => tests.map((name) => [name, when ?? []].join()));
      assert.equal(new Set(names).size, names.length);
    });
  }
});
