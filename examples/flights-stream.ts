/**
 * Departures and their delays, as they become known: `girder run examples/flights-stream.ts`
 *
 * A flight happens, in event time, when it should have left, and is heard of when it leaves. Every two hours of the timetable are a
 * window, which gives its averages early, hour by hour; on time, when most of its flights should have left; and again whenever
 * one is heard of late. Two hours later it is too late.
 */
import { readFile } from "node:fs/promises";
import {
  afterCount,
  afterProcessingTime,
  afterWatermark,
  configureWindows,
  count,
  fixedWindows,
  groupBy,
  hours,
  type IntervalWindow,
  max,
  mean,
  minutes,
  paneInfoParam,
  pipelineOptions,
  run,
  windowInto,
  windowParam,
} from "girder";
import { writeToText } from "girder/io/textio";
import { testStream } from "girder/testing";

interface Flight {
  /** Local time of departure by the timetable, `2001/01/01 00:47`. */
  readonly date: string;
  /** Minutes; negative for a flight that was early. */
  readonly delay: number;
  readonly origin: string;
}

const options = pipelineOptions({
  input: { type: "string", default: "examples/data/flights-20k.json", description: "A JSON array of flights." },
  day: { type: "string", default: "2001/01/01", description: "Of which day." },
  patience: { type: "number", default: 30, description: "Minutes after which flights are on time no more." },
  output: { type: "string", required: false, description: "Prefix of files to write. Default: print." },
});

const scheduled = ({ date }: Flight): number => Date.parse(`${date} UTC`);
const departed = (flight: Flight): number => scheduled(flight) + minutes(flight.delay);

/** A day that has been, as if it were now: the clock goes to each departure, and the watermark follows. */
function replay(flights: readonly Flight[]) {
  let stream = testStream<Flight>();
  let now = Date.parse(`${options.day} UTC`);
  for (const flight of flights.toSorted((a, b) => departed(a) - departed(b))) {
    const passed = departed(flight) - now;
    if (passed > 0) {
      now += passed;
      stream = stream.advanceProcessingTime(passed).advanceWatermark(now - minutes(options.patience));
    }
    stream = stream.add(scheduled(flight), flight);
  }
  return stream;
}

const clock = (ms: number): string => new Date(ms).toISOString().slice(11, 16);

const flights = (JSON.parse(await readFile(options.input, "utf8")) as Flight[]).filter((flight) =>
  flight.date.startsWith(options.day),
);

await run((root) => {
  const lines = root
    .apply(replay(flights))
    .apply(
      windowInto(fixedWindows(hours(2)), {
        trigger: afterWatermark({ early: afterProcessingTime({ delay: hours(1) }), late: afterCount(1) }),
        allowedLateness: hours(2),
        accumulationMode: "ACCUMULATING",
      }),
    )
    .apply(
      groupBy((_: Flight) => "all")
        .combining("delay", count, "flights")
        .combining("delay", mean, "average")
        .combining("delay", max, "longest"),
    )
    .map(
      "Format",
      ({ flights, average, longest }, { window, pane }) => {
        const { start, end } = window as IntervalWindow;
        const figures = `${flights} flights, delayed ${average.toFixed(1)} minutes on average, at most ${longest}`;
        return `${clock(start)} to ${clock(end)} ${pane.timing} ${pane.index}: ${figures}`;
      },
      { window: windowParam(), pane: paneInfoParam() },
    );
  if (options.output === undefined) lines.map("Print", (line) => console.log(line));
  else {
    // Each pane is a file of its own, without the lines of those before.
    lines
      .apply(configureWindows({ accumulationMode: "DISCARDING" }))
      .apply(writeToText(options.output, { numShards: 1 }));
  }
}, options);
