/** One of the instances of a stage at a worker, which is in one bundle at a time. The authors' objects are the same in all. */
import {
  type Coder,
  encodeToBytes,
  type KVCoder,
  type TimerCoder,
  type WindowedValueCoder,
} from "../../portability/coders/index.js";
import { GirderError } from "../../portability/errors.js";
import { sideInputWindow } from "../../portability/execution/side-input-window.js";
import { windowFnFromProto } from "../../portability/execution/window-fn.js";
import type { OutputMeter } from "../harness/bundle.js";
import { CompiledStage } from "../harness/compiled-stage.js";
import { windowInterner } from "../harness/window-interner.js";
import type { ElementFunction } from "../pipeline/do-fn.js";
import { declaredBy } from "../state/declared.js";
import type { DescribedStage } from "./described-stage.js";
import type { ReadableSideInput } from "./loaded-side-inputs.js";
import { WireSink } from "./wire-sink.js";
import { WireSource } from "./wire-source.js";
import { WireState } from "./wire-state.js";
import type { WireTimerFamily } from "./wire-timers.js";
import type { WorkerServices } from "./worker-services.js";

export class StageInstance {
  readonly compiled: CompiledStage<WireSink>;
  readonly meter: OutputMeter = { bytes: 0 };
  readonly sideInputs: readonly ReadableSideInput[];
  /** By index of the stage's states. */
  readonly states: readonly WireState[];
  /** By index of the stage's timer families. */
  readonly timers: readonly WireTimerFamily[];
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
      runnerSetsExpirationTimers: true,
    });
    this.states = stage.states.map(({ transform, id }) => this.#wireState(transform, id));
    this.timers = stage.timers.map(({ transform, id }, family) => this.#wireTimers(family, transform, id));
    this.sideInputs = stage.sideInputs.map((side) => this.#readable(side));
  }

  /** The streams of a bundle's elements, by index of the stage's inputs. */
  newSources(): readonly WireSource[] {
    const { components } = this.compiled;
    return this.described.sources.map(({ transform, coder }) => {
      const windowed = components.coder(coder) as WindowedValueCoder<unknown>;
      return new WireSource(transform, windowed, windowInterner(this.#services.windows, windowed.window));
    });
  }

  /** Index of the input that a transform with state reads: it reads what enters the stage. */
  #inputOf(id: string): number {
    return this.described.stage.inputs.findIndex(({ consumers }) =>
      consumers.some(({ transform }) => transform === id),
    );
  }

  #wireState(transform: string, id: string): WireState {
    const { components } = this.compiled;
    const payload = components.parDo(components.transform(transform));
    const { states } = declaredBy(this.#services.functions.get(payload.doFn!) as ElementFunction);
    const declared = [...states.values()].find((state) => state.id === id);
    if (declared === undefined) {
      throw new GirderError("invalid-pipeline", `This program has no state "${id}".`, { where: transform });
    }
    const input = this.#inputOf(transform);
    const { keyOf } = this.#keysOf(input);
    // The runner knows keys as they come in elements.
    const { value } = components.coder(this.described.sources[input]!.coder) as WindowedValueCoder<unknown>;
    const keyCoder = (value as KVCoder<unknown, unknown>).key;
    return new WireState(
      transform,
      id,
      payload.stateSpecs[id]!,
      declared.declaration,
      (coder) => components.coder(coder),
      ({ key }) => encodeToBytes(keyCoder, keyOf(key), true),
    );
  }

  #wireTimers(family: number, transform: string, id: string): WireTimerFamily {
    const { components } = this.compiled;
    const { timerFamilyCoderId } = components.parDo(components.transform(transform)).timerFamilySpecs[id]!;
    const coder = components.coder(timerFamilyCoderId) as Coder<unknown> as TimerCoder<unknown>;
    const intern = windowInterner(this.#services.windows, coder.window);
    return { family, transform, id, coder, intern, ...this.#keysOf(this.#inputOf(transform)) };
  }

  /** Keys of an input, as the stage tells them apart. */
  #keysOf(input: number): Pick<WireTimerFamily, "identity" | "keyOf"> {
    const codec = this.compiled.components.codec(this.described.stage.inputs[input]!.pcollection);
    return { identity: codec.identity, keyOf: (identity) => codec.keyOf(identity) };
  }

  #readable(side: ReadableSideInput["side"]): ReadableSideInput {
    const { components } = this.compiled;
    const { transform: id, pcollection } = side;
    const transform = components.transform(id);
    const sideNames = components.sideInputNames(transform);
    const [main] = Object.entries(transform.inputs).flatMap(([name, input]) => (sideNames.has(name) ? [] : [input]));
    const windowing = components.windowing(pcollection);
    const fn = windowing.windowFn && windowFnFromProto(windowing.windowFn);
    const { windows } = this.#services;
    return {
      side,
      coder: components.codec(pcollection).coder,
      mainStrategy: this.#strategyOf(main!),
      windowOf: (window) => {
        const own = fn && sideInputWindow(fn, window, windows);
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
