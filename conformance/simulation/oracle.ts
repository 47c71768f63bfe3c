/** What programs compute, over plain arrays: sorts and groups naively, knows no bundles, batches or watermarks. */
import { type BoundedWindow, GLOBAL_WINDOW, IntervalWindow, MIN_TIMESTAMP, type WindowFn } from "girder";
import { besides, counted, digest, grouped, joined, kept, mapped, multiplied, shifted } from "./functions.js";
import type { Program, Step } from "./program.js";

/** An element in one of its windows. */
export interface PlainElement {
  readonly value: number;
  readonly timestamp: number;
  readonly window: BoundedWindow;
}

type Elements = readonly PlainElement[];

interface Plain {
  readonly elements: Elements;
  readonly windowFn: WindowFn;
}

/** The contents of all collections of a program, in the order of their numbers. */
export function evaluate(program: Program): Elements[] {
  const collections: Plain[] = [];
  for (const step of program) collections.push(...evaluateStep(step, collections));
  return collections.map(({ elements }) => elements);
}

function evaluateStep(step: Step, collections: readonly Plain[]): Plain[] {
  const of = (number: number): Plain => collections[number]!;
  if (step.op === "source") {
    const elements = step.elements.map((element) => ({ ...element, window: GLOBAL_WINDOW }));
    return [{ elements, windowFn: { kind: "global" } }];
  }
  if (step.op === "flatten") {
    return [{ ...of(step.inputs[0]!), elements: step.inputs.flatMap((input) => of(input).elements) }];
  }
  if (step.op === "coGroup") {
    const tag = (side: number) => of(side).elements.map((element) => ({ ...element, side }));
    // One collection may be on both sides.
    const left = tag(step.left).map((element) => ({ ...element, isLeft: true }));
    const right = tag(step.right).map((element) => ({ ...element, isLeft: false }));
    const elements = groupsOf([...left, ...right], of(step.left).windowFn, ({ value }) => value % step.keys).map(
      ({ key, window, members }) => {
        const valuesOf = (isLeft: boolean) =>
          members.filter((each) => each.isLeft === isLeft).map(({ value }) => value);
        return { value: joined(key, valuesOf(true), valuesOf(false)), timestamp: window.maxTimestamp, window };
      },
    );
    return [{ ...of(step.left), elements }];
  }
  const input = of(step.input);
  if (step.op === "partition") {
    return Array.from({ length: step.into }, (_, i) => ({
      ...input,
      elements: input.elements.filter(({ value }) => value % step.into === i),
    }));
  }
  if (step.op === "combines") {
    const groups = groupsOf(input.elements, input.windowFn, ({ value }) => value % step.keys);
    const outputs = [
      (key: number, values: readonly number[]) => grouped(key, values),
      (key: number, values: readonly number[]) => counted(key, values.length),
    ];
    return outputs.map((output) => ({
      ...input,
      elements: groups.map(({ key, window, members }) => ({
        value: output(key, valuesOf(members)),
        timestamp: window.maxTimestamp,
        window,
      })),
    }));
  }
  if (step.op === "window") {
    const elements = input.elements.flatMap(({ value, timestamp: before }) => {
      const timestamp = shifted(value, before, step.shift);
      return windowsAt(step.windowFn, timestamp).map((window) => ({ value, timestamp, window }));
    });
    return [{ elements, windowFn: step.windowFn }];
  }
  if (step.op === "sideInput") {
    const side = of(step.side);
    const elements = input.elements.map((element) => {
      const window = sideWindow(side.windowFn, element.window);
      const inWindow = side.elements.filter((each) => String(each.window) === String(window));
      const seen = step.view === "list" ? inWindow : inWindow.filter(({ value }) => value % 5 === element.value % 5);
      return { ...element, value: besides(element.value, valuesOf(seen)) };
    });
    return [{ ...input, elements }];
  }
  return [{ ...input, elements: evaluateSimple(step, input) }];
}

type Simple = Exclude<
  Step,
  { op: "source" | "combines" | "flatten" | "coGroup" | "partition" | "window" | "sideInput" }
>;

function evaluateSimple(step: Simple, { elements, windowFn }: Plain): Elements {
  const grouping = (keys: number, output: (key: number, values: number[]) => number): Elements =>
    groupsOf(elements, windowFn, ({ value }) => value % keys).map(({ key, window, members }) => ({
      value: output(key, valuesOf(members)),
      timestamp: window.maxTimestamp,
      window,
    }));
  switch (step.op) {
    case "map":
    case "asyncMap":
      return elements.map((element) => ({ ...element, value: mapped(element.value, step.salt) }));
    case "filter":
    case "asyncFilter":
      return elements.filter(({ value }) => kept(value, step.salt));
    case "flatMap":
    case "asyncGenerator":
      return elements.flatMap((element) =>
        multiplied(element.value, step.salt).map((value): PlainElement => ({ ...element, value })),
      );
    case "bundled":
    case "reshuffle":
      return elements;
    case "groupByKey":
      return grouping(step.keys, grouped);
    case "combinePerKey":
    case "combineWithFanout":
      return grouping(step.keys, (key, values) => grouped(key, values));
    case "distinct":
      return groupsOf(elements, windowFn, ({ value }) => value).map(({ key, window }) => ({
        value: key,
        timestamp: window.maxTimestamp,
        window,
      }));
    case "combineGlobally":
      // Nothing combined is something in the global window, at the time when the pipeline began.
      if (windowFn.kind === "global") {
        return [{ value: digest(valuesOf(elements)), timestamp: MIN_TIMESTAMP, window: GLOBAL_WINDOW }];
      }
      return grouping(1, (_, values) => digest(values));
  }
}

function valuesOf(elements: Elements): number[] {
  return elements.map(({ value }) => value);
}

interface Group<E> {
  readonly key: number;
  readonly window: BoundedWindow;
  readonly members: readonly E[];
}

function groupsOf<E extends PlainElement>(
  elements: readonly E[],
  windowFn: WindowFn,
  keyOf: (element: E) => number,
): Group<E>[] {
  const groups: Group<E>[] = [];
  for (const key of new Set(elements.map(keyOf))) {
    const ofKey = elements.filter((element) => keyOf(element) === key);
    if (windowFn.kind === "sessions") groups.push(...sessionsOf(key, ofKey));
    else {
      for (const name of new Set(ofKey.map(({ window }) => String(window)))) {
        const members = ofKey.filter(({ window }) => String(window) === name);
        groups.push({ key, window: members[0]!.window, members });
      }
    }
  }
  return groups;
}

/** Sessions by sorting: each begins where an element comes after the end of all before it. */
function sessionsOf<E extends PlainElement>(key: number, elements: readonly E[]): Group<E>[] {
  const found: { start: number; end: number; members: E[] }[] = [];
  const interval = ({ window }: E): IntervalWindow => window as IntervalWindow;
  for (const element of elements.toSorted((a, b) => interval(a).start - interval(b).start)) {
    const { start, end } = interval(element);
    const last = found.at(-1);
    if (last !== undefined && start < last.end) {
      last.end = Math.max(last.end, end);
      last.members.push(element);
    } else found.push({ start, end, members: [element] });
  }
  return found.map(({ start, end, members }) => ({ key, window: new IntervalWindow(start, end), members }));
}

/** Tries every window that might hold the instant. */
export function windowsAt(windowFn: WindowFn, timestamp: number): BoundedWindow[] {
  switch (windowFn.kind) {
    case "global":
      return [GLOBAL_WINDOW];
    case "sessions":
      return [new IntervalWindow(timestamp, timestamp + windowFn.gap)];
    default: {
      const { size, offset } = windowFn;
      const period = windowFn.kind === "fixed" ? size : windowFn.period;
      const windows: IntervalWindow[] = [];
      for (let start = timestamp - size + 1; start <= timestamp; start++) {
        if (Number.isInteger((start - offset) / period)) windows.push(new IntervalWindow(start, start + size));
      }
      return windows;
    }
  }
}

/** The first of the side input's windows that hold the last instant of the main input's. */
function sideWindow(windowFn: WindowFn, main: BoundedWindow): BoundedWindow {
  return windowFn.kind === "global" ? GLOBAL_WINDOW : windowsAt(windowFn, main.maxTimestamp)[0]!;
}
