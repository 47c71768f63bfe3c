/** Executes stages of functions written in TypeScript, for whichever runner drives it. */
import type { CombineFunction, StageDescriptor, StageWorker } from "../../portability/execution/stage.js";
import type { WindowTable } from "../../portability/execution/window-table.js";
import type { FunctionTable } from "../pipeline/functions.js";
import { type HarnessOptions, HarnessStage } from "./prepared-stage.js";
import { combineFnOf } from "./program.js";
import { userError } from "./user-error.js";

export class Harness implements StageWorker {
  constructor(
    readonly functions: FunctionTable,
    readonly options: HarnessOptions = {},
  ) {}

  async prepare(descriptor: StageDescriptor, windows: WindowTable): Promise<HarnessStage> {
    const stage = new HarnessStage(descriptor, windows, this.functions, this.options);
    await stage.setup();
    return stage;
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
