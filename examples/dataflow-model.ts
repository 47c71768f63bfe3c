/**
 * Scores of a team that come out of order, and when their sums are said: `girder run examples/dataflow-model.ts --figure 2-11`
 *
 * These are figures of chapters 2 and 4 of "Streaming Systems" (Akidau, Chernyak, Lax), with the data of its companion code
 * (github.com/takidau/streamingbook, Apache-2.0): from a batch to sessions that grow, each by a little more than the one before.
 */
import { readFile } from "node:fs/promises";
import {
  afterCount,
  afterProcessingTime,
  afterWatermark,
  assignTimestamps,
  combinePerKey,
  configureWindows,
  create,
  days,
  fixedWindows,
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
  input: { type: "string", default: "examples/data/scores.json", description: "All scores, and how they come." },
  figure: { type: "string", default: "", description: "Which figure, such as 2-11. Default: all." },
  output: { type: "string", required: false, description: "Prefix of files to write. Default: print." },
});

const at = (time: string): number => Date.parse(`1970-01-01T${time}Z`);
const clock = (ms: number): string => new Date(ms).toISOString().slice(11, 19);

interface Score {
  readonly points: number;
  /** When it was made, `hh:mm:ss`. */
  readonly made: string;
}

/**
 * `NONE`: the watermark stays where it is until the end. `PERFECT`: it waits for every score. `HEURISTIC`: it is a guess, and 9 comes
 * behind it. `SIX`: the same, and 6 comes a little behind it, too.
 */
type Arrival = "NONE" | "PERFECT" | "HEURISTIC" | "SIX";

/** What happens, in order; `only` where scores come in one of the ways. */
type Event = (Score | { readonly clock: string } | { readonly watermark: string }) & { readonly only?: Arrival };

const { all, events } = JSON.parse(await readFile(options.input, "utf8")) as {
  readonly all: readonly Score[];
  readonly events: readonly Event[];
};

function replay(arrival: Arrival) {
  let stream = testStream<number>();
  let now = at("12:00:00");
  for (const event of events) {
    const { only = arrival } = event;
    if (only !== arrival && !(arrival === "SIX" && only === "HEURISTIC")) continue;
    if ("made" in event) stream = stream.add(at(event.made), event.points);
    else if ("watermark" in event) stream = stream.advanceWatermark(at(event.watermark));
    else {
      stream = stream.advanceProcessingTime(at(event.clock) - now);
      now = at(event.clock);
    }
  }
  return stream;
}

const TWO_MINUTES = fixedWindows(minutes(2));
const EARLY_AND_LATE: WindowIntoOptions = {
  trigger: afterWatermark({ early: afterProcessingTime({ delay: minutes(1) }), late: afterCount(1) }),
  accumulationMode: "ACCUMULATING",
  allowedLateness: days(1000),
};

interface Figure {
  readonly title: string;
  /** All at once if absent. */
  readonly arrival?: Arrival;
  /** The global window, until all is there, if absent. */
  readonly windows?: PTransform<PCollection<number>, PCollection<number>>;
}

const FIGURES: Readonly<Record<string, Figure>> = {
  "2-3": { title: "classic batch" },
  "2-5": { title: "windowed batch", windows: windowInto(TWO_MINUTES) },
  "2-6": {
    title: "a pane for each record",
    arrival: "NONE",
    windows: windowInto(TWO_MINUTES, { ...EARLY_AND_LATE, trigger: repeatedly(afterCount(1)) }),
  },
  "2-8": {
    title: "unaligned delays of two minutes",
    arrival: "NONE",
    windows: windowInto(TWO_MINUTES, {
      ...EARLY_AND_LATE,
      trigger: repeatedly(afterProcessingTime({ delay: minutes(2) })),
    }),
  },
  "2-10 left": { title: "a perfect watermark", arrival: "PERFECT", windows: windowInto(TWO_MINUTES) },
  "2-10 right": { title: "a heuristic watermark", arrival: "HEURISTIC", windows: windowInto(TWO_MINUTES) },
  "2-11 left": {
    title: "early, on time and late, perfect watermark",
    arrival: "PERFECT",
    windows: windowInto(TWO_MINUTES, EARLY_AND_LATE),
  },
  "2-11 right": {
    title: "early, on time and late, heuristic watermark",
    arrival: "HEURISTIC",
    windows: windowInto(TWO_MINUTES, EARLY_AND_LATE),
  },
  "2-12": {
    title: "two minutes of lateness are allowed, and 6 comes within them",
    arrival: "SIX",
    windows: windowInto(TWO_MINUTES, { ...EARLY_AND_LATE, allowedLateness: minutes(2) }),
  },
  "2-13": {
    title: "discarding panes",
    arrival: "HEURISTIC",
    windows: windowInto(TWO_MINUTES, { ...EARLY_AND_LATE, accumulationMode: "DISCARDING" }),
  },
  "4-7": {
    title: "sessions",
    arrival: "HEURISTIC",
    windows: windowInto(sessions(minutes(1)), EARLY_AND_LATE),
  },
};

for (const [figure, { title, arrival, windows }] of Object.entries(FIGURES)) {
  if (!figure.startsWith(options.figure)) continue;
  if (options.output === undefined) console.log(`\nFigure ${figure}: ${title}`);
  await run((root) => {
    const scores =
      arrival === undefined
        ? root
            .apply(create(all))
            .apply(assignTimestamps(({ made }) => at(made)))
            .map(({ points }) => points)
        : root.apply(replay(arrival));
    const lines = (windows === undefined ? scores : scores.apply(windows))
      .apply(withKeys("TeamX"))
      .apply(combinePerKey(sum))
      .map(
        "Format",
        ({ value }, { window, pane }) => {
          const when = window instanceof IntervalWindow ? `${clock(window.start)} to ${clock(window.end)}` : "all";
          return `${figure}: ${when} ${value} ${pane.timing} ${pane.index}${pane.isLast ? " last" : ""}`;
        },
        { window: windowParam(), pane: paneInfoParam() },
      );
    if (options.output === undefined) lines.map("Print", (line) => console.log(line));
    else {
      // Each pane is a file of its own, without the lines of those before.
      lines
        .apply(configureWindows({ accumulationMode: "DISCARDING" }))
        .apply(writeToText(`${options.output}-figure-${figure.replace(" ", "-")}`, { numShards: 1 }));
    }
  }, options);
}
