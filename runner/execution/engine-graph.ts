/** From a plan to what the engine is told, and what the stages' workers are told. */
import type { StageDescriptor } from "../../portability/execution/stage.js";
import { windowFnFromProto } from "../../portability/execution/window-fn.js";
import {
  AccumulationMode_Enum,
  ClosingBehavior_Enum,
  type Components,
  OutputTime_Enum,
  type WindowingStrategy,
} from "../../portability/gen/org/apache/beam/model/pipeline/v1/beam_runner_api_pb.js";
import type { EngineGraph, EngineNode, GroupingStrategy } from "../engine/graph.js";
import type { WindowMapping } from "../engine/window-mapping.js";
import type { ExecutableStage, Plan } from "../graph/plan.js";

/** A graph, and for each of its nodes that is a stage, what is to be prepared in which environment. */
export interface Executable {
  readonly graph: EngineGraph;
  readonly stages: ReadonlyMap<number, { readonly environment: string; readonly descriptor: StageDescriptor }>;
}

export function executableOf({ components, stages }: Plan): Executable {
  const grouped = new Map(
    stages.flatMap((stage) => (stage.kind === "group-by-key" ? [[stage.input, stage.input] as const] : [])),
  );
  // What flows into a flatten is grouped with what flows out of it.
  for (const stage of [...stages].reverse()) {
    const as = stage.kind === "flatten" ? grouped.get(stage.output) : undefined;
    if (stage.kind === "flatten" && as !== undefined) for (const input of stage.inputs) grouped.set(input, as);
  }
  const descriptors = new Map<number, { environment: string; descriptor: StageDescriptor }>();
  const nodes = stages.map((stage, i): EngineNode => {
    switch (stage.kind) {
      case "impulse":
        return { kind: "impulse", id: stage.id, output: stage.output };
      case "flatten":
        return { kind: "flatten", id: stage.id, inputs: stage.inputs, output: stage.output };
      case "group-by-key": {
        const strategy = groupingStrategy(windowingOf(components, stage.input));
        return { kind: "group-by-key", id: stage.id, input: stage.input, output: stage.output, strategy };
      }
      case "executable":
        descriptors.set(i, { environment: stage.environment, descriptor: descriptorOf(components, stage, grouped) });
        return {
          kind: "stage",
          id: stage.id,
          inputs: stage.inputs.map(({ pcollection }) => pcollection),
          outputs: stage.outputs,
          sideInputs: stage.sideInputs.map(({ pcollection }) => ({
            pcollection,
            mapping: windowMapping(windowingOf(components, pcollection)),
          })),
        };
      default:
        return unreachable(stage);
    }
  });
  return { graph: { nodes }, stages: descriptors };
}

function descriptorOf(
  components: Components,
  stage: ExecutableStage,
  grouped: ReadonlyMap<string, string>,
): StageDescriptor {
  return {
    id: stage.id,
    components,
    transforms: stage.transforms,
    inputs: stage.inputs,
    outputs: stage.outputs.map((pcollection) => {
      const groupedAs = grouped.get(pcollection);
      return groupedAs === undefined ? { pcollection } : { pcollection, groupedAs };
    }),
    sideInputs: stage.sideInputs,
  };
}

function windowingOf(components: Components, pcollection: string): WindowingStrategy {
  return components.windowingStrategies[components.pcollections[pcollection]!.windowingStrategyId]!;
}

function groupingStrategy(windowing: WindowingStrategy): GroupingStrategy {
  return {
    merging: windowFnFromProto(windowing.windowFn!)?.kind === "sessions",
    allowedLateness: Number(windowing.allowedLateness),
    accumulating: windowing.accumulationMode === AccumulationMode_Enum.ACCUMULATING,
    outputTime: outputTime(windowing.outputTime),
    closingPaneAlways: windowing.closingBehavior === ClosingBehavior_Enum.EMIT_ALWAYS,
  };
}

function outputTime(proto: OutputTime_Enum): GroupingStrategy["outputTime"] {
  switch (proto) {
    case OutputTime_Enum.EARLIEST_IN_PANE:
      return "EARLIEST_IN_PANE";
    case OutputTime_Enum.LATEST_IN_PANE:
      return "LATEST_IN_PANE";
    default:
      return "END_OF_WINDOW";
  }
}

function windowMapping(windowing: WindowingStrategy): WindowMapping {
  const fn = windowFnFromProto(windowing.windowFn!);
  switch (fn?.kind) {
    case "fixed":
      return { kind: "sliding", size: fn.size, period: fn.size, offset: fn.offset };
    case "sliding":
      return { ...fn, kind: "sliding" };
    default:
      return { kind: "global" };
  }
}

function unreachable(value: never): never {
  throw new Error(`unexpected ${JSON.stringify(value)}`);
}
