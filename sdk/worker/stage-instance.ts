/** One of the instances of a stage at a worker, which is in one bundle at a time. The authors' objects are the same in all. */
import type { KVCoder, TimerCoder, WindowedValueCoder } from "../../portability/coders/index.js";
import { GirderError } from "../../portability/errors.js";
import { sideInputWindow } from "../../portability/execution/side-input-window.js";
import type { TimerFamily } from "../../portability/execution/timer.js";
import type { StateSpec } from "../../portability/execution/user-state.js";
import { windowFnFromProto } from "../../portability/execution/window-fn.js";
import type { StateSpec as StateSpecProto } from "../../portability/gen/org/apache/beam/model/pipeline/v1/beam_runner_api_pb.js";
import type { OutputMeter } from "../harness/bundle.js";
import type { ElementOf } from "../harness/chain.js";
import { CompiledStage } from "../harness/compiled-stage.js";
import { CustomWindows } from "../harness/custom-windows.js";
import { EachWindowOperator } from "../harness/do-fn-operators.js";
import { FetchingOperator } from "../harness/fetching-operator.js";
import type { Step } from "../harness/operator.js";
import { ProcessSizedOperator } from "../harness/splittable-operators.js";
import { windowInterner } from "../harness/window-interner.js";
import type { ElementFunction } from "../pipeline/do-fn.js";
import { declaredBy } from "../state/declared.js";
import { WINDOW_FN_URN } from "../windowing/custom-window-fn.js";
import type { DescribedStage } from "./described-stage.js";
import type { ReadableSideInput } from "./loaded-side-inputs.js";
import type { WireState } from "./remote-state.js";
import { WireSink } from "./wire-sink.js";
import { WireSource } from "./wire-source.js";
import type { WireFamily } from "./wire-timers.js";
import type { WorkerServices } from "./worker-services.js";

export class StageInstance {
  readonly compiled: CompiledStage<WireSink>;
  readonly meter: OutputMeter = { bytes: 0 };
  readonly sideInputs: readonly ReadableSideInput[];
  readonly states: readonly WireState[];
  readonly families: readonly WireFamily[];
  /** By index of the stage's inputs, what processes its restrictions, if they are. */
  readonly processes: readonly (ProcessSizedOperator | undefined)[];
  readonly #services: WorkerServices;

  constructor(
    readonly described: DescribedStage,
    services: WorkerServices,
  ) {
    const { stage, sinks } = described;
    this.#services = services;
    this.compiled = new CompiledStage(stage, services.windows, services.functions, {
      newSink: (output, components) => {
        const { coder } = sinks[stage.outputs.indexOf(output)]!;
        const { pcollection } = output;
        const windowed = components.coder(coder) as WindowedValueCoder<unknown>;
        return new WireSink(windowed, () => components.producer(pcollection), this.meter);
      },
      fetchesSideInputs: true,
      countsElements: true,
    });
    this.sideInputs = stage.sideInputs.map((side) => this.#readable(side));
    this.states = stage.states.map((state) => this.#wireState(state));
    this.families = stage.timers.map((timer, family) => this.#wireFamily(timer, family));
    this.processes = this.compiled.program.inputs.map((steps) => processIn(steps));
  }

  /** The streams of a bundle's elements, by index of the stage's inputs. */
  newSources(): readonly WireSource[] {
    const { components } = this.compiled;
    return this.described.sources.map(({ transform, coder }) => {
      const windowed = components.coder(coder) as WindowedValueCoder<unknown>;
      return new WireSource(transform, windowed, windowInterner(this.#services.windows, windowed.window));
    });
  }

  /** Makes the element at a position of an input's batch. */
  elementOf(input: number): ElementOf {
    return this.compiled.components.codec(this.described.stage.inputs[input]!.pcollection).elementOf;
  }

  #wireState({ transform: id, id: stateId }: StateSpec): WireState {
    const { components } = this.compiled;
    const transform = components.transform(id);
    const { doFn, stateSpecs } = components.parDo(transform);
    const element = this.#services.functions.get(doFn!) as ElementFunction;
    const param = [...declaredBy(element).states.values()].find((state) => state.id === stateId);
    if (param === undefined) {
      throw new GirderError("invalid-pipeline", `The function declares no state "${stateId}".`, { where: id });
    }
    const { spec } = stateSpecs[stateId]!;
    const codec = components.codec(components.mainInput(transform));
    return {
      transform: id,
      id: stateId,
      declaration: param.declaration,
      coder: components.coder(valueCoderId(spec, id)),
      mapKey:
        spec.case === "mapSpec" || spec.case === "multimapSpec" ? components.coder(spec.value.keyCoderId) : undefined,
      elements: codec.coder as KVCoder<unknown, unknown>,
      keyOf: (identity) => codec.keyOf(identity),
    };
  }

  #wireFamily({ transform: id, id: familyId, onWindowExpiration }: TimerFamily, family: number): WireFamily {
    const { components } = this.compiled;
    const transform = components.transform(id);
    const { timerFamilyCoderId } = components.parDo(transform).timerFamilySpecs[familyId]!;
    const coder = components.coder(timerFamilyCoderId) as TimerCoder<unknown>;
    const codec = components.codec(components.mainInput(transform));
    return {
      family,
      transform: id,
      id: familyId,
      onWindowExpiration,
      coder,
      identity: codec.identity,
      keyOf: (identity) => codec.keyOf(identity),
      intern: windowInterner(this.#services.windows, coder.window),
    };
  }

  #readable(side: ReadableSideInput["side"]): ReadableSideInput {
    const { components } = this.compiled;
    const { transform: id, pcollection } = side;
    const transform = components.transform(id);
    const windowing = components.windowing(pcollection);
    const fn = windowing.windowFn && windowFnFromProto(windowing.windowFn);
    const { windows, functions } = this.#services;
    const custom =
      windowing.windowFn?.urn === WINDOW_FN_URN
        ? new CustomWindows(windowing.windowFn, functions, components.codec(pcollection).intern)
        : undefined;
    return {
      side,
      coder: components.codec(pcollection).coder,
      mainStrategy: this.#strategyOf(components.mainInput(transform)),
      windowOf: (window) => {
        const own = custom?.sideInputWindow(window) ?? (fn && sideInputWindow(fn, window, windows));
        if (own !== undefined) return own;
        throw new GirderError("unsupported", "Only windows of fixed places in time can be looked up as a side input.", {
          where: id,
        });
      },
    };
  }

  /** Id of the windowing strategy of what enters, by input. */
  strategyOfInput(input: number): string {
    return this.#strategyOf(this.described.stage.inputs[input]!.pcollection);
  }

  #strategyOf(pcollection: string): string {
    return this.described.stage.components.pcollections[pcollection]!.windowingStrategyId;
  }
}

/** What processes restrictions in one of the steps, if that is what it does. */
function processIn(steps: readonly Step[]): ProcessSizedOperator | undefined {
  for (const step of steps) {
    let operator: unknown = step.kind === "operator" ? step.operator : undefined;
    while (operator instanceof EachWindowOperator || operator instanceof FetchingOperator) operator = operator.inner;
    if (operator instanceof ProcessSizedOperator) return operator;
  }
  return undefined;
}

/** Id of the coder of a state's values. */
function valueCoderId(spec: StateSpecProto["spec"], where: string): string {
  switch (spec.case) {
    case "readModifyWriteSpec":
      return spec.value.coderId;
    case "bagSpec":
    case "setSpec":
    case "orderedListSpec":
      return spec.value.elementCoderId;
    case "combiningSpec":
      return spec.value.accumulatorCoderId;
    case "mapSpec":
    case "multimapSpec":
      return spec.value.valueCoderId;
    default:
      throw new GirderError("unsupported", `This worker knows no state of the kind ${spec.case ?? "(none)"}.`, {
        where,
      });
  }
}
