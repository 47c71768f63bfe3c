/** What the engine knows, and nothing of what it does with it. */
import type { BundleResult } from "../../portability/execution/stage.js";
import { type Instant, MAX_TIMESTAMP, MIN_TIMESTAMP } from "../../portability/execution/time.js";
import type { Timer } from "../../portability/execution/timer.js";
import type { WindowTable } from "../../portability/execution/window-table.js";
import type { Work } from "./events.js";
import type { EngineGraph } from "./graph.js";
import { Grouping } from "./grouping.js";
import type { Readers } from "./readers.js";
import { Script } from "./script.js";
import { SideInputStore } from "./side-input-store.js";
import { StageState } from "./stage-state.js";
import { WindowMapper } from "./window-mapping.js";

/** A bundle that has been given out, and not yet committed. */
export interface OpenBundle {
  readonly node: number;
  /** What it does: less than it was given, once it has shared. */
  work: Work;
  readonly timers: readonly Timer[];
  readonly attempt: number;
  /** Whether it takes long. */
  slow: boolean;
  /** Whether it takes long, and waits for something meanwhile. */
  waits: boolean;
  /** Whether it was begun before the job was to be drained: what it leaves over is to be truncated. */
  readonly undrained: boolean;
  /** Whether it has been asked to share its work, and has not yet. */
  sharing: boolean;
  result: BundleResult | undefined;
}

/** All that the engine knows, as plain data around opaque batches. */
export interface EngineState {
  started: boolean;
  draining: boolean;
  done: boolean;
  now: Instant;
  nextBundle: number;
  watermarks: Instant[];
  stages: (StageState | undefined)[];
  groupings: (Grouping | undefined)[];
  /** Groupings whose window function has been asked something. */
  asked: Set<number>;
  /** The processing time that was asked for last, for triggers. */
  wake: Instant;
  script: Script;
  sideInputs: Map<string, SideInputStore>;
  mapper: WindowMapper;
  bundles: Map<number, OpenBundle>;
}

/** What is known before anything has happened. */
export function initialState(
  graph: EngineGraph,
  readers: ReadonlyMap<string, Readers>,
  windows: WindowTable,
): EngineState {
  const { nodes } = graph;
  const sideInputs = [...readers].filter(([, readers]) => readers.sideInputs.length > 0);
  return {
    started: false,
    draining: false,
    done: false,
    now: 0,
    nextBundle: 1,
    watermarks: nodes.map(() => MIN_TIMESTAMP),
    stages: nodes.map((node) => (node.kind === "stage" ? new StageState(node) : undefined)),
    groupings: nodes.map((node) =>
      node.kind === "group-by-key" ? new Grouping(node.strategy, windows, node.valueIdentity) : undefined,
    ),
    asked: new Set(),
    wake: MAX_TIMESTAMP,
    script: new Script(graph.testStreams ?? []),
    mapper: new WindowMapper(windows),
    sideInputs: new Map(
      sideInputs.map(([pcollection]) => [pcollection, new SideInputStore(panesOf(graph, pcollection))]),
    ),
    bundles: new Map(),
  };
}

/** A copy that nothing that happens to the other changes. */
export function copyState(state: EngineState): EngineState {
  return {
    ...state,
    watermarks: state.watermarks.slice(),
    stages: state.stages.map((stage) => stage?.copy()),
    groupings: state.groupings.map((grouping) => grouping?.copy()),
    asked: new Set(state.asked),
    mapper: state.mapper.copy(),
    script: state.script.copy(),
    sideInputs: new Map([...state.sideInputs].map(([pcollection, store]) => [pcollection, store.copy()])),
    bundles: new Map([...state.bundles].map(([id, bundle]) => [id, { ...bundle }])),
  };
}

/** What becomes of panes of a side input, if it is looked up before its windows are complete. */
function panesOf({ nodes }: EngineGraph, pcollection: string): "replaced" | "added" | undefined {
  for (const node of nodes) {
    if (node.kind !== "stage") continue;
    const found = node.sideInputs.find((it) => it.pcollection === pcollection);
    if (found?.ready !== undefined && found.ready !== "complete") return found.accumulating ? "replaced" : "added";
  }
  return undefined;
}
