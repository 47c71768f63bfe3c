/**
 * Ten values that come out of order, and what becomes of them: `girder run examples/dataflow-paper.ts --figure 14`
 *
 * These are figures 7 to 14 of "The Dataflow Model" (Akidau et al., VLDB 2015): one sum by eight answers to where, when and how, the
 * last of which takes back what it has said. The paper draws the values; here each has a time that fits all of its figures.
 */
import {
  afterCount,
  afterProcessingTime,
  afterWatermark,
  assignTimestamps,
  changelog,
  combinePerKey,
  create,
  days,
  fixedWindows,
  globalWindows,
  IntervalWindow,
  minutes,
  type PCollection,
  type PTransform,
  paneInfoParam,
  pipelineOptions,
  repeatedly,
  run,
  sessions,
  sum,
  type WindowIntoOptions,
  windowInto,
  windowParam,
  withKeys,
} from "girder";
import { writeToText } from "girder/io/textio";
import { testStream } from "girder/testing";

const options = pipelineOptions({
  figure: { type: "number", default: 0, description: "Which figure, 7 to 14. Default: all." },
  output: { type: "string", required: false, description: "Prefix of files to write. Default: print." },
});

const at = (time: string): number => Date.parse(`1970-01-01T${time}Z`);
const clock = (ms: number): string => new Date(ms).toISOString().slice(11, 19);

type Value = readonly [value: number, happened: string];

/** What comes in each minute from 12:05 on, and how far the watermark has got by the end of it. One value is not waited for. */
const ARRIVALS: readonly { readonly values: readonly Value[]; readonly watermark?: string }[] = [
  {
    values: [
      [5, "12:00:30"],
      [7, "12:02:10"],
    ],
  },
  {
    values: [
      [3, "12:03:40"],
      [4, "12:03:55"],
      [3, "12:04:30"],
    ],
    watermark: "12:02:00",
  },
  {
    values: [
      [8, "12:03:05"],
      [3, "12:06:30"],
    ],
    watermark: "12:06:00",
  },
  {
    values: [
      [9, "12:01:20"],
      [8, "12:07:10"],
      [1, "12:07:50"],
    ],
    watermark: "12:08:00",
  },
];

/** All values at once, as a batch has them. */
const BATCH = create(ARRIVALS.flatMap(({ values }) => values));

/** The values one after the other, with the clock and, if anybody asks for it, the watermark. */
function stream(hasWatermark: boolean) {
  let stream = testStream<Value>();
  for (const { values, watermark } of ARRIVALS) {
    for (const value of values) stream = stream.add(at(value[1]), value);
    stream = stream.advanceProcessingTime(minutes(1));
    if (hasWatermark && watermark !== undefined) stream = stream.advanceWatermark(at(watermark));
  }
  return stream;
}

const TWO_MINUTES = fixedWindows(minutes(2));
const EVERY_MINUTE = repeatedly(afterProcessingTime({ delay: minutes(1) }));

/** Panes that have something new to say, however late. */
function panes(trigger: WindowIntoOptions["trigger"], mode: WindowIntoOptions["accumulationMode"]): WindowIntoOptions {
  return {
    ...(trigger === undefined ? {} : { trigger }),
    accumulationMode: mode ?? "DISCARDING",
    allowedLateness: days(1),
    onTimeBehavior: "FIRE_IF_NONEMPTY",
    // The end of the global window would be of no day.
    outputTime: "LATEST_IN_PANE",
  };
}

const WITH_LATE = afterWatermark({ late: afterCount(1) });
const EARLY_AND_LATE = afterWatermark({ early: afterProcessingTime({ delay: minutes(1) }), late: afterCount(1) });

interface Figure {
  readonly title: string;
  /** How the watermark comes: not before the end, or as it does; or a batch, which has no need of it. */
  readonly input: "batch" | "stream" | "stream with watermark";
  readonly windows: PTransform<PCollection<Value>, PCollection<Value>>;
}

const FIGURES: Readonly<Record<number, Figure>> = {
  7: {
    title: "global window, every minute, accumulating",
    input: "stream",
    windows: windowInto(globalWindows(), panes(EVERY_MINUTE, "ACCUMULATING")),
  },
  8: {
    title: "global window, every minute, discarding",
    input: "stream",
    windows: windowInto(globalWindows(), panes(EVERY_MINUTE, "DISCARDING")),
  },
  9: {
    title: "global window, by twos, discarding",
    input: "stream",
    windows: windowInto(globalWindows(), panes(repeatedly(afterCount(2)), "DISCARDING")),
  },
  10: { title: "fixed windows, batch", input: "batch", windows: windowInto(TWO_MINUTES) },
  11: {
    title: "fixed windows, micro-batches",
    input: "stream",
    windows: windowInto(TWO_MINUTES, panes(EVERY_MINUTE, "ACCUMULATING")),
  },
  12: {
    title: "fixed windows, streaming, and late",
    input: "stream with watermark",
    windows: windowInto(TWO_MINUTES, panes(WITH_LATE, "ACCUMULATING")),
  },
  13: {
    title: "fixed windows, streaming, early and late",
    input: "stream with watermark",
    windows: windowInto(TWO_MINUTES, panes(EARLY_AND_LATE, "ACCUMULATING")),
  },
  14: {
    title: "sessions, early and late, retracting",
    input: "stream with watermark",
    windows: windowInto(sessions(minutes(1)), panes(EARLY_AND_LATE, "RETRACTING")),
  },
};

for (const [figure, { title, input, windows }] of Object.entries(FIGURES)) {
  if (options.figure !== 0 && options.figure !== Number(figure)) continue;
  if (options.output === undefined) console.log(`\nFigure ${figure}: ${title}`);
  await run((root) => {
    const values =
      input === "batch"
        ? root.apply(BATCH).apply(assignTimestamps(([, happened]) => at(happened)))
        : root.apply(stream(input === "stream with watermark"));
    const lines = values
      .apply(windows)
      .map(([value]) => value)
      .apply(withKeys("key"))
      .apply(combinePerKey(sum))
      .apply(changelog())
      .map(
        "Format",
        ({ kind, value }, { window, pane }) => {
          const { value: total } = value;
          const when = window instanceof IntervalWindow ? `${clock(window.start)} to ${clock(window.end)}` : "all";
          const sign = kind === "UPDATE_BEFORE" || kind === "DELETE" ? "-" : "";
          return `${figure}: ${when} ${sign}${total} ${pane.timing}`;
        },
        { window: windowParam(), pane: paneInfoParam() },
      );
    if (options.output === undefined) lines.map("Print", (line) => console.log(line));
    else {
      // Files are written when all panes of the day are there.
      lines
        .apply("Day", windowInto(fixedWindows(days(1))))
        .apply(writeToText(`${options.output}-figure-${figure}`, { numShards: 1 }));
    }
  }, options);
}
