/** One of the instances of a stage at a worker, which is in one bundle at a time. The authors' objects are the same in all. */
import type { WindowedValueCoder } from "../../portability/coders/index.js";
import { GirderError } from "../../portability/errors.js";
import { sideInputWindow } from "../../portability/execution/side-input-window.js";
import { windowFnFromProto } from "../../portability/execution/window-fn.js";
import type { OutputMeter } from "../harness/bundle.js";
import { CompiledStage } from "../harness/compiled-stage.js";
import { CustomWindows } from "../harness/custom-windows.js";
import { windowInterner } from "../harness/window-interner.js";
import { WINDOW_FN_URN } from "../windowing/custom-window-fn.js";
import type { DescribedStage } from "./described-stage.js";
import type { ReadableSideInput } from "./loaded-side-inputs.js";
import { WireSink } from "./wire-sink.js";
import { WireSource } from "./wire-source.js";
import type { WorkerServices } from "./worker-services.js";

export class StageInstance {
  readonly compiled: CompiledStage<WireSink>;
  readonly meter: OutputMeter = { bytes: 0 };
  readonly sideInputs: readonly ReadableSideInput[];
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
  }

  /** The streams of a bundle's elements, by index of the stage's inputs. */
  newSources(): readonly WireSource[] {
    const { components } = this.compiled;
    return this.described.sources.map(({ transform, coder }) => {
      const windowed = components.coder(coder) as WindowedValueCoder<unknown>;
      return new WireSource(transform, windowed, windowInterner(this.#services.windows, windowed.window));
    });
  }

  #readable(side: ReadableSideInput["side"]): ReadableSideInput {
    const { components } = this.compiled;
    const { transform: id, pcollection } = side;
    const transform = components.transform(id);
    const sideNames = components.sideInputNames(transform);
    const [main] = Object.entries(transform.inputs).flatMap(([name, input]) => (sideNames.has(name) ? [] : [input]));
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
      mainStrategy: this.#strategyOf(main!),
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
