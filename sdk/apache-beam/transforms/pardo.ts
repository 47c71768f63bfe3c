/**
 * Functions over elements, and what they may ask for beside their element.
 *
 * @module girder/apache-beam/transforms/pardo
 */
import type Long from "long";
import { GirderError } from "../../../portability/errors.js";
import type { PaneInfo as GirderPane } from "../../../portability/execution/pane.js";
import type { BoundedWindow } from "../../../portability/execution/window.js";
import {
  type ContextParam,
  SideInputParam as GirderSideInput,
  paneInfoParam as girderPaneInfo,
  timestampParam as girderTimestamp,
  windowParam as girderWindow,
} from "../../pipeline/context.js";
import type { DoFn as GirderDoFn, RoutedOutputs, Timestamped } from "../../pipeline/do-fn.js";
import { addParDo } from "../../pipeline/element-wise.js";
import {
  type Counter as GirderCounter,
  type Distribution as GirderDistribution,
  counter as girderCounter,
  distribution as girderDistribution,
} from "../../pipeline/metrics.js";
import { partition as girderPartition } from "../../transforms/partition.js";
import { addContext, bindContext, extractContext, ParDoParam } from "../adapt/contexts.js";
import { toInstant, toLong } from "../adapt/instants.js";
import { stepName } from "../adapt/names.js";
import { standIn } from "../adapt/stand-in.js";
import { unsupported } from "../adapt/unsupported.js";
import { officialPane, officialWindow, girderWindow as toGirderWindow } from "../adapt/windows.js";
import { PCollection } from "../pvalue.js";
import type { Instant, PaneInfo, Window, WindowedValue } from "../values.js";
import type { PTransform } from "./transform.js";
import { withName } from "./transform.js";

export { ParDoParam };

// biome-ignore lint/suspicious/noConfusingVoidType: a function that returns nothing has type void.
type Outputs<O> = Iterable<O> | void;

/** A function over elements with a beginning and an end of each bundle. */
export interface DoFn<InputT, OutputT, ContextT = undefined> {
  /** The name of the step, unless it is given another one. */
  beamName?: string;
  process(element: InputT, context: ContextT): Outputs<OutputT>;
  startBundle?(context: ContextT): void;
  /** What it returns is output with the timestamp and in the windows that it says. */
  finishBundle?(context: ContextT): Outputs<WindowedValue<OutputT>>;
}

/** Applies a {@link DoFn} to each element. The context, if there is one, is handed to its methods with its parameters bound. */
export function parDo<InputT, OutputT, ContextT extends object | undefined = undefined>(
  doFn: DoFn<InputT, OutputT, ContextT>,
  context?: ContextT,
): PTransform<PCollection<InputT>, PCollection<OutputT>> {
  const title = stepName("parDo", doFn.beamName === undefined ? doFn.constructor : doFn);
  return withName(title === "parDo(Object)" ? "parDo" : title, (input: PCollection<InputT>) => {
    const { context: own, view = () => undefined } = bindContext(context, extractContext(doFn));
    const bound = new BoundDoFn(doFn, view as (resolved: object) => ContextT) as GirderDoFn<never, unknown>;
    const { girder } = input;
    return new PCollection(
      girder.pipeline.parDo<OutputT>(girder, { kind: "doFn", doFn: bound, context: own }, undefined),
    );
  });
}

/** An author's DoFn as Girder calls it. */
class BoundDoFn<I, O, C> implements GirderDoFn<I, O> {
  readonly process: GirderDoFn<I, O>["process"];
  readonly startBundle?: (resolved: object) => void;
  readonly finishBundle?: (resolved: object) => Iterable<Timestamped<O>>;

  constructor(doFn: DoFn<I, O, C>, view: (resolved: object) => C) {
    this.process = standIn((element: I, resolved: object) => doFn.process(element, view(resolved)), doFn.process);
    if (doFn.startBundle !== undefined) this.startBundle = (resolved) => doFn.startBundle!(view(resolved));
    if (doFn.finishBundle !== undefined) {
      this.finishBundle = function* (resolved) {
        for (const { value, timestamp, windows } of doFn.finishBundle!(view(resolved)) ?? []) {
          for (const window of windows) {
            yield { value, timestamp: toInstant(timestamp), window: toGirderWindow(window) };
          }
        }
      };
    }
  }
}

/** What {@link split} does with elements of tags that it was not given. */
export type SplitOptions = {
  /** Tags that elements may have. Default: those that are split by. Elements of the others of them are left out. */
  knownTags?: string[];
  /** Default `error`. */
  unknownTagBehavior?: "error" | "ignore" | "rename" | undefined;
  /** The tag that unknown ones are taken for with `rename`. */
  unknownTagName?: string;
  /** Whether each element must have exactly one tag. Default true. */
  exclusive?: boolean;
};

/** A PCollection for each property that elements of type `X` may have. */
export type Split<X> = { [P in keyof X]-?: PCollection<Exclude<X[P], undefined>> };

/** Elements `{ tag: value }` dealt out to a PCollection of values for each tag. */
export function split<X extends { [key: string]: unknown }>(
  tags: string[],
  options: SplitOptions = {},
): PTransform<PCollection<X>, Split<X>> {
  const { exclusive = true, unknownTagBehavior = "error", unknownTagName } = options;
  const outputs = new Set(tags);
  if (unknownTagBehavior === "rename") {
    if (unknownTagName === undefined) {
      throw new GirderError("invalid-argument", "split was not told what unknown tags are to be called.", {
        remedy: "Give unknownTagName.",
      });
    }
    outputs.add(unknownTagName);
  }
  const known = new Set(options.knownTags ?? outputs);
  const tagOf = (tag: string): string | undefined => {
    if (known.has(tag)) return tag;
    if (unknownTagBehavior === "rename") return unknownTagName;
    if (unknownTagBehavior === "ignore") return undefined;
    throw new RangeError(`The element has the tag "${tag}", which is not one of ${[...known].join(", ")}.`);
  };
  const route = (element: X): RoutedOutputs => {
    const entries = Object.entries(element);
    if (exclusive && entries.length !== 1) {
      throw new RangeError(`The element has ${entries.length} tags where it must have one: say { exclusive: false }.`);
    }
    return entries.flatMap(([own, value]) => {
      const tag = tagOf(own);
      return tag !== undefined && outputs.has(tag) ? [{ tag, value }] : [];
    });
  };
  return withName(`Split(${tags})`, (input: PCollection<X>) => {
    const coders = Object.fromEntries([...outputs].map((tag) => [tag, undefined]));
    const { girder } = input;
    const routed = addParDo(girder.pipeline, girder, { kind: "route", fn: route, context: {} }, coders);
    return Object.fromEntries(
      Object.entries(routed).map(([tag, pcollection]) => [tag, new PCollection(pcollection)]),
    ) as Split<X>;
  });
}

/** The elements dealt out to `numPartitions` PCollections, by the number that `partitionFn` gives for each, from 0. */
export function partition<T>(
  partitionFn: (element: T, numPartitions: number) => number,
  numPartitions: number,
): PTransform<PCollection<T>, PCollection<T>[]> {
  return withName("partition", (input: PCollection<T>) =>
    girderPartition(partitionFn, numPartitions)(input.girder).map((part) => new PCollection<T>(part)),
  );
}

/** Gives a function or DoFn a context wherever it is applied. What it is applied with counts before that. */
export function withContext<
  ContextT,
  T extends DoFn<never, unknown, ContextT> | ((input: never, context: ContextT) => unknown),
>(fn: T, contextSpec: ContextT): T {
  return addContext(fn, contextSpec);
}

/** A parameter that is asked. */
export abstract class ParDoLookupParam<T> extends ParDoParam {
  /** What it stands for, for the element that is being processed. */
  abstract lookup(): T;
}

/** A parameter that is told. */
export abstract class ParDoUpdateParam<T> extends ParDoParam {
  abstract update(value: T): void;
}

class ElementLookup<G, T> extends ParDoLookupParam<T> {
  constructor(
    name: string,
    readonly girder: ContextParam<G>,
    private readonly convert: (value: G) => T,
  ) {
    super(name);
  }

  lookup(): T {
    return this.convert(this.current() as G);
  }
}

/** The element's window. An element in several is processed once for each. */
export function windowParam(): ParDoLookupParam<Window> {
  return new ElementLookup<BoundedWindow, Window>("window", girderWindow(), officialWindow);
}

/** The element's event time. */
export function timestampParam(): ParDoLookupParam<Instant> {
  return new ElementLookup<number, Long>("timestamp", girderTimestamp(), toLong);
}

/** Which firing of its window the element comes from. */
export function paneInfoParam(): ParDoLookupParam<PaneInfo> {
  return new ElementLookup<GirderPane, PaneInfo>("paneinfo", girderPaneInfo(), officialPane);
}

/** How a side input is read. */
export interface SideInputAccessor<AccessorT, ValueT> {
  /** URN of the access pattern: `beam:side_input:iterable:v1`. */
  accessPattern: string;
  /** Makes of what was read what `lookup` gives. Called once for each window. */
  toValue(read: AccessorT): ValueT;
}

/** Another PCollection, read whole for the window of each element. */
export class SideInputParam<PCollT, AccessorT, ValueT> extends ParDoLookupParam<ValueT> {
  readonly girder: ContextParam<ValueT>;

  /** @throws GirderError `unsupported` for another access pattern than `beam:side_input:iterable:v1`. */
  constructor(
    readonly pcoll: PCollection<PCollT>,
    readonly accessor: SideInputAccessor<AccessorT, ValueT>,
  ) {
    super("sideInput");
    if (accessor.accessPattern !== "beam:side_input:iterable:v1") {
      throw unsupported(
        `There is no side input that is read by ${accessor.accessPattern}.`,
        "Use iterableSideInput or singletonSideInput, or asMap and asMultimap of girder.",
      );
    }
    const view = (elements: readonly unknown[]): ValueT => accessor.toValue(elements as AccessorT);
    this.girder = new GirderSideInput(pcoll.girder, view, "iterable");
  }

  lookup(): ValueT {
    return this.current() as ValueT;
  }
}

/** All elements, in no order. They may be gone through as often as one likes. */
export function iterableSideInput<T>(pcoll: PCollection<T>): SideInputParam<T, Iterable<T>, Iterable<T>> {
  return new SideInputParam<T, Iterable<T>, Iterable<T>>(pcoll, {
    accessPattern: "beam:side_input:iterable:v1",
    toValue: (elements) => elements,
  });
}

/** The only element, or the default where there is none. Any other number of elements is an error when the function is called. */
export function singletonSideInput<T>(pcoll: PCollection<T>, defaultValue?: T): SideInputParam<T, Iterable<T>, T> {
  return new SideInputParam<T, Iterable<T>, T>(pcoll, {
    accessPattern: "beam:side_input:iterable:v1",
    toValue(elements) {
      const all = Array.from(elements);
      if (all.length === 1) return all[0]!;
      if (all.length === 0 && defaultValue !== undefined && defaultValue !== null) return defaultValue;
      throw new GirderError("user-exception", `A singleton side input has ${all.length} elements.`, {
        where: pcoll.girder.id,
        remedy: "Combine them into one first, or give a default as the second argument.",
      });
    },
  });
}

const COUNTER = "beam:metric:user:sum_int64:v1";
const DISTRIBUTION = "beam:metric:user:distribution_int64:v1";

/** A metric of the step. */
export class Metric<T extends number> extends ParDoUpdateParam<T> {
  readonly girder: ContextParam<GirderCounter | GirderDistribution>;

  /**
   * @param metricType URN of what it measures: a sum or a distribution of integers.
   * @throws GirderError `unsupported` for another one.
   */
  constructor(
    readonly metricType: string,
    readonly name: string,
  ) {
    super("metric");
    if (metricType === COUNTER) this.girder = girderCounter(name);
    else if (metricType === DISTRIBUTION) this.girder = girderDistribution(name);
    else throw unsupported(`There is no metric of the type ${metricType}.`, "Use counter or distribution.");
  }

  update(value: T): void {
    const handle = this.current() as GirderCounter | GirderDistribution;
    if ("inc" in handle) handle.inc(value);
    else handle.update(value);
  }
}

/** A sum of whole numbers. */
export class Counter extends Metric<number> {
  constructor(name: string) {
    super(COUNTER, name);
  }

  increment(value = 1): void {
    this.update(value);
  }
}

export function counter(name: string): Counter {
  return new Counter(name);
}

/** Count, sum, least and greatest of whole numbers. */
export function distribution(name: string): Metric<number> {
  return new Metric(DISTRIBUTION, name);
}
