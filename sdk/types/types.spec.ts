/** What the compiler knows of pipelines. Nothing here runs more than construction: a wrong type fails the build. */
import { expectTypeOf } from "expect-type";
import {
  asIterable,
  asList,
  asMap,
  assignTimestamps,
  type BagState,
  bagState,
  batchElements,
  bundleFinalizer,
  coGroupBy,
  coGroupByKey,
  combineGlobally,
  combinePerKey,
  combiningState,
  count,
  counter,
  countGlobally,
  countPerElement,
  countPerKey,
  create,
  type DoFn,
  distinct,
  type EventTimer,
  eventTimer,
  eventTimers,
  type FiredTimer,
  fixedWindows,
  flatten,
  groupBy,
  groupByKey,
  groupGlobally,
  groupIntoBatches,
  type KV,
  keys,
  kvSwap,
  largestPerKey,
  latestPerKey,
  mapState,
  max,
  mean,
  multimapState,
  orderedListState,
  P,
  type PCollection,
  Pipeline,
  type ProcessingTimer,
  paneInfoParam,
  partition,
  processingTimer,
  type Reified,
  type Resolved,
  regex,
  reify,
  reshuffle,
  setState,
  singleton,
  split,
  sum,
  type TimerParam,
  timestampParam,
  toList,
  topPerKey,
  toStringElements,
  tuple,
  valueState,
  values,
  waitOn,
  windowInto,
  windowParam,
  withKeys,
  withResourceHints,
} from "../index.js";
import type { ContextParam } from "../pipeline/context.js";
import type { Counter } from "../pipeline/metrics.js";
import { testStream, testStreams } from "../testing/index.js";

interface Order {
  readonly customer: string;
  readonly total: number;
  readonly paid: boolean;
}

const { root } = new Pipeline();
const numbers = root.apply(create([1, 2, 3]));
const words = root.apply(create(["a", "b"]));
const orders = root.apply(create<Order>([]));
const pairs = root.apply(create([{ key: "a", value: 1 }]));

describe("types", () => {
  it("flow through create, map, flatMap and filter", () => {
    expectTypeOf(numbers).toEqualTypeOf<PCollection<number>>();
    expectTypeOf(numbers.map((x) => String(x))).toEqualTypeOf<PCollection<string>>();
    expectTypeOf(numbers.map(async (x) => String(x))).toEqualTypeOf<PCollection<string>>();
    expectTypeOf(words.flatMap((line) => line.split(" "))).toEqualTypeOf<PCollection<string>>();
    expectTypeOf(
      words.flatMap(function* (line) {
        yield line.length;
      }),
    ).toEqualTypeOf<PCollection<number>>();
    expectTypeOf(
      words.flatMap(async function* (line) {
        yield line.length;
      }),
    ).toEqualTypeOf<PCollection<number>>();
    expectTypeOf(numbers.filter((x) => x > 1)).toEqualTypeOf<PCollection<number>>();
    const mixed = root.apply(create<string | number>(["a", 1]));
    expectTypeOf(mixed.filter((x): x is string => typeof x === "string")).toEqualTypeOf<PCollection<string>>();
    expectTypeOf(numbers.map("Named", (x) => x > 1)).toEqualTypeOf<PCollection<boolean>>();
  });

  it("flow through contexts", () => {
    const mapped = words.map(
      (word, { at, window, pane, seen, others, total, byName, plain }) => {
        expectTypeOf(at).toEqualTypeOf<number>();
        expectTypeOf(window.maxTimestamp).toEqualTypeOf<number>();
        expectTypeOf(pane.isLast).toEqualTypeOf<boolean>();
        expectTypeOf(seen).toEqualTypeOf<Counter>();
        expectTypeOf(others).toEqualTypeOf<readonly number[]>();
        expectTypeOf(total).toEqualTypeOf<number>();
        expectTypeOf(byName).toEqualTypeOf<ReadonlyMap<string, number>>();
        expectTypeOf(plain).toEqualTypeOf<number>();
        return word.length + total;
      },
      {
        at: timestampParam(),
        window: windowParam(),
        pane: paneInfoParam(),
        seen: counter("seen"),
        others: asList(numbers),
        total: singleton(numbers.apply(combineGlobally(sum))),
        byName: asMap(root.apply("Pairs for the map", create([{ key: "a", value: 1 }]))),
        plain: 3,
      },
    );
    expectTypeOf(mapped).toEqualTypeOf<PCollection<number>>();
    expectTypeOf(
      words.filter((word, { all }) => Array.from(all).includes(word.length), { all: asIterable(numbers) }),
    ).toEqualTypeOf<PCollection<string>>();
  });

  it("flow through groupBy", () => {
    expectTypeOf(orders.apply(groupBy("customer"))).toEqualTypeOf<PCollection<KV<string, Iterable<Order>>>>();
    expectTypeOf(orders.apply(groupBy((order) => order.total > 5))).toEqualTypeOf<
      PCollection<KV<boolean, Iterable<Order>>>
    >();
    expectTypeOf(orders.apply(groupBy({ who: "customer", large: (order: Order) => order.total > 5 }))).toEqualTypeOf<
      PCollection<KV<{ readonly who: string; readonly large: boolean }, Iterable<Order>>>
    >();
    expectTypeOf(orders.apply(groupGlobally())).toEqualTypeOf<PCollection<Iterable<Order>>>();
    expectTypeOf(words.apply(groupBy(async (word) => word.length))).toEqualTypeOf<
      PCollection<KV<number, Iterable<string>>>
    >();
  });

  it("flow through combining", () => {
    expectTypeOf(orders.apply(groupBy("customer").combining("total", mean, "average"))).toEqualTypeOf<
      PCollection<{ readonly customer: string; readonly average: number }>
    >();
    expectTypeOf(
      orders.apply(
        groupBy("customer", "who").combining("total", max, "largest").combining("total", tuple(sum, count), "both"),
      ),
    ).toEqualTypeOf<PCollection<{ readonly who: string; readonly largest: number; readonly both: [number, number] }>>();
    expectTypeOf(
      orders.apply(
        groupBy((order: Order) => order.total > 5, "large")
          .combining("customer", toList(), "customers")
          .combining((order: Order) => order.total * 2, sum, "twice"),
      ),
    ).toEqualTypeOf<PCollection<{ readonly large: boolean; readonly customers: string[]; readonly twice: number }>>();
    expectTypeOf(
      orders.apply(groupBy({ who: "customer", paid: "paid" }).combining("total", sum, "total")),
    ).toEqualTypeOf<PCollection<{ readonly who: string; readonly paid: boolean; readonly total: number }>>();
    expectTypeOf(
      orders.apply(groupGlobally().combining("total", sum, "total").combining("customer", count, "orders")),
    ).toEqualTypeOf<PCollection<{ readonly total: number; readonly orders: number }>>();
  });

  it("flow through pairs and combines", () => {
    expectTypeOf(pairs.apply(groupByKey())).toEqualTypeOf<PCollection<KV<string, Iterable<number>>>>();
    expectTypeOf(pairs.apply(combinePerKey(mean))).toEqualTypeOf<PCollection<KV<string, number>>>();
    expectTypeOf(pairs.apply(combinePerKey(sum, { fanout: (key) => key.length }))).toEqualTypeOf<
      PCollection<KV<string, number>>
    >();
    expectTypeOf(pairs.apply(keys())).toEqualTypeOf<PCollection<string>>();
    expectTypeOf(pairs.apply(values())).toEqualTypeOf<PCollection<number>>();
    expectTypeOf(pairs.apply(kvSwap())).toEqualTypeOf<PCollection<KV<number, string>>>();
    expectTypeOf(words.apply(withKeys((word) => word.length))).toEqualTypeOf<PCollection<KV<number, string>>>();
    expectTypeOf(words.apply(withKeys("constant"))).toEqualTypeOf<PCollection<KV<"constant", string>>>();
    expectTypeOf(words.apply(countPerElement())).toEqualTypeOf<PCollection<KV<string, number>>>();
    expectTypeOf(pairs.apply(countPerKey())).toEqualTypeOf<PCollection<KV<string, number>>>();
    expectTypeOf(words.apply(countGlobally())).toEqualTypeOf<PCollection<number>>();
    expectTypeOf(pairs.apply(latestPerKey())).toEqualTypeOf<PCollection<KV<string, number>>>();
    expectTypeOf(pairs.apply(largestPerKey(2))).toEqualTypeOf<PCollection<KV<string, number[]>>>();
    expectTypeOf(pairs.apply(topPerKey(2, (a, b) => a - b))).toEqualTypeOf<PCollection<KV<string, number[]>>>();
    expectTypeOf(pairs.apply(groupIntoBatches(2))).toEqualTypeOf<PCollection<KV<string, readonly number[]>>>();
  });

  it("flow through joins", () => {
    const ages = root.apply("Ages", create([{ key: "a", value: { age: 7 } }]));
    expectTypeOf(P({ pairs, ages }).apply(coGroupByKey())).toEqualTypeOf<
      PCollection<KV<string, { readonly pairs: Iterable<number>; readonly ages: Iterable<{ age: number }> }>>
    >();
    const people = root.apply("People", create([{ customer: "a", age: 7 }]));
    const joined = P({ orders, people }).apply(coGroupBy("customer"));
    expectTypeOf(joined).toEqualTypeOf<
      PCollection<
        KV<string, { readonly orders: Iterable<Order>; readonly people: Iterable<{ customer: string; age: number }> }>
      >
    >();
    const byEach = P({ orders, people }).apply(coGroupBy({ orders: "total", people: (person) => person.age }));
    expectTypeOf(byEach).toEqualTypeOf<
      PCollection<
        KV<number, { readonly orders: Iterable<Order>; readonly people: Iterable<{ customer: string; age: number }> }>
      >
    >();
  });

  it("flow through partition, split and flatten", () => {
    const [even, odd] = numbers.apply(partition((x, n) => x % n, 2));
    expectTypeOf(even).toEqualTypeOf<PCollection<number>>();
    expectTypeOf(odd).toEqualTypeOf<PCollection<number>>();
    const [below] = numbers.apply(
      partition(
        (x, _, { at }) => {
          expectTypeOf(at).toEqualTypeOf<number>();
          return x < at ? 0 : 1;
        },
        2,
        { at: timestampParam() },
      ),
    );
    expectTypeOf(below).toEqualTypeOf<PCollection<number>>();
    const some: number = 2;
    expectTypeOf(numbers.apply(partition((x) => x, some))).toEqualTypeOf<PCollection<number>[]>();
    const parsed = words.map((word): { word: string } | { error: Error } =>
      word === "" ? { error: new Error() } : { word },
    );
    const { word, error } = parsed.apply(split("word", "error"));
    expectTypeOf(word).toEqualTypeOf<PCollection<string>>();
    expectTypeOf(error).toEqualTypeOf<PCollection<Error>>();
    expectTypeOf(P([words, numbers]).apply(flatten())).toEqualTypeOf<PCollection<string | number>>();
  });

  it("flow through what changes no elements", () => {
    expectTypeOf(words.apply(windowInto(fixedWindows(10)))).toEqualTypeOf<PCollection<string>>();
    const byLength = { assign: (word: string, at: number) => ({ length: word.length, maxTimestamp: at }) };
    expectTypeOf(words.apply(windowInto(byLength))).toEqualTypeOf<PCollection<string>>();
    // @ts-expect-error: windows of words are none of numbers.
    numbers.apply(windowInto(byLength));
    const inline = orders.apply(
      windowInto({ assign: ({ customer, total }, at) => ({ customer, maxTimestamp: at + total }) }),
    );
    expectTypeOf(inline).toEqualTypeOf<PCollection<Order>>();
    expectTypeOf(words.apply(assignTimestamps((word) => word.length))).toEqualTypeOf<PCollection<string>>();
    expectTypeOf(words.apply(reshuffle())).toEqualTypeOf<PCollection<string>>();
    expectTypeOf(words.apply(distinct((word) => word.length))).toEqualTypeOf<PCollection<string>>();
    expectTypeOf(words.apply(waitOn(numbers))).toEqualTypeOf<PCollection<string>>();
    expectTypeOf(words.apply(withResourceHints(distinct(), { cpuCount: 2 }))).toEqualTypeOf<PCollection<string>>();
    const hinted = withResourceHints(groupBy("customer").combining("total", mean, "average"), { cpuCount: 1 });
    expectTypeOf(orders.apply(hinted)).toEqualTypeOf<
      PCollection<{ readonly customer: string; readonly average: number }>
    >();
    expectTypeOf(words.apply("Named distinct", distinct())).toEqualTypeOf<PCollection<string>>();
  });

  it("flow through the rest", () => {
    expectTypeOf(words.apply(reify())).toEqualTypeOf<PCollection<Reified<string>>>();
    expectTypeOf(words.apply(batchElements({ max: 3 }))).toEqualTypeOf<PCollection<readonly string[]>>();
    expectTypeOf(numbers.apply(toStringElements())).toEqualTypeOf<PCollection<string>>();
    expectTypeOf(words.apply(regex.matchesKV(/(.)(.)/, 1, 2))).toEqualTypeOf<PCollection<KV<string, string>>>();
    expectTypeOf(words.apply((input) => input.map((word) => word.length))).toEqualTypeOf<PCollection<number>>();
    expectTypeOf(words.apply((input) => ({ input, lengths: input.map((word) => word.length) }))).toEqualTypeOf<{
      input: PCollection<string>;
      lengths: PCollection<number>;
    }>();
  });

  it("flow through state and timers", () => {
    const outputs = pairs.parDo(
      {
        process({ key, value }, { last, all, total, distinctOnes, byName, byDay, history, flush, later, each, done }) {
          expectTypeOf(last.read()).toEqualTypeOf<number | undefined>();
          expectTypeOf(all.read()).toEqualTypeOf<readonly string[]>();
          expectTypeOf(total.add).parameter(0).toEqualTypeOf<number>();
          expectTypeOf(total.read()).toEqualTypeOf<number>();
          expectTypeOf(distinctOnes.has).parameter(0).toEqualTypeOf<string>();
          expectTypeOf(byName.get(key)).toEqualTypeOf<Promise<number | undefined>>();
          expectTypeOf(byDay.get(value)).toEqualTypeOf<Promise<readonly Date[]>>();
          expectTypeOf(history.read(0, 1)).toEqualTypeOf<
            Promise<readonly { readonly timestamp: number; readonly value: string }[]>
          >();
          expectTypeOf(flush).toEqualTypeOf<EventTimer>();
          expectTypeOf(later).toEqualTypeOf<ProcessingTimer>();
          expectTypeOf(each.get("tag")).toEqualTypeOf<EventTimer>();
          expectTypeOf(done.afterCommit).toBeFunction();
        },
        onTimer: {
          *flush({ key, window, timestamp, fireTimestamp, tag }, { last }) {
            expectTypeOf(key).toEqualTypeOf<string>();
            expectTypeOf(window.maxTimestamp).toEqualTypeOf<number>();
            expectTypeOf(timestamp).toEqualTypeOf<number>();
            expectTypeOf(fireTimestamp).toEqualTypeOf<number>();
            expectTypeOf(tag).toEqualTypeOf<string>();
            expectTypeOf(last.read()).toEqualTypeOf<number | undefined>();
            yield { key, timestamp };
          },
          later: () => [{ key: "", timestamp: 0 }],
          each: () => {},
        },
        onWindowExpiration({ key, timestamp }) {
          expectTypeOf(key).toEqualTypeOf<string>();
          return [{ key, timestamp }];
        },
      },
      {
        last: valueState<number>("last"),
        all: bagState<string>("all"),
        total: combiningState("total", sum),
        distinctOnes: setState<string>("distinct"),
        byName: mapState<string, number>("byName"),
        byDay: multimapState<number, Date>("byDay"),
        history: orderedListState<string>("history"),
        flush: eventTimer("flush"),
        later: processingTimer("later"),
        each: eventTimers("each"),
        done: bundleFinalizer(),
      },
    );
    expectTypeOf(outputs).toEqualTypeOf<PCollection<{ key: string; timestamp: number }>>();
    expectTypeOf(
      pairs.map(({ value }, { average }) => average.read() > value, { average: combiningState("average", mean) }),
    ).toEqualTypeOf<PCollection<boolean>>();
  });

  it("flow through DoFns that are classes", () => {
    type Declared = {
      readonly seen: ContextParam<BagState<number>>;
      readonly flush: TimerParam<EventTimer>;
    };
    class Gathering implements DoFn<KV<string, number>, number[], Declared> {
      process({ value }: KV<string, number>, { seen, flush }: Resolved<Declared>): void {
        seen.add(value);
        flush.set(0);
      }
      readonly onTimer = {
        flush: (_: FiredTimer<string>, { seen }: Resolved<Declared>) => [[...seen.read()]],
      };
    }
    const context: Declared = { seen: bagState("seen"), flush: eventTimer("flush") };
    expectTypeOf(pairs.parDo(new Gathering(), context)).toEqualTypeOf<PCollection<number[]>>();
  });

  it("flow through test streams", () => {
    expectTypeOf(root.apply("One", testStream<string>().add(1, "a").advanceWatermark(2))).toEqualTypeOf<
      PCollection<string>
    >();
    const streams = testStreams<{ left: string; right: number }>(["left", "right"]).add("right", 1, 7);
    const { left, right } = root.apply("Two", streams);
    expectTypeOf(left).toEqualTypeOf<PCollection<string>>();
    expectTypeOf(right).toEqualTypeOf<PCollection<number>>();
  });

  it("refuse what does not fit", () => {
    const wrong = (..._never: readonly (() => unknown)[]): void => {};
    wrong(
      // @ts-expect-error the element is a string
      () => words.map((word: number) => word),
      // @ts-expect-error strings are no pairs
      () => words.apply(groupByKey()),
      // @ts-expect-error strings have no mean
      () => root.apply(create([{ key: 1, value: "a" }])).apply(combinePerKey(mean)),
      // @ts-expect-error there is no such property
      () => orders.apply(groupBy("nobody")),
      // @ts-expect-error there is no such property
      () => orders.apply(groupBy("customer").combining("nothing", mean, "average")),
      // @ts-expect-error strings have no mean
      () => orders.apply(groupBy("paid").combining("customer", mean, "average")),
      // @ts-expect-error there is no such property
      () => orders.apply(groupBy({ who: "nobody" })),
      // @ts-expect-error numbers are not lines
      () => numbers.apply(regex.find(/a/)),
      // @ts-expect-error there is no third partition
      () => numbers.apply(partition((x) => x % 2, 2))[2].id,
      // @ts-expect-error no element has that tag
      () => root.apply(create([{ a: 1 }])).apply(split("b")),
      // @ts-expect-error a timestamp is a number
      () => words.apply(assignTimestamps((word) => word)),
      // @ts-expect-error there is no such parameter in the context
      () => words.map((word, { nothing }) => word + nothing, { something: 1 }),
      // @ts-expect-error a number has no length
      () => words.map((_, { n }) => n.length, { n: singleton(numbers) }),
      // @ts-expect-error sources are applied to the root
      () => words.apply(create([1])),
      // @ts-expect-error words have no keys
      () => words.map((word) => word, { n: valueState<number>("n") }),
      // @ts-expect-error words have no keys
      () => words.parDo({ process: () => {}, onTimer: { t: () => {} } }, { t: eventTimer("t") }),
      // @ts-expect-error the state holds numbers
      () => pairs.map((_, { n }) => n.write("a"), { n: valueState<number>("n") }),
      // @ts-expect-error a map is read with await
      () => pairs.map(({ key }, { m }) => m.get(key) + 1, { m: mapState<string, number>("m") }),
      // @ts-expect-error a sum takes numbers
      () => pairs.map((_, { n }) => n.add("a"), { n: combiningState("n", sum) }),
      // @ts-expect-error there is no callback for the timer
      () => pairs.parDo({ process: () => {}, onTimer: { other: () => {} } }, { flush: eventTimer("flush") }),
      () =>
        pairs.parDo(
          // @ts-expect-error an instant is a number
          { process: (_, { flush }) => flush.set("noon"), onTimer: { flush: () => {} } },
          { flush: eventTimer("flush") },
        ),
      () =>
        pairs.parDo(
          // @ts-expect-error the key is a string
          { process: () => {}, onTimer: { flush: ({ key }) => [key * 2] } },
          { flush: eventTimer("flush") },
        ),
      // @ts-expect-error event time has no delay from now
      () => pairs.parDo({ process: (_, { t }) => t.setAfter(1), onTimer: { t: () => {} } }, { t: eventTimer("t") }),
      // @ts-expect-error the stream is one of strings
      () => testStream<string>().add(1, 2),
      // @ts-expect-error the stream on the right is one of numbers
      () => testStreams<{ left: string; right: number }>(["left", "right"]).add("right", 1, "a"),
      // @ts-expect-error there is no such hint
      () => withResourceHints(distinct<string>(), { ram: 2 }),
      () =>
        P({ pairs, swapped: pairs.apply(kvSwap()) })
          .apply(coGroupByKey())
          // @ts-expect-error the key may be a number
          .map(({ key }) => key.length),
      // @ts-expect-error a person has no such property
      () => P({ orders }).apply(coGroupBy({ orders: "nobody" })),
    );
  });
});
