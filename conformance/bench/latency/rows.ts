/** Pipelines that elements of a slow stream go through. */
import {
  afterCount,
  fixedWindows,
  globalWindows,
  groupByKey,
  periodicImpulse,
  read,
  repeatedly,
  valueState,
  windowInto,
  withKeys,
} from "girder";
import { type LatencyRow, pushed } from "./measure.js";

export const LATENCY_ROWS: readonly LatencyRow[] = [
  {
    name: "maps",
    what: "three maps behind a source that is told of its elements",
    build: (pipeline, load) =>
      pipeline
        .apply(read(pushed(load)))
        .map((came) => ({ came }))
        .map(({ came }) => [came] as const)
        .map(([came]) => came),
  },
  {
    name: "periodic",
    what: "a map behind an impulse every so often, by the machine's clock in whole ms",
    build(pipeline, { elements, interval }) {
      const from = Date.now() + interval;
      return pipeline
        .apply(periodicImpulse({ from, to: from + elements * interval, interval }))
        .map((at) => at - performance.timeOrigin);
    },
  },
  {
    name: "state",
    what: "a stateful function by key",
    build: (pipeline, load) =>
      pipeline
        .apply(read(pushed(load)))
        .apply(withKeys((came: number) => Math.floor(came) % 10))
        .parDo(
          {
            process({ value }, { last }) {
              last.write(value);
              return [value];
            },
          },
          { last: valueState<number>("last") },
        ),
  },
  {
    name: "trigger",
    what: "a grouping with a pane for each element",
    build: (pipeline, load) =>
      pipeline
        .apply(read(pushed(load)))
        .apply(windowInto(globalWindows(), { trigger: repeatedly(afterCount(1)), onTimeBehavior: "FIRE_IF_NONEMPTY" }))
        .apply(withKeys("key"))
        .apply(groupByKey())
        .flatMap(({ value }) => value),
  },
  {
    name: "window",
    what: "windows of one element each, whose ends the watermark passes with the element",
    build: (pipeline, load) =>
      pipeline
        .apply(read(pushed(load)))
        .apply(windowInto(fixedWindows(1)))
        .apply(withKeys("key"))
        .apply(groupByKey())
        .flatMap(({ value }) => value),
  },
];
