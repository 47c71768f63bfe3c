/** What a function sees of a side input: made once for a window's contents, not once for an element. */
import type { Batch } from "../../portability/execution/batch.js";
import type { SideInputParam } from "../pipeline/context.js";
import type { Bundle } from "./bundle.js";
import type { ElementOf } from "./chain.js";
import type { Cursor } from "./cursor.js";

/** One side input of one transform, across bundles. */
export class SideInputView {
  /** Views by the array of batches they were made of, which the runner keeps the same while its contents are. */
  readonly #views = new WeakMap<readonly Batch[], { readonly view: unknown }>();
  #bundle: Bundle | undefined;

  constructor(
    readonly param: SideInputParam<unknown>,
    /** Index of the side input in its stage. */
    readonly index: number,
    readonly elementOf: ElementOf,
  ) {}

  start(bundle: Bundle): void {
    this.#bundle = bundle;
  }

  /** The view for the window that the cursor stands at. */
  get(cursor: Cursor): unknown {
    const batches = this.#bundle!.task.sideInputs[this.index]!.get(cursor.window) ?? NOTHING;
    let made = this.#views.get(batches);
    if (made === undefined) {
      const elements: unknown[] = [];
      for (const { count, columns } of batches) {
        for (let i = 0; i < count; i++) elements.push(this.elementOf(columns, i));
      }
      made = { view: this.param.view(elements) };
      this.#views.set(batches, made);
    }
    return made.view;
  }
}

const NOTHING: readonly Batch[] = [];
