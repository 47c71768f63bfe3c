/** Programs as pipelines. */
import { setTimeout as wait } from "node:timers/promises";
import {
  asList,
  asMultimap,
  assignTimestamps,
  type CombineFn,
  type Context,
  coGroupByKey,
  combineGlobally,
  combinePerKey,
  count,
  create,
  type DoFn,
  distinct,
  flatten,
  groupByKey,
  P,
  type PCollection,
  partition,
  type Resolved,
  type Root,
  reshuffle,
  type Timestamped,
  timestampParam,
  windowInto,
  windowParam,
  withKeys,
} from "girder";
import { besides, counted, digest, grouped, joined, kept, mapped, multiplied, shifted } from "./functions.js";
import { MODULUS, type Program, type Step } from "./program.js";

type Numbers = PCollection<number>;

/** All values, sorted: an accumulator that shows it when a value is lost or there twice. */
const digestFn: CombineFn<number, number[], number> = {
  name: "digest",
  createAccumulator: () => [],
  addInput: (values, value) => [...values, value],
  mergeAccumulators: (accumulators) => [...accumulators].flat(),
  extractOutput: digest,
  compact: (values) => values.toSorted((a, b) => a - b),
};

const PLACE = { timestamp: timestampParam(), window: windowParam() } satisfies Context;

/** Holds the elements of a bundle back until its end. */
class HoldBack implements DoFn<number, number, typeof PLACE> {
  #held: Timestamped<number>[] | undefined;

  async setup(): Promise<void> {
    await wait(0);
  }

  startBundle(): void {
    this.#held = [];
  }

  process(value: number, { timestamp, window }: Resolved<typeof PLACE>): void {
    this.#held!.push({ value, timestamp, window });
  }

  finishBundle(): Timestamped<number>[] {
    const held = this.#held!;
    this.#held = undefined;
    return held;
  }
}

/** Applies a program to the root of a pipeline. Returns its collections, in the order of their numbers. */
export function build(program: Program, root: Root): Numbers[] {
  const collections: Numbers[] = [];
  for (const step of program) collections.push(...buildStep(step, root, collections));
  return collections;
}

function buildStep(step: Step, root: Root, collections: readonly Numbers[]): Numbers[] {
  const of = (number: number): Numbers => collections[number]!;
  switch (step.op) {
    case "source":
      return [
        root
          .apply(create(step.elements))
          .apply(assignTimestamps(({ timestamp }) => timestamp))
          .map(({ value }) => value),
      ];
    case "window": {
      const { shift } = step;
      const moved = of(step.input).apply(
        assignTimestamps((value, { timestamp }) => shifted(value, timestamp, shift), { timestamp: timestampParam() }),
      );
      return [moved.apply(windowInto(step.windowFn))];
    }
    case "partition":
      return of(step.input).apply(partition((value) => value % step.into, step.into as number));
    case "combines": {
      const keyed = keyedBy(of(step.input), step.keys);
      const digests = keyed.apply(combinePerKey(digestFn));
      const counts = keyed.apply(combinePerKey(count));
      return [
        digests.map(({ key, value }) => (key * 100 + value) % MODULUS),
        counts.map(({ key, value }) => counted(key, value)),
      ];
    }
    case "flatten":
      return [P(step.inputs.map(of)).apply(flatten())];
    case "coGroup": {
      const keyed = (number: number) => of(number).apply(withKeys((value) => value % step.keys));
      const groups = P({ left: keyed(step.left), right: keyed(step.right) }).apply(coGroupByKey());
      return [groups.map(({ key, value: { left, right } }) => joined(key, left, right))];
    }
    case "sideInput": {
      const [main, side] = [of(step.input), of(step.side)];
      if (step.view === "list") return [main.map((value, { all }) => besides(value, all), { all: asList(side) })];
      const keyed = side.apply(withKeys((value) => value % 5));
      return [main.map((value, { byKey }) => besides(value, byKey.get(value % 5) ?? []), { byKey: asMultimap(keyed) })];
    }
    default:
      return [buildSimple(step, of(step.input))];
  }
}

type Simple = Exclude<
  Step,
  { op: "source" | "combines" | "flatten" | "coGroup" | "partition" | "window" | "sideInput" }
>;

function buildSimple(step: Simple, input: Numbers): Numbers {
  switch (step.op) {
    case "map":
      return input.map((value) => mapped(value, step.salt));
    case "asyncMap":
      return input.map(async (value) => {
        if (value % 4 === 0) await wait(0);
        return mapped(value, step.salt);
      });
    case "filter":
      return input.filter((value) => kept(value, step.salt));
    case "asyncFilter":
      return input.filter(async (value) => kept(value, step.salt));
    case "flatMap":
      return input.flatMap((value) => multiplied(value, step.salt));
    case "asyncGenerator":
      return input.flatMap(async function* (value) {
        for (const output of multiplied(value, step.salt)) {
          yield output;
          await null;
        }
      });
    case "bundled":
      return input.parDo(new HoldBack(), PLACE);
    case "reshuffle":
      return input.apply(reshuffle());
    case "groupByKey":
      return keyedBy(input, step.keys)
        .apply(groupByKey())
        .map(({ key, value }) => grouped(key, value));
    case "combinePerKey":
    case "combineWithFanout": {
      const fanout = step.op === "combinePerKey" ? 1 : 3;
      return keyedBy(input, step.keys)
        .apply(combinePerKey(digestFn, { fanout }))
        .map(({ key, value }) => (key * 100 + value) % MODULUS);
    }
    case "distinct":
      return input.apply(distinct());
    case "combineGlobally":
      return input.apply(combineGlobally(digestFn));
  }
}

function keyedBy(input: Numbers, keys: number) {
  return input.apply(withKeys((value) => value % keys));
}
