/** Assertions about PCollections, which are part of the pipeline and hold on any runner. */
import { type Coder, JS_VALUE_CODER, type KV, KVCoder } from "../../portability/coders/index.js";
import { GirderError, messageOf } from "../../portability/errors.js";
import type { PaneInfo } from "../../portability/execution/pane.js";
import { type BoundedWindow, GLOBAL_WINDOW, IntervalWindow } from "../../portability/execution/window.js";
import { paneInfoParam, windowParam } from "../pipeline/context.js";
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

/** Where an element is: its window, and which of the window's panes. */
interface Place {
  readonly window: WindowBounds;
  readonly pane: PaneInfo;
}

/** What an assertion is about: all elements, or those of one window, or of some panes of it. */
interface Subject {
  readonly what: string;
  includes(place: Place): boolean;
  /** What is wrong with an element being in such a place at all; undefined if nothing is. Default: nothing is. */
  refuses?(place: Place): string | undefined;
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

/** As {@link passert}, of an assertion that stands at a place known already, `file:line:column`. */
export function passertAt<T>(pcollection: PCollection<T>, site: string): PAssert<T> {
  return new PAssert(pcollection, site, EVERYTHING);
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
    return this.#in("Window", window, () => true);
  }

  /** The same assertions about the pane that a window emitted on time. */
  inOnTimePane(window: BoundedWindow): PAssert<T> {
    return this.#in("The pane on time of window", window, ({ timing }) => timing === "ON_TIME");
  }

  /** The same assertions about the panes that a window emitted before its end, together. */
  inEarlyPanes(window: BoundedWindow): PAssert<T> {
    return this.#in("What is early in window", window, ({ timing }) => timing === "EARLY");
  }

  /** The same assertions about the panes that a window emitted after the one on time, together. */
  inLatePanes(window: BoundedWindow): PAssert<T> {
    return this.#in("What is late in window", window, ({ timing }) => timing === "LATE");
  }

  /** The same assertions about all panes of a window that are not late, together. */
  inNonLatePanes(window: BoundedWindow): PAssert<T> {
    return this.#in("What is not late in window", window, ({ timing }) => timing !== "LATE");
  }

  /** The same assertions about the last pane of a window, after which it emits no other. */
  inFinalPane(window: BoundedWindow): PAssert<T> {
    return this.#in("The last pane of window", window, ({ isLast }) => isLast);
  }

  /** The same assertions about the one pane of a window; they fail if it has emitted several. */
  inOnlyPane(window: BoundedWindow): PAssert<T> {
    const refuses = ({ index, isFirst, isLast }: PaneInfo): string | undefined =>
      isFirst && isLast ? undefined : `has more than one pane: there is one with index ${index}`;
    return this.#in("Window", window, () => true, refuses);
  }

  #in(
    what: string,
    window: BoundedWindow,
    includes: (pane: PaneInfo) => boolean,
    refuses: (pane: PaneInfo) => string | undefined = () => undefined,
  ): PAssert<T> {
    const wanted = boundsOf(window);
    const isWanted = (bounds: WindowBounds): boolean => bounds?.start === wanted?.start && bounds?.end === wanted?.end;
    return new PAssert(this.#pcollection, this.#site, {
      what: `${what} ${nameOf(wanted)} of the PCollection`,
      includes: (place) => isWanted(place.window) && includes(place.pane),
      refuses: (place) => (isWanted(place.window) ? refuses(place.pane) : undefined),
    });
  }

  /** `check` does not throw for any window that has elements. */
  perWindow(check: (elements: readonly T[], window: BoundedWindow) => unknown): this {
    return this.#apply("PerWindow", async (_, all) => {
      const windows = new Map<string, { readonly bounds: WindowBounds; readonly elements: T[] }>();
      for (const { key: place, value } of all) {
        const bounds = place?.window ?? null;
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
    check: (actual: readonly T[], all: readonly KV<Place | null, T>[]) => void | Promise<void>,
  ): this {
    const { pipeline } = this.#pcollection;
    const subject = this.#subject;
    assertions.set(pipeline, assertionsOf(pipeline) + 1);
    const assertion = named(`PAssert.${name}`, (input: PCollection<T>) => {
      const coder = new KVCoder(JS_VALUE_CODER as Coder<Place | null>, input.coder ?? (JS_VALUE_CODER as Coder<T>));
      // Looking at windows, a step sees an element once for each: only where windows are what it is about.
      const all = (
        subject === EVERYTHING && name !== "PerWindow"
          ? input.map("WithoutWindow", (value): KV<Place | null, T> => ({ key: null, value }))
          : input.map(
              "WithWindow",
              (value, { window, pane }): KV<Place | null, T> => ({ key: { window: boundsOf(window), pane }, value }),
              { window: windowParam(), pane: paneInfoParam() },
            )
      ) as PCollection<KV<Place | null, T>>;
      const global = all.withCoder(coder).apply(windowInto(globalWindows(), { trigger: defaultTrigger() }));
      return pipeline.root.apply(impulse()).map(
        "Check",
        async (_, context) => {
          const elements = [...context.elements];
          const places = elements.map(({ key }) => key);
          const refusal = places.map((place) => place && subject.refuses?.(place)).find((reason) => reason != null);
          if (refusal != null) this.#fail(`${subject.what} ${refusal}.`);
          const isIncluded = (place: Place | null): boolean => place === null || subject.includes(place);
          const actual = elements.filter(({ key }) => isIncluded(key)).map(({ value }) => value);
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
