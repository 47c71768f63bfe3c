import assert from "node:assert/strict";
import { evaluate } from "./oracle.js";
import { runSeeds } from "./run-seeds.js";
import { simulate, simulateBatch, simulationOf } from "./simulate.js";

describe("the simulation", () => {
  it("finds that random programs compute what the oracle has, however they are disturbed", async () => {
    let spilled = 0;
    for (let seed = 0; seed < 60; seed++) {
      const { failures, spilledBytes } = await simulate(simulationOf(seed));
      assert.deepEqual(failures, [], `replay: npm run simulate -- --seed ${seed}`);
      if (spilledBytes > 0) spilled++;
    }
    assert.ok(spilled > 5, `only ${spilled} of 60 programs wrote elements to disk`);
  }).timeout(120_000);

  it("does not find again what it has found: triggers asked because of another key's time, holds that outlast their pane", async () => {
    for (const seed of [368, 2123, 3033]) assert.deepEqual((await simulate(simulationOf(seed))).failures, []);
  });

  it("makes the same program of the same seed, and programs of every kind of step", () => {
    assert.deepEqual(simulationOf(7), simulationOf(7));
    const simulations = Array.from({ length: 500 }, (_, seed) => simulationOf(seed));
    const steps = simulations.flatMap((it) => (it.kind === "batch" ? it.program : []));
    assert.equal(new Set(steps.map(({ op }) => op)).size, 20);
    const streams = simulations.flatMap((it) => (it.kind === "stream" ? [it.program] : []));
    assert.equal(new Set(streams.map(({ trigger }) => trigger.kind)).size, 11);
    assert.equal(new Set(streams.map(({ op }) => (typeof op === "string" ? op : "state"))).size, 3);
  });

  it("sees a lost, a doubled, a changed and a moved element", async () => {
    const elements = [5, 1, 4].map((value) => ({ value, timestamp: value }));
    const rest = [
      { op: "window", input: 0, windowFn: { kind: "fixed", size: 3, offset: 0 }, shift: 0 },
      { op: "groupByKey", input: 1, keys: 2 },
    ] as const;
    const { disturbances } = simulationOf(0);
    const program = [{ op: "source", elements }, ...rest] as const;
    assert.deepEqual((await simulateBatch(program, disturbances)).failures, []);
    const [first, ...others] = elements;
    const mutants = [
      others,
      [first!, ...elements],
      [{ ...first!, value: 7 }, ...others],
      [{ ...first!, timestamp: 6 }, ...others],
    ];
    for (const mutant of mutants) {
      const oracle = () => evaluate([{ op: "source", elements: mutant }, ...rest]);
      const { failures } = await simulateBatch(program, disturbances, oracle);
      assert.equal(failures.length, 1);
    }
  });

  it("goes on where a simulation takes too long", async () => {
    const seeds: string[] = [];
    for await (const { seed, failures } of runSeeds({ from: 3, to: 6 }, 1)) seeds.push(`${seed} ${failures}`);
    assert.deepEqual(
      seeds,
      [3, 4, 5].map((seed) => `${seed} it did not end within 1 ms`),
    );
    const failures: (readonly string[])[] = [];
    for await (const outcome of runSeeds({ from: 3, to: 6 }, 30_000)) failures.push(outcome.failures);
    assert.deepEqual(failures, [[], [], []]);
  }).timeout(120_000);

  describe("oracle", () => {
    const source = (...timestamps: number[]) =>
      ({ op: "source", elements: timestamps.map((timestamp) => ({ value: timestamp, timestamp })) }) as const;
    const windowsOf = (...args: Parameters<typeof evaluate>): string[] =>
      evaluate(...args)
        .at(-1)!
        .map(({ value, timestamp, window }) => `${value} at ${timestamp} in ${String(window)}`);

    it("puts elements into every window that holds them", () => {
      const windowFn = { kind: "sliding", size: 10, period: 4, offset: 1 } as const;
      assert.deepEqual(windowsOf([source(9), { op: "window", input: 0, windowFn, shift: 0 }]), [
        "9 at 9 in [1, 11)",
        "9 at 9 in [5, 15)",
        "9 at 9 in [9, 19)",
      ]);
    });

    it("merges sessions that overlap, not those that touch", () => {
      const windowFn = { kind: "sessions", gap: 5 } as const;
      const sessions = windowsOf([
        source(10, 3, 0, 8),
        { op: "window", input: 0, windowFn, shift: 0 },
        { op: "groupByKey", input: 1, keys: 1 },
      ]);
      assert.deepEqual(
        sessions.map((text) => text.replace(/^\d+ /, "")),
        ["at 7 in [0, 8)", "at 14 in [8, 15)"],
      );
    });
  });
});
