/** From a plan to what the engine is told, and what the stages' workers are told. */
import { GirderError } from "../../portability/errors.js";
import type {
  CombineFunction,
  StageDescriptor,
  StageSideInput,
  WindowFunction,
} from "../../portability/execution/stage.js";
import type { TimerFamily } from "../../portability/execution/timer.js";
import type { StateSpec } from "../../portability/execution/user-state.js";
import { windowFnFromProto } from "../../portability/execution/window-fn.js";
import {
  AccumulationMode_Enum,
  ClosingBehavior_Enum,
  type Components,
  IsBounded_Enum,
  MergeStatus_Enum,
  OnTimeBehavior_Enum,
  OutputTime_Enum,
  TimeDomain_Enum,
  type WindowingStrategy,
} from "../../portability/gen/org/apache/beam/model/pipeline/v1/beam_runner_api_pb.js";
import { StandardPTransforms } from "../../portability/urns.js";
import type { EngineGraph, EngineNode, GroupingStrategy } from "../engine/graph.js";
import type { Trigger } from "../engine/trigger.js";
import type { WindowMapping } from "../engine/window-mapping.js";
import type { ExecutableStage, Plan, PlanStage, TestStreamStage } from "../graph/plan.js";
import { retractablePCollections } from "../graph/retractable.js";
import { transformsOf } from "../graph/stages.js";
import { combinePayloadOf, mainInputs, parDoPayloadOf, urnOf } from "../graph/transforms.js";
import type { ScriptedOutput, ScriptedTransform } from "./test-stream.js";
import { triggerFromProto } from "./trigger-from-proto.js";

/** A graph, and for each of its nodes that is a stage, what is to be prepared in which environment. */
export interface Executable {
  readonly graph: EngineGraph;
  readonly stages: ReadonlyMap<number, { readonly environment: string; readonly descriptor: StageDescriptor }>;
  /** Functions that map windows, by the `windowing` of the engine's mappings. */
  readonly mappings: ReadonlyMap<string, WindowFunction>;
  /** Functions that merge windows, by node. */
  readonly mergings: ReadonlyMap<number, WindowFunction>;
  /** Groupings of accumulators, by node. */
  readonly combines: ReadonlyMap<number, CombineFunction>;
  /** Groupings of what may be retracted, by node. */
  readonly retracted: ReadonlySet<number>;
  readonly testStreams: readonly ScriptedTransform[];
  readonly components: Components;
}

export function executableOf({ components: planned, stages }: Plan): Executable {
  const grouped = new Set(stages.flatMap((stage) => (stage.kind === "group-by-key" ? [stage.input] : [])));
  // What flows into a flatten is grouped with what flows out of it.
  for (const stage of [...stages].reverse()) {
    if (stage.kind === "flatten" && grouped.has(stage.output)) for (const input of stage.inputs) grouped.add(input);
  }
  const components = { ...planned, pcollections: codedAlike(planned, stages) };
  const descriptors = new Map<number, { environment: string; descriptor: StageDescriptor }>();
  const mappings = new Map<string, WindowFunction>();
  const mergings = new Map<number, WindowFunction>();
  const testStreams: ScriptedTransform[] = [];
  const combines = new Map<number, CombineFunction>();
  const retracted = new Set<number>();
  const retractable = retractablePCollections(planned, stages.flatMap(transformsOf));
  const nodes: EngineNode[] = [];
  const nodeOf = (stage: Exclude<PlanStage, TestStreamStage>, i: number): EngineNode => {
    switch (stage.kind) {
      case "impulse":
        return { kind: "impulse", id: stage.id, output: stage.output };
      case "flatten":
        return { kind: "flatten", id: stage.id, inputs: stage.inputs, output: stage.output };
      case "group-by-key": {
        const windowing = windowingOf(components, stage.input);
        const strategy = groupingStrategy(windowing);
        if (retractable.has(stage.input)) retracted.add(i);
        const combine = combineAfter(components, stage.output);
        if (combine !== undefined) combines.set(i, combine);
        if (strategy.merging === "custom") mergings.set(i, mergingFunction(components, stage.input));
        return { kind: "group-by-key", id: stage.id, input: stage.input, output: stage.output, strategy };
      }
      case "executable":
        descriptors.set(i, { environment: stage.environment, descriptor: descriptorOf(components, stage, grouped) });
        return {
          kind: "stage",
          id: stage.id,
          inputs: stage.inputs.map(({ pcollection }) => pcollection),
          outputs: stage.outputs,
          sideInputs: stage.sideInputs.map((sideInput) => {
            const mapping = windowMapping(components, sideInput);
            if (mapping.kind === "custom") mappings.set(mapping.windowing, mappingFunction(components, sideInput));
            const { trigger, accumulationMode } = windowingOf(components, sideInput.pcollection);
            const accumulating = accumulationMode === AccumulationMode_Enum.ACCUMULATING;
            const ready = readiness(triggerFromProto(trigger));
            return { pcollection: sideInput.pcollection, mapping, ready, accumulating };
          }),
          timers: timersOf(components, stage).map(({ domain }) => domain),
          timeSorted: stage.transforms.some(
            (id) => parDoPayloadOf(components.transforms[id]!)?.requiresTimeSortedInput,
          ),
          stateful: stage.stateful,
          truncating: stage.truncating,
          allowedLateness: Number(windowingOf(components, stage.inputs[0]!.pcollection).allowedLateness),
        };
      default:
        return unreachable(stage);
    }
  };
  for (const stage of stages) {
    if (stage.kind !== "test-stream") {
      nodes.push(nodeOf(stage, nodes.length));
      continue;
    }
    const transform = components.transforms[stage.transform]!;
    const outputs = new Map<string, ScriptedOutput>();
    Object.keys(transform.outputs).forEach((localName, i) => {
      const pcollection = stage.outputs[i]!;
      outputs.set(localName, { node: nodes.length, pcollection });
      nodes.push({ kind: "scripted", id: stage.id, output: pcollection });
    });
    testStreams.push({ transform, outputs });
  }
  return {
    graph: { nodes, bounded: boundedOf(components) },
    stages: descriptors,
    mappings,
    mergings,
    combines,
    retracted,
    testStreams,
    components,
  };
}

/** The function whose accumulators a grouping groups, if all that is done with its groups is to merge them. */
function combineAfter({ transforms }: Components, grouped: string): CombineFunction | undefined {
  const readers = Object.entries(transforms).filter(([, { inputs, subtransforms }]) => {
    return subtransforms.length === 0 && Object.values(inputs).includes(grouped);
  });
  const [reader, ...others] = readers;
  if (reader === undefined || others.length > 0) return undefined;
  const [transform, proto] = reader;
  if (urnOf(proto) !== StandardPTransforms.CombineComponents.COMBINE_PER_KEY_MERGE_ACCUMULATORS) return undefined;
  return { spec: combinePayloadOf(proto).combineFn!, transform, environment: proto.environmentId };
}

/**
 * The PCollections, those that flatten stages connect with one coder: batches pass through a flatten as they are, so
 * whoever reads them must take elements, and keys where they are grouped, for what their producer took them for.
 *
 * @throws GirderError `unsupported` where two of them are grouped by differently coded keys.
 */
function codedAlike({ pcollections }: Components, stages: Plan["stages"]): Components["pcollections"] {
  const connected = new Map<string, { readonly members: Set<string>; coderId: string; grouped: boolean }>();
  for (const stage of stages) {
    if (stage.kind !== "flatten") continue;
    const { coderId } = pcollections[stage.output]!;
    const group = { members: new Set<string>(), coderId, grouped: false };
    for (const id of [stage.output, ...stage.inputs]) {
      for (const member of connected.get(id)?.members ?? [id]) group.members.add(member);
    }
    for (const id of group.members) connected.set(id, group);
  }
  for (const stage of stages) {
    if (stage.kind !== "group-by-key") continue;
    const group = connected.get(stage.input);
    if (group === undefined) continue;
    const { coderId } = pcollections[stage.input]!;
    if (group.grouped && group.coderId !== coderId) {
      throw new GirderError("unsupported", `What flows into "${stage.input}" is grouped by differently coded keys.`, {
        where: stage.id,
        remedy: "Give all inputs of a Flatten that is grouped, and what comes of it, the same coder.",
      });
    }
    group.coderId = coderId;
    group.grouped = true;
  }
  const alike = { ...pcollections };
  for (const [id, { coderId }] of connected) alike[id] = { ...alike[id]!, coderId };
  return alike;
}

function descriptorOf(components: Components, stage: ExecutableStage, grouped: ReadonlySet<string>): StageDescriptor {
  return {
    id: stage.id,
    components,
    transforms: stage.transforms,
    inputs: stage.inputs,
    outputs: stage.outputs.map((pcollection) => ({ pcollection, keyed: grouped.has(pcollection) })),
    sideInputs: stage.sideInputs,
    states: statesOf(components, stage),
    timers: timersOf(components, stage),
  };
}

function statesOf({ transforms }: Components, stage: ExecutableStage): StateSpec[] {
  return stage.transforms.flatMap((transform) =>
    Object.keys(parDoPayloadOf(transforms[transform]!)?.stateSpecs ?? {}).map((id) => ({ transform, id })),
  );
}

function timersOf({ transforms }: Components, stage: ExecutableStage): TimerFamily[] {
  return stage.transforms.flatMap((transform) => {
    const payload = parDoPayloadOf(transforms[transform]!);
    return Object.entries(payload?.timerFamilySpecs ?? {}).map(
      ([id, { timeDomain }]): TimerFamily => ({
        transform,
        id,
        domain: timeDomain === TimeDomain_Enum.PROCESSING_TIME ? "processing-time" : "event-time",
        onWindowExpiration: payload?.onWindowExpirationTimerFamilySpec === id,
      }),
    );
  });
}

function boundedOf({ pcollections }: Components): ReadonlySet<string> {
  const bounded = Object.entries(pcollections).filter(([, { isBounded }]) => isBounded === IsBounded_Enum.BOUNDED);
  return new Set(bounded.map(([id]) => id));
}

function windowingOf(components: Components, pcollection: string): WindowingStrategy {
  return components.windowingStrategies[components.pcollections[pcollection]!.windowingStrategyId]!;
}

function groupingStrategy(windowing: WindowingStrategy): GroupingStrategy {
  return {
    merging: merging(windowing),
    allowedLateness: Number(windowing.allowedLateness),
    accumulating:
      windowing.accumulationMode === AccumulationMode_Enum.ACCUMULATING ||
      windowing.accumulationMode === AccumulationMode_Enum.RETRACTING,
    retracting: windowing.accumulationMode === AccumulationMode_Enum.RETRACTING,
    trigger: triggerFromProto(windowing.trigger),
    outputTime: outputTime(windowing.outputTime),
    onTimePaneAlways: windowing.onTimeBehavior === OnTimeBehavior_Enum.FIRE_ALWAYS,
    closingPaneAlways: windowing.closingBehavior === ClosingBehavior_Enum.EMIT_ALWAYS,
  };
}

/** What a grouping has merged is not merged again. */
function merging({ windowFn, mergeStatus }: WindowingStrategy): GroupingStrategy["merging"] {
  if (mergeStatus === MergeStatus_Enum.ALREADY_MERGED) return "no";
  const standard = windowFnFromProto(windowFn!);
  if (standard !== undefined) return standard.kind === "sessions" ? "overlapping" : "no";
  return mergeStatus === MergeStatus_Enum.NEEDS_MERGE ? "custom" : "no";
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

/** When a side input whose panes come of such a trigger can be looked up. */
function readiness(trigger: Trigger): "complete" | "on-time-pane" | "first-pane" {
  if (trigger.kind === "default") return "complete";
  return firesAtEnd(trigger) ? "on-time-pane" : "first-pane";
}

function firesAtEnd(trigger: Trigger): boolean {
  switch (trigger.kind) {
    case "default":
    case "end-of-window":
      return true;
    case "repeat":
      return firesAtEnd(trigger.part);
    case "or-finally":
      return firesAtEnd(trigger.main) || firesAtEnd(trigger.until);
    case "all":
    case "any":
    case "each":
      return trigger.parts.some(firesAtEnd);
    default:
      return false;
  }
}

/** What is called to merge windows of a PCollection. */
function mergingFunction(components: Components, pcollection: string): WindowFunction {
  const { windowingStrategyId } = components.pcollections[pcollection]!;
  const { windowFn, environmentId } = components.windowingStrategies[windowingStrategyId]!;
  const [from, to] = [windowingStrategyId, windowingStrategyId];
  return { components, spec: windowFn!, environment: environmentId, from, to };
}

/** What is called to map windows of a transform's main input to those of its side input. */
function mappingFunction(
  components: Components,
  { transform: id, localName, pcollection }: StageSideInput,
): WindowFunction {
  const transform = components.transforms[id]!;
  const spec = parDoPayloadOf(transform)!.sideInputs[localName]!.windowMappingFn!;
  const [main] = mainInputs(transform)[0]!.slice(1) as [string];
  const from = components.pcollections[main]!.windowingStrategyId;
  const to = components.pcollections[pcollection]!.windowingStrategyId;
  return { components, spec, environment: transform.environmentId, from, to };
}

function windowMapping(components: Components, { transform, localName, pcollection }: StageSideInput): WindowMapping {
  const fn = windowFnFromProto(windowingOf(components, pcollection).windowFn!);
  switch (fn?.kind) {
    case undefined:
      return { kind: "custom", windowing: `${localName} of ${transform}` };
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
