/** From the transforms of a stage to steps and how they are connected. */

import { fromBinary } from "@bufbuild/protobuf";
import type { KV } from "../../portability/coders/index.js";
import { KVCoder } from "../../portability/coders/index.js";
import { GirderError } from "../../portability/errors.js";
import {
  combineFnsOf,
  PACKED_COMBINE_FN_URN,
  positionOf,
  UNPACK_URN,
} from "../../portability/execution/packed-combine.js";
import type { StageOutput } from "../../portability/execution/stage.js";
import { windowFnFromProto } from "../../portability/execution/window-fn.js";
import {
  type FunctionSpec,
  type PTransform,
  WindowIntoPayloadSchema,
} from "../../portability/gen/org/apache/beam/model/pipeline/v1/beam_runner_api_pb.js";
import { StandardPTransforms } from "../../portability/urns.js";
import type { CombineFn } from "../combiners/combine-fn.js";
import { tuple } from "../combiners/compose.js";
import type { ElementFunction, RoutedOutputs } from "../pipeline/do-fn.js";
import { COMBINE_FN_URN, type FunctionTable } from "../pipeline/functions.js";
import { WINDOW_FN_URN } from "../windowing/custom-window-fn.js";
import { ChangelogOperator, type ChangeOf } from "./changelog-operator.js";
import {
  combineGroupedValues,
  convertToAccumulators,
  extractOutputs,
  mergeAccumulators,
  PrecombineOperator,
} from "./combine-operators.js";
import { bindContext, type ContextBinding } from "./context-binding.js";
import type { Cursor } from "./cursor.js";
import { AssignCustomWindows, CustomWindows } from "./custom-windows.js";
import { DoFnOperator, EachWindowOperator, FunctionOperator, RouteOperator } from "./do-fn-operators.js";
import { talliesOf } from "./element-counts.js";
import { FetchingOperator } from "./fetching-operator.js";
import type { InlineStep, Operator, OperatorStep, StageProgram, Step } from "./operator.js";
import { SideInputView } from "./side-input-views.js";
import type { SinkOperator } from "./sink-operator.js";
import {
  PairWithRestrictionOperator,
  ProcessSizedOperator,
  splitAndSize,
  truncateSized,
} from "./splittable-operators.js";
import type { StageComponents } from "./stage-components.js";
import { bindKeyed } from "./state/bind-keyed.js";
import { KeyedOperator } from "./state/keyed-operator.js";
import { windowAssigner } from "./window-assigner.js";
import { answerMapWindows, answerMergeWindows } from "./window-requests.js";

const { Primitives, Composites, CombineComponents, SplittableParDoComponents } = StandardPTransforms;

/** What whoever drives a stage decides about its program. */
export interface ProgramOptions<S extends SinkOperator> {
  /** Makes the sink of a PCollection that leaves the stage. */
  readonly newSink: (output: StageOutput, components: StageComponents) => S;
  /** Whether side inputs may have to be fetched (`SideInputContents.load`). Default: they are at hand. */
  readonly fetchesSideInputs?: boolean;
  /** Whether the elements of each PCollection are counted. Default: they are not. */
  readonly countsElements?: boolean;
}

/** The program of a stage, and the sinks of its outputs by index. */
export interface BuiltProgram<S extends SinkOperator = SinkOperator> extends StageProgram {
  readonly sinks: readonly S[];
}

export function buildProgram<S extends SinkOperator>(
  components: StageComponents,
  functions: FunctionTable,
  outside: Cursor,
  { newSink, fetchesSideInputs = false, countsElements = false }: ProgramOptions<S>,
): BuiltProgram<S> {
  const { descriptor } = components;
  const consumers = new Map<string, Step[]>();
  const readBy = (pcollection: string, step: Step): void => {
    const steps = consumers.get(pcollection);
    if (steps === undefined) consumers.set(pcollection, [step]);
    else steps.push(step);
  };
  const entering = new Set(
    descriptor.inputs.flatMap(({ consumers: slots }) =>
      slots.map(({ transform, localName }) => slot(transform, localName)),
    ),
  );
  const steps: Step[] = [];
  const byTransform = new Map<string, Step>();
  for (const id of descriptor.transforms) {
    const transform = components.transform(id);
    const step = stepOf(id, transform, components, functions, outside, fetchesSideInputs);
    steps.push(step);
    byTransform.set(id, step);
    const sideInputs = components.sideInputNames(transform);
    for (const [localName, pcollection] of Object.entries(transform.inputs)) {
      if (!sideInputs.has(localName) && !entering.has(slot(id, localName))) readBy(pcollection, step);
    }
  }
  const sinks = descriptor.outputs.map((output) => {
    const { pcollection } = output;
    const sink = newSink(output, components);
    const step: OperatorStep = {
      kind: "operator",
      transform: pcollection,
      operator: sink,
      asynchronous: false,
      outputs: [],
    };
    steps.push(step);
    readBy(pcollection, step);
    return sink;
  });
  const inputs = descriptor.inputs.map(({ pcollection, consumers: slots }) => [
    ...slots.map(({ transform }) => byTransform.get(transform)!),
    // What enters may leave as it is. A stage without transforms is there for its coders: what comes in goes out.
    ...(descriptor.transforms.length === 0 ? steps : (consumers.get(pcollection) ?? [])),
  ]);
  const timers = descriptor.timers.map(({ transform }) => byTransform.get(transform) as OperatorStep);
  const program = { consumers, steps, inputs, timers, sinks };
  return countsElements ? { ...program, tallies: talliesOf(program) } : program;
}

function slot(transform: string, localName: string): string {
  return JSON.stringify([transform, localName]);
}

function stepOf(
  id: string,
  transform: PTransform,
  components: StageComponents,
  functions: FunctionTable,
  outside: Cursor,
  fetchesSideInputs: boolean,
): Step {
  const outputs = Object.values(transform.outputs);
  const inline = (kind: InlineStep["kind"], fn: (value: never) => unknown, asynchronous = false): InlineStep => ({
    kind,
    transform: id,
    fn,
    context: undefined,
    asynchronous,
    outputs,
  });
  const operator = (made: Operator, asynchronous = false): OperatorStep => ({
    kind: "operator",
    transform: id,
    operator: made,
    asynchronous,
    outputs,
  });
  const combineFn = () => combineFnOf(components.combine(transform).combineFn!, functions);
  const splittable = () => {
    const step = functions.get(components.parDo(transform).doFn!) as ElementFunction & { kind: "splittable" };
    return step.doFn;
  };
  const input = Object.values(transform.inputs)[0] ?? "";
  const urn = transform.spec?.urn ?? "";
  switch (urn) {
    case Primitives.PAR_DO: {
      const { doFn } = components.parDo(transform);
      // For runners that do not know the combining of grouped values otherwise.
      if (doFn?.urn === COMBINE_FN_URN)
        return inline("map", combineGroupedValues(combineFnOf(doFn, functions)) as never);
      return parDoStep(id, transform, components, functions, outside, fetchesSideInputs);
    }
    case Primitives.FLATTEN:
    // Runners that do not know these have the environment pass their elements on.
    case Composites.RESHUFFLE:
    case Composites.REDISTRIBUTE_ARBITRARILY:
    case Composites.REDISTRIBUTE_BY_KEY:
      return inline("map", (value) => value);
    case Primitives.ASSIGN_WINDOWS: {
      const { windowFn } = fromBinary(WindowIntoPayloadSchema, transform.spec!.payload);
      const standard = windowFn && windowFnFromProto(windowFn);
      if (standard === undefined) {
        if (windowFn?.urn !== WINDOW_FN_URN) break;
        const { intern } = components.codec(outputs[0]!);
        return operator(new AssignCustomWindows(new CustomWindows(windowFn, functions, intern)));
      }
      return inline("assignWindows", windowAssigner(standard, components.windows) as (cursor: never) => unknown);
    }
    case Primitives.MAP_WINDOWS:
      return inline("map", answerMapWindows(transform, components, functions) as never);
    case Primitives.MERGE_WINDOWS:
      return inline("map", answerMergeWindows(transform, components, functions) as never);
    case Primitives.TO_STRING:
      return inline("map", (value) => String(value));
    case CombineComponents.COMBINE_PER_KEY_PRECOMBINE: {
      const { coder, identity } = components.codec(input);
      if (!(coder instanceof KVCoder)) break;
      return operator(new PrecombineOperator(id, combineFn(), identity, components.groupedTime(input)));
    }
    case CombineComponents.COMBINE_PER_KEY_MERGE_ACCUMULATORS:
      return inline("map", mergeAccumulators(combineFn()) as (kv: KV<unknown, unknown>) => unknown as never);
    case CombineComponents.COMBINE_PER_KEY_EXTRACT_OUTPUTS:
      return inline("map", extractOutputs(combineFn()) as never);
    case CombineComponents.COMBINE_PER_KEY_CONVERT_TO_ACCUMULATORS:
      return inline("map", convertToAccumulators(combineFn()) as never);
    case CombineComponents.COMBINE_GROUPED_VALUES:
      return inline("map", combineGroupedValues(combineFn()) as never);
    case UNPACK_URN: {
      const at = positionOf(transform.spec!);
      return inline("map", ({ key, value }: KV<unknown, readonly unknown[]>) => ({ key, value: value[at] }) as never);
    }
    case SplittableParDoComponents.PAIR_WITH_RESTRICTION:
      return operator(new PairWithRestrictionOperator(splittable()));
    case SplittableParDoComponents.SPLIT_AND_SIZE_RESTRICTIONS:
      return inline("flatMap", splitAndSize(id, splittable()) as never);
    case SplittableParDoComponents.TRUNCATE_SIZED_RESTRICTION:
      return inline("flatMap", truncateSized(id, splittable()) as never);
    case SplittableParDoComponents.PROCESS_SIZED_ELEMENTS_AND_RESTRICTIONS: {
      const entering = components.descriptor.inputs.findIndex(({ consumers }) =>
        consumers.some((consumer) => consumer.transform === id),
      );
      const { element, binding, windowed } = authorsFunction(id, transform, components, functions, fetchesSideInputs);
      const doFn = (element as ElementFunction & { kind: "splittable" }).doFn;
      const process = new ProcessSizedOperator(id, doFn, entering, binding);
      const asynchronous = declaredAsynchronous(doFn.process);
      return operator(windowed(process), asynchronous);
    }
  }
  throw new GirderError("unsupported", `The TypeScript harness does not execute ${urn}.`, { where: id });
}

/** The CombineFn of a spec; of one made of several, a CombineFn of their tuples. */
export function combineFnOf(spec: FunctionSpec, functions: FunctionTable): CombineFn<unknown, unknown, unknown> {
  if (spec.urn !== PACKED_COMBINE_FN_URN) return functions.get(spec) as CombineFn<unknown, unknown, unknown>;
  return tuple(...combineFnsOf(spec).map((part) => combineFnOf(part, functions))) as CombineFn<
    unknown,
    unknown,
    unknown
  >;
}

/** A ParDo's function, the context that it is called with, and how it is called for each window of an element. */
function authorsFunction(
  id: string,
  transform: PTransform,
  components: StageComponents,
  functions: FunctionTable,
  fetchesSideInputs: boolean,
): {
  readonly element: ElementFunction;
  readonly binding: ContextBinding;
  readonly windowed: (operator: Operator) => Operator;
} {
  const { descriptor } = components;
  const element = functions.get(components.parDo(transform).doFn!) as ElementFunction;
  const sides: number[] = [];
  const keyed = bindKeyed(id, transform, element, components);
  const binding = bindContext(id, element.context, {
    sideInput(name, param) {
      const localName = `side:${name}`;
      const index = descriptor.sideInputs.findIndex((side) => side.transform === id && side.localName === localName);
      sides.push(index);
      return new SideInputView(param, index, components.codec(transform.inputs[localName]!).elementOf);
    },
    state: (param) => keyed!.state(param),
    timer: (name, param) => keyed!.timer(name, param),
  });
  const fetching = (operator: Operator): Operator =>
    fetchesSideInputs && sides.length > 0 ? new FetchingOperator(operator, sides) : operator;
  const windowed = (operator: Operator): Operator => {
    if (keyed !== undefined) return new EachWindowOperator(fetching(new KeyedOperator(operator, keyed)));
    return binding.observesWindow ? new EachWindowOperator(fetching(operator)) : operator;
  };
  return { element, binding, windowed };
}

function parDoStep(
  id: string,
  transform: PTransform,
  components: StageComponents,
  functions: FunctionTable,
  outside: Cursor,
  fetchesSideInputs: boolean,
): Step {
  const outputs = Object.values(transform.outputs);
  const { element, binding, windowed } = authorsFunction(id, transform, components, functions, fetchesSideInputs);
  const operatorStep = (operator: Operator, fn: unknown): OperatorStep => ({
    kind: "operator",
    transform: id,
    operator: windowed(operator),
    asynchronous: declaredAsynchronous(fn),
    outputs,
  });
  switch (element.kind) {
    case "doFn": {
      const { intern } = components.codec(outputs[0]!);
      return operatorStep(new DoFnOperator(id, element.doFn, binding, intern, outside), element.doFn.process);
    }
    case "route": {
      const route = element.fn as (value: unknown, context: unknown) => RoutedOutputs;
      return operatorStep(new RouteOperator(id, route, Object.keys(transform.outputs), binding), element.fn);
    }
    case "splittable":
      throw new GirderError("internal", "a splittable DoFn was not expanded", { where: id });
    case "changelog":
      return operatorStep(new ChangelogOperator(element.fn as ChangeOf), element.fn);
    case "assignTimestamps":
      return inlineStep(id, element.kind, element.fn, binding, outputs);
    default:
      if (binding.observesWindow) {
        return operatorStep(new FunctionOperator(element.kind, id, element.fn as never, binding), element.fn);
      }
      return inlineStep(id, element.kind, element.fn, binding, outputs);
  }
}

function inlineStep(
  transform: string,
  kind: InlineStep["kind"],
  fn: (value: never, context: never) => unknown,
  binding: ContextBinding,
  outputs: readonly string[],
): InlineStep {
  const { make } = binding;
  return {
    kind,
    transform,
    fn,
    context: make,
    start: (bundle) => binding.start(bundle),
    asynchronous: declaredAsynchronous(fn),
    outputs,
  };
}

/** Whether a function says by its form that it returns promises. */
function declaredAsynchronous(fn: unknown): boolean {
  const name = (fn as { constructor?: { name?: string } }).constructor?.name;
  return name === "AsyncFunction" || name === "AsyncGeneratorFunction";
}
