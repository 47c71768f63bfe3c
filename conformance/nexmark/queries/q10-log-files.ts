import { writeFileSync } from "node:fs";
import { rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import {
  afterAny,
  afterCount,
  afterEach,
  afterProcessingTime,
  afterWatermark,
  days,
  defaultTrigger,
  fixedWindows,
  groupByKey,
  type Instant,
  orFinally,
  paneInfoParam,
  repeatedly,
  seconds,
  windowInto,
  windowParam,
} from "girder";
import type { Event } from "../model.js";
import type { NexmarkQuery } from "../query.js";
import { fixedStart } from "../windows.js";

interface LogFile {
  readonly file: string;
  readonly lines: number;
}

/** What has been written of a window. */
export interface LogIndex {
  /** The window's last instant, ms. */
  readonly until: Instant;
  readonly lines: number;
  readonly files: readonly string[];
}

/** How long late events wait for others, to be written together. */
const LATE_BATCHING = seconds(10);

/** The file that an event goes to. */
function shardOf(event: Event, shards: number): number {
  return (event.kind === "bid" ? event.auction + event.bidder : event.id) % shards;
}

function text(events: Iterable<Event>): { content: string; lines: number } {
  const lines = Array.from(events, (event) => JSON.stringify(event));
  return { content: lines.map((line) => `${line}\n`).join(""), lines: lines.length };
}

/** All events, written to a few files for each window: more of them where there is much, or something comes late. */
export const logFiles: NexmarkQuery<LogIndex> = {
  name: "q10",
  asks: "all events, in log files",
  build(events, { windowSize, maxLogEvents, logShards, logFolder }) {
    const trigger = afterEach(
      orFinally(repeatedly(afterCount(maxLogEvents)), afterWatermark()),
      repeatedly(afterAny(afterCount(maxLogEvents), afterProcessingTime({ delay: LATE_BATCHING }))),
    );
    return events
      .map((event) => ({ key: shardOf(event, logShards), value: event }))
      .apply(
        windowInto(fixedWindows(windowSize), { trigger, allowedLateness: days(1), onTimeBehavior: "FIRE_IF_NONEMPTY" }),
      )
      .apply(groupByKey())
      .map(
        "Write",
        async ({ key, value }, { window, pane }): Promise<{ key: null; value: LogFile }> => {
          const { content, lines } = text(value);
          const file = join(logFolder, `LOG-${window.maxTimestamp}-${key}-${pane.index}`);
          // Nobody sees half a file; one that is written again is the same.
          await writeFile(`${file}.part`, content);
          await rename(`${file}.part`, file);
          return { key: null, value: { file, lines } };
        },
        { window: windowParam(), pane: paneInfoParam() },
      )
      .apply(windowInto(fixedWindows(windowSize), { trigger: defaultTrigger() }))
      .apply(groupByKey())
      .map(
        "Index",
        ({ value }, { window }) => {
          const files = [...value];
          const lines = files.reduce((sum, each) => sum + each.lines, 0);
          return { until: window.maxTimestamp, lines, files: files.map(({ file }) => file) };
        },
        { window: windowParam() },
      );
  },
  loop(events, { windowSize, logShards, logFolder }, emit) {
    const windows = new Map<number, Event[][]>();
    for (const event of events) {
      const start = fixedStart(event.dateTime, windowSize);
      const shards = windows.get(start) ?? Array.from({ length: logShards }, (): Event[] => []);
      windows.set(start, shards);
      shards[shardOf(event, logShards)]!.push(event);
    }
    for (const [start, shards] of windows) {
      const until = start + windowSize - 1;
      const index = shards.flatMap((shard, i): LogFile[] => {
        if (shard.length === 0) return [];
        const { content, lines } = text(shard);
        const file = join(logFolder, `LOG-${until}-${i}-0`);
        writeFileSync(file, content);
        return [{ file, lines }];
      });
      const lines = index.reduce((sum, each) => sum + each.lines, 0);
      emit({ until, lines, files: index.map(({ file }) => file) });
    }
  },
  digest: ({ lines }) => lines,
  settled(results) {
    const windows = new Map<Instant, number>();
    for (const { until, lines } of results) windows.set(until, (windows.get(until) ?? 0) + lines);
    return [...windows];
  },
};
