/** What a stage's next bundle is given: of what waits, what may be processed now, and what belongs to it. */
import { type Batch, forEachWindow } from "../../portability/execution/batch.js";
import type { SideInputContents } from "../../portability/execution/side-input.js";
import type { Timer } from "../../portability/execution/timer.js";
import type { InternedWindow } from "../../portability/execution/window.js";
import type { EngineState } from "./engine-state.js";
import type { EngineOptions, Work, WorkItem } from "./events.js";
import type { StageNode } from "./graph.js";
import { type Readiness, splitByReadiness } from "./readiness.js";
import { BundleSideInput } from "./side-input-store.js";
import type { BundleWork, StageState } from "./stage-state.js";
import type { Watermarks } from "./watermarks.js";

export class BundleFormer {
  constructor(
    readonly state: EngineState,
    readonly watermarks: Watermarks,
    readonly options: EngineOptions,
  ) {}

  /** What a stage does next. Timers that are due wait for what has come before them, and for nothing that comes later. */
  next(stage: StageState): BundleWork {
    if (stage.node.timeSorted) stage.sort(this.watermarks.lowest(stage.node.inputs));
    if (stage.timers.size === 0) return { work: this.#take(stage), timers: [] };
    const watermark = stage.inputWatermark(this.watermarks.lowest(stage.node.inputs));
    const clocks = { "event-time": watermark, "processing-time": this.state.now };
    const isDue = stage.timers.isDue(clocks);
    if (isDue) stage.ahead ??= stage.pending.length;
    if (!isDue || stage.ahead! > 0) {
      const work = this.#take(stage);
      if (work.length > 0) {
        if (isDue) stage.ahead! -= work.length;
        return { work, timers: [] };
      }
    }
    stage.ahead = undefined;
    return { work: [], timers: stage.timers.takeDue(clocks) };
  }

  /** Takes from a stage's pending work what fits into a bundle and whose side inputs are ready. */
  #take(stage: StageState): Work {
    const { maxBundleElements, maxBundleBytes } = this.options;
    const work: WorkItem[] = [];
    const blocked: StageState["pending"] = [];
    let elements = 0;
    let bytes = 0;
    let taken = 0;
    for (; taken < stage.pending.length && elements < maxBundleElements; taken++) {
      const item = stage.pending[taken]!;
      const { batch } = item;
      if (work.length > 0 && bytes + batch.bytes > maxBundleBytes) break;
      const { ready, waiting } = this.#splitByReadiness(stage.node, batch);
      if (waiting !== undefined) blocked.push({ ...item, batch: waiting });
      if (ready === undefined) continue;
      const room = maxBundleElements - elements;
      const part = ready.slice(0, Math.min(ready.count, room));
      work.push({ ...item, batch: part });
      if (part.count < ready.count) blocked.push({ ...item, batch: ready.slice(part.count, ready.count) });
      elements += part.count;
      bytes += part.bytes;
    }
    if (taken > 0 && (work.length > 0 || blocked.length > 0)) {
      stage.pending.splice(0, taken);
      if (blocked.length > 0) stage.pending.unshift(...blocked);
    }
    return work;
  }

  /** Elements whose side inputs have arrived for each of their windows, and those that must wait. */
  #splitByReadiness({ sideInputs }: StageNode, batch: Batch): Readiness {
    if (sideInputs.length === 0) return { ready: batch, waiting: undefined };
    return splitByReadiness(batch, (window) =>
      sideInputs.every(({ pcollection, mapping, ready = "complete" }) => {
        const side = this.state.mapper.map(mapping, window);
        if (side === undefined) return false;
        if (this.watermarks.lowest([pcollection]) > side.maxTimestamp) return true;
        return ready !== "complete" && this.state.sideInputs.get(pcollection)!.has(side.key, ready);
      }),
    );
  }

  /** The contents of a stage's side inputs, as far as a bundle can ask for them. */
  sideInputs({ sideInputs }: StageNode, work: Work, timers: readonly Timer[]): SideInputContents[] {
    if (sideInputs.length === 0) return [];
    const windows = new Set<InternedWindow>(timers.map(({ window }) => window));
    for (const { batch } of work) {
      if ("all" in batch.windows) forEachWindow(batch.windows.all, (window) => windows.add(window));
      else for (const each of batch.windows) forEachWindow(each, (window) => windows.add(window));
    }
    return sideInputs.map(({ pcollection, mapping }) => {
      const store = this.state.sideInputs.get(pcollection)!;
      return new BundleSideInput(store, windows, (window) => this.state.mapper.map(mapping, window));
    });
  }
}
