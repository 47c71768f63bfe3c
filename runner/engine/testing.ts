/** For specs: an engine whose bundles the test answers by hand. */
import assert from "node:assert/strict";
import { Batch } from "../../portability/execution/batch.js";
import { NO_FIRING } from "../../portability/execution/pane.js";
import type { BundleResult, Residual } from "../../portability/execution/stage.js";
import { MIN_TIMESTAMP } from "../../portability/execution/time.js";
import type { InternedWindow } from "../../portability/execution/window.js";
import { WindowTable } from "../../portability/execution/window-table.js";
import { MetricsContainer } from "../../portability/metrics/index.js";
import { Engine } from "./engine.js";
import type { EngineCommand, EngineEvent, EngineOptions } from "./events.js";
import type { EngineGraph, GroupingStrategy, ImpulseNode, StageNode } from "./graph.js";

export const OPTIONS: EngineOptions = {
  maxBundleElements: 1000,
  maxBundleBytes: 1e9,
  maxOpenBundles: 4,
  memoryBudget: 1e9,
};

/** The default trigger in windows that do not merge. */
export const STRATEGY: GroupingStrategy = {
  merging: "no",
  trigger: { kind: "default" },
  onTimePaneAlways: false,
  allowedLateness: 0,
  accumulating: false,
  outputTime: "END_OF_WINDOW",
  closingPaneAlways: false,
};

/** A source to begin with, whose output is `i`. */
export const SOURCE: ImpulseNode = { kind: "impulse", id: "impulse", output: "i" };

/** A stage by its id, inputs and outputs; side inputs are in the global window. */
export const stage = (
  id: string,
  inputs: string[],
  outputs: string[],
  side: string[] = [],
  more: Partial<StageNode> = {},
): StageNode => ({
  kind: "stage",
  id,
  inputs,
  outputs,
  sideInputs: side.map((pcollection) => ({ pcollection, mapping: { kind: "global" } })),
  timers: [],
  allowedLateness: 0,
  ...more,
});

/** What a bundle may do beside its outputs. */
export type Done = Partial<Pick<BundleResult, "residuals" | "timers" | "state">>;

/** An engine whose bundles the test answers by hand. */
export class Harness {
  readonly windows = new WindowTable();
  engine: Engine;
  /** Whether the engine is replaced by a copy of itself after each event. */
  copies = false;
  now = 0;

  constructor(
    readonly graph: EngineGraph,
    readonly options: EngineOptions = OPTIONS,
  ) {
    this.engine = new Engine(graph, this.windows, options);
  }

  step(event: EngineEvent): EngineCommand[] {
    const commands = this.engine.step(event);
    if (this.copies) this.engine = new Engine(this.graph, this.windows, this.options, this.engine.snapshot());
    return commands;
  }

  batch(values: readonly unknown[], keys?: readonly string[], bytes = values.length): Batch {
    const window = { all: this.windows.global };
    return new Batch(values, keys, { all: MIN_TIMESTAMP }, window, { all: NO_FIRING }, bytes);
  }

  /** One element; its window is the one of ten that holds its timestamp, unless another is given. */
  element(value: unknown, timestamp: number, key?: string, window?: InternedWindow): Batch {
    const start = Math.floor(timestamp / 10) * 10;
    const all = window ?? this.windows.interval(start, start + 10);
    return new Batch(
      [value],
      key === undefined ? undefined : [key],
      { all: timestamp },
      { all },
      { all: NO_FIRING },
      1,
    );
  }

  start(): EngineCommand[] {
    return this.step({ type: "start", impulse: this.batch([""]) });
  }

  /** Finishes a bundle with these outputs, commits it, and returns what is to be done then. */
  finish(
    bundle: number,
    outputs: readonly Batch[] = [],
    residuals: readonly Residual[] = [],
    done: Done = {},
  ): EngineCommand[] {
    const result: BundleResult = {
      outputs: outputs.map((batch) => ({ output: 0, batch })),
      residuals,
      metrics: new MetricsContainer(),
      ...done,
    };
    const [commit] = this.step({ type: "finished", bundle, result });
    assert.equal(commit?.type, "commit");
    return this.step({ type: "committed", bundle, now: this.now });
  }

  tick(now: number): EngineCommand[] {
    this.now = now;
    return this.step({ type: "tick", now });
  }
}

/** The commands as short texts: `run 1: source [""]`, with the instants of timers as `@5`. */
export function texts(graph: EngineGraph, commands: readonly EngineCommand[]): string[] {
  return commands.map((command) => {
    if (command.type === "split") return `split ${command.bundle}: ${graph.nodes[command.node]!.id}`;
    if (command.type !== "run") return command.type;
    const values = command.work.flatMap(({ batch }) => [...batch.columns.refs].map((ref) => JSON.stringify(ref)));
    const timers = command.timers.map(({ fire }) => `@${fire}`);
    return `run ${command.bundle}: ${graph.nodes[command.node]!.id} ${[...values, ...timers].join(" ")}`;
  });
}

export type Run = Extract<EngineCommand, { type: "run" }>;

/** The bundle that is to be run, which is all that is to be done. */
export function onlyRun(commands: readonly EngineCommand[]): Run {
  const [run] = commands;
  assert.ok(run?.type === "run" && commands.length === 1, commands.map(({ type }) => type).join());
  return run;
}
