/** Calls an author's window function, and holds it to what its windows must be. */
import { GirderError } from "../../portability/errors.js";
import type { WindowSet } from "../../portability/execution/batch.js";
import type { WindowMerge } from "../../portability/execution/stage.js";
import { type Instant, MAX_TIMESTAMP, MIN_TIMESTAMP } from "../../portability/execution/time.js";
import type { BoundedWindow, InternedWindow } from "../../portability/execution/window.js";
import type { FunctionSpec } from "../../portability/gen/org/apache/beam/model/pipeline/v1/beam_runner_api_pb.js";
import type { FunctionTable } from "../pipeline/functions.js";
import type { CustomWindowFn } from "../windowing/custom-window-fn.js";
import type { Cursor } from "./cursor.js";
import type { InternWindow } from "./do-fn-operators.js";
import type { Operator, Receiver } from "./operator.js";
import { excerpt, userError } from "./user-error.js";

/** The window function that a spec names, over the windows of one job. */
export class CustomWindows {
  /** Full name of the transform that it was applied by first. */
  readonly transform: string;
  readonly #fn: CustomWindowFn<unknown>;
  readonly #intern: InternWindow;
  #last: InternedWindow | undefined;

  constructor(spec: FunctionSpec, functions: FunctionTable, intern: InternWindow) {
    this.#fn = functions.get(spec) as CustomWindowFn<unknown>;
    this.transform = functions.placeOf(spec);
    this.#intern = intern;
  }

  /** The windows of an element. @throws GirderError `user-exception` */
  assign(element: unknown, timestamp: Instant): WindowSet {
    const assigned = this.#fn.assign(element, timestamp);
    if (!Array.isArray(assigned)) return this.#window(assigned as BoundedWindow, timestamp);
    const windows = new Set((assigned as readonly BoundedWindow[]).map((window) => this.#window(window, timestamp)));
    return windows.size === 1 ? [...windows][0]! : [...windows];
  }

  /** In which window a side input is looked up, for one of the main input. @throws GirderError `user-exception` */
  sideInputWindow({ value }: InternedWindow): InternedWindow {
    return this.#interned(this.#call(() => this.#fn.sideInputWindow!(value)));
  }

  /** Which of a key's windows become one. @throws GirderError `user-exception` */
  merge(windows: readonly InternedWindow[]): WindowMerge[] {
    const open = new Map(windows.map((window): [BoundedWindow, InternedWindow] => [window.value, window]));
    const left = new Set(windows);
    const merges = this.#call(() => [...this.#fn.merge!([...open.keys()])]);
    return merges.map(({ from, into }) => {
      const merged = from.map((window) => open.get(window) ?? this.#interned(window));
      const wrong = merged.find((window) => !left.delete(window));
      if (wrong !== undefined) {
        throw this.#fault(
          `merge named the window ${excerpt(wrong.value)}, which is not open or is merged already.`,
          "Merge each of the windows that merge was given once, and no others.",
        );
      }
      return { from: merged, into: open.get(into) ?? this.#interned(into) };
    });
  }

  #window(window: BoundedWindow, timestamp: Instant): InternedWindow {
    if (this.#last === undefined || this.#last.value !== window) this.#last = this.#interned(window);
    if (this.#last.maxTimestamp >= timestamp) return this.#last;
    throw this.#fault(
      `assign named the window ${excerpt(window)}, which ended before the element's timestamp, ${timestamp}.`,
      "An element would always be too late for it: assign windows that end at the timestamp or later.",
    );
  }

  #interned(window: BoundedWindow): InternedWindow {
    const max = (window as Partial<BoundedWindow> | undefined | null)?.maxTimestamp;
    if (typeof max === "number" && Number.isInteger(max) && max >= MIN_TIMESTAMP && max <= MAX_TIMESTAMP) {
      return this.#intern(window);
    }
    throw this.#fault(
      `The window function named ${excerpt(window)} for a window.`,
      "A window is an object whose maxTimestamp is its last instant, an integer in ms. The function returns no promise.",
    );
  }

  #call<R>(call: () => R): R {
    try {
      return call();
    } catch (thrown) {
      throw userError(thrown, this.transform);
    }
  }

  #fault(what: string, remedy: string): GirderError {
    return new GirderError("user-exception", what, { where: this.transform, remedy });
  }
}

/** Puts elements into the windows of an author's function. */
export class AssignCustomWindows implements Operator {
  constructor(readonly windows: CustomWindows) {}

  process(value: unknown, cursor: Cursor, outputs: readonly Receiver[]): void {
    const before = cursor.windows;
    cursor.windows = this.windows.assign(value, cursor.timestamp);
    outputs[0]!(value);
    cursor.windows = before;
  }
}
