/**
 * The average delay of the flights from each airport on each day: `girder run examples/flights.ts`
 *
 * The input is one JSON array of flights, `{ date: "2001/01/01 00:47", origin: "DTW", delay: 66, … }`. Days are windows in
 * event time: what is grouped below is grouped for each day.
 */
import {
  assignTimestamps,
  count,
  days,
  fixedWindows,
  globalWindows,
  groupBy,
  mean,
  pipelineOptions,
  run,
  timestampParam,
  windowInto,
} from "girder";
import { writeToCsv } from "girder/io/csv";
import { readFromText } from "girder/io/textio";

interface Flight {
  /** Local time of departure, `2001/01/01 00:47`. */
  readonly date: string;
  /** Minutes; negative for a flight that was early. */
  readonly delay: number;
  readonly origin: string;
}

const options = pipelineOptions({
  input: {
    type: "string",
    default: "examples/data/flights-20k.json",
    description: "A JSON array of flights, on one line.",
  },
  output: { type: "string", default: "out/delays", description: "Prefix of the CSV files to write." },
});

await run((root) => {
  root
    .apply(readFromText(options.input))
    .flatMap("Flights", (json) => JSON.parse(json) as Flight[])
    .apply(assignTimestamps((flight) => Date.parse(`${flight.date} UTC`)))
    .apply(windowInto(fixedWindows(days(1))))
    .apply(groupBy("origin").combining("delay", mean, "delay").combining("delay", count, "flights"))
    .map(
      "Format",
      // What was grouped has the last instant of its window as its timestamp.
      ({ origin, delay, flights }, { timestamp }) => ({
        day: new Date(timestamp).toISOString().slice(0, 10),
        airport: origin,
        delay: delay.toFixed(1),
        flights,
      }),
      { timestamp: timestampParam() },
    )
    .apply(windowInto(globalWindows()))
    .apply(writeToCsv(options.output, { columns: ["day", "airport", "delay", "flights"] }));
}, options);
