/** The visits of a site's users, told apart by half an hour without a click: `girder run examples/sessions.ts` */
import {
  assignTimestamps,
  count,
  create,
  globalWindows,
  groupBy,
  max,
  min,
  minutes,
  pipelineOptions,
  run,
  sessions,
  toSet,
  windowInto,
} from "girder";
import { writeToText } from "girder/io/textio";

const options = pipelineOptions({
  gap: { type: "number", default: 30, description: "Minutes without a click that end a visit." },
  output: { type: "string", default: "out/visits", description: "Prefix of the files to write." },
});

const CLICKS = [
  { user: "ada", page: "/", at: "09:00" },
  { user: "ada", page: "/looms", at: "09:04" },
  { user: "bob", page: "/", at: "09:10" },
  { user: "ada", page: "/looms/1801", at: "09:31" },
  // Half an hour and more passes without ada.
  { user: "bob", page: "/basket", at: "09:39" },
  { user: "bob", page: "/thanks", at: "09:41" },
  { user: "ada", page: "/", at: "10:15" },
  { user: "ada", page: "/help", at: "10:16" },
  { user: "cyd", page: "/help", at: "23:55" },
  // Visits do not mind midnight.
  { user: "cyd", page: "/", at: "24:10" },
];

/** `09:31` as ms. */
function instant(time: string): number {
  const [hour, minute] = time.split(":").map(Number) as [number, number];
  return minutes(hour * 60 + minute);
}

function clock(ms: number): string {
  return new Date(ms).toISOString().slice(11, 16);
}

await run((root) => {
  root
    .apply(create(CLICKS))
    .apply(assignTimestamps(({ at }) => instant(at)))
    .apply(windowInto(sessions(minutes(options.gap))))
    .apply(
      groupBy("user")
        .combining(({ at }: { at: string }) => instant(at), min, "first")
        .combining(({ at }: { at: string }) => instant(at), max, "last")
        .combining("page", toSet<string>(), "pages")
        .combining("page", count, "clicks"),
    )
    .map("Format", ({ user, first, last, pages, clicks }) => {
      return `${user} ${clock(first)} to ${clock(last)}: ${clicks} clicks on ${[...pages].sort().join(" ")}`;
    })
    .apply(windowInto(globalWindows()))
    .apply(writeToText(options.output));
}, options);
