/** Programs about event time as pipelines. */
import {
  bagState,
  type CombineFn,
  changelog,
  combinePerKey,
  eventTimer,
  groupByKey,
  type KV,
  type PCollection,
  type Root,
  reify,
  timestampParam,
  windowInto,
  windowParam,
} from "girder";
import { testStream } from "girder/testing";
import type { StreamProgram } from "./stream-program.js";

/** All values, in order. */
const toList: CombineFn<number, number[], number[]> = {
  name: "toList",
  createAccumulator: () => [],
  addInput: (values, value) => [...values, value],
  mergeAccumulators: (accumulators) => [...accumulators].flat(),
  extractOutput: (values) => values.toSorted((a, b) => a - b),
};

/** Applies a program to the root of a pipeline. Returns a description of each of its outputs. */
export function buildStream(program: StreamProgram, root: Root): PCollection<string> {
  const { op, events, windowFn, ...windowing } = program;
  let stream = testStream<KV<string, number>>();
  for (const event of events) {
    if (event.kind === "watermark") stream = stream.advanceWatermark(event.to);
    else if (event.kind === "time") stream = stream.advanceProcessingTime(event.by);
    else stream = stream.addAll(event.elements.map(({ timestamp, ...value }) => ({ value, timestamp })));
  }
  if (typeof op === "object") return gathered(root.apply(stream).apply(windowInto(windowFn, windowing)), op.delay);
  const windowed = root.apply(stream).apply(windowInto(windowFn, { ...windowing, allowUnsafeTriggers: true }));
  const panes: PCollection<KV<string, Iterable<number>>> =
    op === "group" ? windowed.apply(groupByKey()) : windowed.apply(combinePerKey(toList));
  return panes
    .map(({ key, value }) => `${key}: ${[...value].sort((a, b) => a - b).join()}`)
    .apply(changelog())
    .apply(reify())
    .map(({ value: { kind, value }, timestamp, window, pane: { timing, index, isFirst, isLast } }) => {
      const flags = [isFirst ? " first" : "", isLast ? " last" : ""].join("");
      return `${kind} ${value} at ${timestamp} in ${window} ${timing}#${index}${flags}`;
    });
}

function gathered(input: PCollection<KV<string, number>>, delay: number): PCollection<string> {
  return input
    .parDo(
      {
        process({ value }, { values, timer, timestamp, window }) {
          values.add(value);
          if (value % 2 === 0) timer.set(Math.min(timestamp + delay, window.maxTimestamp));
        },
        onTimer: {
          *timer({ key }, { values }) {
            yield `timer ${key}: ${[...values.read()].join()}`;
            values.clear();
          },
        },
        *onWindowExpiration({ key }, { values }) {
          const rest = [...values.read()];
          if (rest.length > 0) yield `rest of ${key}: ${rest.join()}`;
        },
      },
      {
        values: bagState<number>("values"),
        timer: eventTimer("timer"),
        timestamp: timestampParam(),
        window: windowParam(),
      },
    )
    .apply(reify())
    .map(({ value, timestamp, window }) => `${value} at ${timestamp} in ${window}`);
}
