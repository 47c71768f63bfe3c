/** Executes stages of functions written in TypeScript, for whichever runner drives it. */
import { type Coder, coderFromProto } from "../../portability/coders/index.js";
import type {
  CombineFunction,
  StageDescriptor,
  StageWorker,
  WindowFunction,
  WindowMerge,
} from "../../portability/execution/stage.js";
import type { BoundedWindow, InternedWindow } from "../../portability/execution/window.js";
import type { WindowTable } from "../../portability/execution/window-table.js";
import type { FunctionTable } from "../pipeline/functions.js";
import { CustomWindows } from "./custom-windows.js";
import { type HarnessOptions, HarnessStage } from "./prepared-stage.js";
import { combineFnOf } from "./program.js";
import { userError } from "./user-error.js";
import { windowInterner } from "./window-interner.js";

export class Harness implements StageWorker {
  readonly #windowFunctions = new WeakMap<WindowFunction, CustomWindows>();

  constructor(
    readonly functions: FunctionTable,
    readonly options: HarnessOptions = {},
  ) {}

  async prepare(descriptor: StageDescriptor, windows: WindowTable): Promise<HarnessStage> {
    const stage = new HarnessStage(descriptor, windows, this.functions, this.options);
    await stage.setup();
    return stage;
  }

  async mapWindows(
    fn: WindowFunction,
    table: WindowTable,
    windows: readonly InternedWindow[],
  ): Promise<readonly InternedWindow[]> {
    const custom = this.#customWindows(fn, table);
    return windows.map((window) => custom.sideInputWindow(window));
  }

  async mergeWindows(
    fn: WindowFunction,
    table: WindowTable,
    keys: readonly (readonly InternedWindow[])[],
  ): Promise<readonly (readonly WindowMerge[])[]> {
    const custom = this.#customWindows(fn, table);
    return keys.map((windows) => custom.merge(windows));
  }

  /** The function of an author, whose windows a runner knows by a strategy. */
  #customWindows(fn: WindowFunction, table: WindowTable): CustomWindows {
    let custom = this.#windowFunctions.get(fn);
    if (custom === undefined) {
      const { windowCoderId } = fn.components.windowingStrategies[fn.to]!;
      const coder = coderFromProto(windowCoderId, fn.components) as Coder<BoundedWindow>;
      custom = new CustomWindows(fn.spec, this.functions, windowInterner(table, coder));
      this.#windowFunctions.set(fn, custom);
    }
    return custom;
  }

  mergeAccumulators({ spec, transform }: CombineFunction, groups: readonly (readonly unknown[])[]): unknown[] {
    const fn = combineFnOf(spec, this.functions);
    try {
      return groups.map((accumulators) => fn.mergeAccumulators([fn.createAccumulator(), ...accumulators]));
    } catch (thrown) {
      throw userError(thrown, transform);
    }
  }
}
