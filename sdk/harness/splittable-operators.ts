/** The three parts that a runner makes of a splittable ParDo. */
import type { KV } from "../../portability/coders/index.js";
import { Batch } from "../../portability/execution/batch.js";
import { type OffsetRange, OffsetRangeTracker } from "../splittable/restriction-tracker.js";
import type { SplittableDoFn } from "../splittable/splittable-do-fn.js";
import type { Bundle } from "./bundle.js";
import type { Cursor } from "./cursor.js";
import type { Operator, Receiver } from "./operator.js";
import { sendOutputs } from "./send-outputs.js";

type AnySplittable = SplittableDoFn<unknown, unknown>;

/** An element with a restriction and the state of its watermark estimator, which nothing uses yet but the coder holds. */
type Paired = KV<unknown, KV<OffsetRange, null>>;
/** With its size, as `beam:transform:sdf_process_sized_element_and_restrictions:v1` takes it. */
type Sized = KV<Paired, number>;

/** Element to KV<element, KV<restriction, state>>. */
export function pairWithRestriction(doFn: AnySplittable): (element: unknown) => Paired {
  return (element) => ({ key: element, value: { key: doFn.initialRestriction(element), value: null } });
}

/** Splits restrictions to begin with, and sizes the parts. */
export function splitAndSize(doFn: AnySplittable): (element: Paired) => Sized[] {
  return ({ key: element, value: { key: restriction } }) => {
    const parts = doFn.split?.(element, restriction) ?? [restriction];
    return Array.from(parts, (part) => sized(doFn, element, part));
  };
}

function sized(doFn: AnySplittable, element: unknown, range: OffsetRange): Sized {
  const size = doFn.size?.(element, range) ?? range.to - range.from;
  return { key: { key: element, value: { key: range, value: null } }, value: size };
}

/** Processes parts until the bundle ends; what is left of the part in hand goes back to the runner. */
export class ProcessSizedOperator implements Operator {
  #bundle: Bundle | undefined;

  constructor(
    readonly transform: string,
    readonly doFn: AnySplittable,
    /** Index of the stage's input that the parts come from. */
    readonly input: number,
  ) {}

  start(bundle: Bundle): void {
    this.#bundle = bundle;
  }

  process(value: unknown, cursor: Cursor, outputs: readonly Receiver[]): void | Promise<void> {
    const { key: paired } = value as Sized;
    const bundle = this.#bundle!;
    const tracker = new OffsetRangeTracker(paired.value.key, () => {
      const allowed = bundle.allowance();
      bundle.used(allowed);
      return allowed;
    });
    const { timestamp, windows, pane } = cursor;
    const output = outputs[0]!;
    const leaveRest = (): void => {
      const { residual } = tracker;
      if (residual === undefined) return;
      const rest = sized(this.doFn, paired.key, residual);
      const batch = new Batch([rest], undefined, { all: timestamp }, { all: windows }, { all: pane }, 64);
      bundle.residuals.push({ input: this.input, batch, delay: tracker.delay });
    };
    const result = this.doFn.process(paired.key, tracker, output);
    const pending = sendOutputs(result, this.transform, paired.key, cursor, output);
    if (pending !== undefined) return pending.then(leaveRest);
    leaveRest();
  }

  async teardown(): Promise<void> {
    await this.doFn.teardown?.();
  }
}
