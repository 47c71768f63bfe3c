/** Assertions about PCollections, which are part of the pipeline and hold on any runner. */
import { type Coder, JS_VALUE_CODER, type KV, KVCoder } from "../../portability/coders/index.js";
import { GirderError, messageOf } from "../../portability/errors.js";
import { type BoundedWindow, GLOBAL_WINDOW, IntervalWindow } from "../../portability/execution/window.js";
import { windowParam } from "../pipeline/context.js";
import { counter } from "../pipeline/metrics.js";
import type { PCollection } from "../pipeline/pcollection.js";
import type { Pipeline } from "../pipeline/pipeline.js";
import { named } from "../pipeline/pvalue.js";
import { impulse } from "../transforms/impulse.js";
import { asIterable } from "../transforms/side-inputs.js";
import { defaultTrigger } from "../windowing/triggers.js";
import { globalWindows } from "../windowing/window-fns.js";
import { windowInto } from "../windowing/window-into.js";
import { describeDifference, difference, excerpt, plain } from "./compare.js";

/** Namespace and name of the counter that counts assertions which held. */
export const ASSERTION_METRIC = { namespace: "passert", name: "success" } as const;

const assertions = new WeakMap<Pipeline, number>();

/** How many assertions a pipeline has. */
export function assertionsOf(pipeline: Pipeline): number {
  return assertions.get(pipeline) ?? 0;
}

/** A window as it travels with elements: start and end, null for the global window. */
type WindowBounds = { readonly start: number; readonly end: number } | null;

/** What an assertion is about: all elements, or those of one window. */
interface Subject {
  readonly what: string;
  includes(window: WindowBounds): boolean;
}

const EVERYTHING: Subject = { what: "The PCollection", includes: () => true };

/**
 * Begins an assertion about all elements of a PCollection, once it is complete:
 *
 * ```ts
 * await testPipeline((root) => {
 *   const counts = root.apply(create(["a", "b", "a"])).apply(countPerElement());
 *   passert(counts).containsInAnyOrder([{ key: "a", value: 2 }, { key: "b", value: 1 }]);
 * });
 * ```
 *
 * One that does not hold fails the job: GirderError `assertion`, with where in the program it stands. Assertions can be
 * chained; each is checked.
 */
export function passert<T>(pcollection: PCollection<T>): PAssert<T> {
  const site: { stack?: string } = {};
  Error.captureStackTrace(site, passert);
  const frame = site.stack?.split("\n")[1] ?? "";
  return new PAssert(pcollection, frame.replace(/^\s*at (?:.*\()?(.*?)\)?$/, "$1"), EVERYTHING);
}

/** See {@link passert}. */
export class PAssert<T> {
  readonly #pcollection: PCollection<T>;
  /** `file:line:column` of the assertion. */
  readonly #site: string;
  readonly #subject: Subject;

  constructor(pcollection: PCollection<T>, site: string, subject: Subject) {
    this.#pcollection = pcollection;
    this.#site = site;
    this.#subject = subject;
  }

  /** The elements are these, each as often as it is here. Equal is what `node:util` has as deeply and strictly equal. */
  containsInAnyOrder(expected: Iterable<T>): this {
    const values = [...expected];
    return this.#apply("ContainsInAnyOrder", (actual) => this.#mustBeEqual(actual, values, this.#subject.what));
  }

  /** There are no elements. */
  isEmpty(): this {
    return this.#apply("IsEmpty", (actual) => {
      const unexpected = difference(actual, []);
      if (unexpected !== undefined)
        this.#fail(`${this.#subject.what} is not empty.\n${describeDifference(unexpected)}`);
    });
  }

  /** There is one element, this one. */
  isSingleton(expected: T): this {
    return this.#apply("IsSingleton", (actual) => {
      const [only, ...more] = actual;
      if (actual.length === 1 && difference([only], [expected]) === undefined) return;
      const found = actual.length === 1 ? excerpt(plain(only)) : `${1 + more.length} elements`;
      this.#fail(
        `${this.#subject.what} is not the single element that is expected.\n  expected: ${excerpt(plain(expected))}\n  actual: ${
          actual.length === 0 ? "no elements" : found
        }`,
      );
    });
  }

  /** `check`, which may be asynchronous, does not throw for the elements. What it throws is the assertion's cause. */
  satisfies(check: (elements: readonly T[]) => unknown): this {
    return this.#apply("Satisfies", (actual) => this.#mustSatisfy(() => check(actual), this.#subject.what));
  }

  /** The same assertions about the elements of one window. An element in several windows is in each of them. */
  inWindow(window: BoundedWindow): PAssert<T> {
    const wanted = boundsOf(window);
    return new PAssert(this.#pcollection, this.#site, {
      what: `Window ${nameOf(wanted)} of the PCollection`,
      includes: (bounds) => bounds?.start === wanted?.start && bounds?.end === wanted?.end,
    });
  }

  /** `check` does not throw for any window that has elements. */
  perWindow(check: (elements: readonly T[], window: BoundedWindow) => unknown): this {
    return this.#apply("PerWindow", async (_, all) => {
      const windows = new Map<string, { readonly bounds: WindowBounds; readonly elements: T[] }>();
      for (const { key: bounds, value } of all) {
        const group = windows.get(nameOf(bounds));
        if (group === undefined) windows.set(nameOf(bounds), { bounds, elements: [value] });
        else group.elements.push(value);
      }
      for (const [name, { bounds, elements }] of windows) {
        const window = bounds === null ? GLOBAL_WINDOW : new IntervalWindow(bounds.start, bounds.end);
        await this.#mustSatisfy(() => check(elements, window), `Window ${name} of the PCollection`);
      }
    });
  }

  #apply(
    name: string,
    check: (actual: readonly T[], all: readonly KV<WindowBounds, T>[]) => void | Promise<void>,
  ): this {
    const { pipeline } = this.#pcollection;
    const subject = this.#subject;
    assertions.set(pipeline, assertionsOf(pipeline) + 1);
    const assertion = named(`PAssert.${name}`, (input: PCollection<T>) => {
      const coder = new KVCoder(JS_VALUE_CODER as Coder<WindowBounds>, input.coder ?? (JS_VALUE_CODER as Coder<T>));
      // Looking at windows, a step sees an element once for each: only where windows are what it is about.
      const all = (
        subject === EVERYTHING && name !== "PerWindow"
          ? input.map("WithoutWindow", (value): KV<WindowBounds, T> => ({ key: null, value }))
          : input.map("WithWindow", (value, { window }): KV<WindowBounds, T> => ({ key: boundsOf(window), value }), {
              window: windowParam(),
            })
      ) as PCollection<KV<WindowBounds, T>>;
      const global = all.withCoder(coder).apply(windowInto(globalWindows(), { trigger: defaultTrigger() }));
      return pipeline.root.apply(impulse()).map(
        "Check",
        async (_, context) => {
          const elements = [...context.elements];
          const actual = elements.filter(({ key }) => subject.includes(key)).map(({ value }) => value);
          await check(actual, elements);
          context.success.inc();
          return null;
        },
        { elements: asIterable(global), success: counter(ASSERTION_METRIC.name, ASSERTION_METRIC.namespace) },
      );
    });
    this.#pcollection.apply(assertion);
    return this;
  }

  #mustBeEqual(actual: readonly T[], expected: readonly T[], what: string): void {
    const found = difference(actual, expected);
    if (found !== undefined) this.#fail(`${what} does not contain what is expected.\n${describeDifference(found)}`);
  }

  async #mustSatisfy(check: () => unknown, what: string): Promise<void> {
    try {
      await check();
    } catch (thrown) {
      this.#fail(`${what} does not satisfy the check: ${messageOf(thrown)}`, thrown);
    }
  }

  #fail(what: string, cause?: unknown): never {
    throw new GirderError("assertion", what, {
      where: this.#pcollection.id,
      site: this.#site,
      ...(cause === undefined ? {} : { cause }),
    });
  }
}

function boundsOf(window: BoundedWindow): WindowBounds {
  if (window instanceof IntervalWindow) return { start: window.start, end: window.end };
  if (window === GLOBAL_WINDOW) return null;
  throw new GirderError("unsupported", `Assertions do not know windows like ${excerpt(window)}.`, {
    remedy: "Use the global window, or an IntervalWindow.",
  });
}

function nameOf(bounds: WindowBounds): string {
  return bounds === null ? "GlobalWindow" : new IntervalWindow(bounds.start, bounds.end).toString();
}
