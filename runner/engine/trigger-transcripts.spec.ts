import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { Batch, entry } from "../../portability/execution/batch.js";
import { NO_FIRING } from "../../portability/execution/pane.js";
import type { InternedWindow, IntervalWindow } from "../../portability/execution/window.js";
import { WindowTable } from "../../portability/execution/window-table.js";
import type { GroupingStrategy } from "./graph.js";
import { Grouping } from "./grouping.js";
import type { Trigger } from "./trigger.js";

/** One pane, in the terms of the transcripts: windows with inclusive ends. */
interface Pane {
  readonly window: readonly [number, number];
  readonly values: readonly number[];
  readonly timestamp?: number;
  readonly index?: number;
  readonly final?: boolean;
  readonly early?: boolean;
  readonly late?: boolean;
  readonly nonspeculative_index?: number;
}

type Step = { readonly input?: number[]; readonly watermark?: number; readonly expect?: readonly Pane[] };

interface Transcript {
  readonly name: string;
  readonly window_fn?: string;
  readonly trigger_fn?: string;
  readonly timestamp_combiner?: string;
  readonly allowed_lateness?: number;
  readonly accumulation_mode?: string;
  readonly error?: string;
  readonly transcript: readonly Step[];
}

const file = resolve(import.meta.dirname, "../../../portability/vectors/trigger-transcripts.json");
const transcripts = JSON.parse(readFileSync(file, "utf8")) as Transcript[];

const OUTPUT_TIMES: Readonly<Record<string, GroupingStrategy["outputTime"]>> = {
  OUTPUT_AT_EOW: "END_OF_WINDOW",
  OUTPUT_AT_EARLIEST: "EARLIEST_IN_PANE",
  OUTPUT_AT_LATEST: "LATEST_IN_PANE",
};

/** Sessions, or windows of ten, which the transcripts have under two names. */
function window(timestamp: number, isSession: boolean, windows: WindowTable): InternedWindow {
  const start = isSession ? timestamp : Math.floor(timestamp / 10) * 10;
  return windows.interval(start, start + 10);
}

/** `AfterWatermark(early=AfterCount(2), late=AfterCount(3))` and the like. */
function triggerOf(text: string): Trigger {
  const count = (name: string): Trigger | undefined => {
    const match = new RegExp(`${name}AfterCount\\((\\d+)\\)`).exec(text);
    return match === null ? undefined : { kind: "element-count", count: Number(match[1]) };
  };
  if (text === "Default") return { kind: "default" };
  if (!text.startsWith("AfterWatermark")) return count("^")!;
  const [early, late] = [count("early="), count("late=")];
  return { kind: "end-of-window", ...(early === undefined ? {} : { early }), ...(late === undefined ? {} : { late }) };
}

function keyed(timestamps: readonly number[], isSession: boolean, windows: WindowTable): Batch {
  const sets = timestamps.map((timestamp) => window(timestamp, isSession, windows));
  return new Batch(
    timestamps,
    timestamps.map(() => "k"),
    timestamps,
    sets,
    { all: NO_FIRING },
    timestamps.length * 8,
  );
}

function panesOf(batches: readonly Batch[]): Pane[] {
  return batches.flatMap(({ count, columns }) =>
    Array.from({ length: count }, (_, i): Pane => {
      const { start, end } = (entry(columns.windows, i) as InternedWindow).value as IntervalWindow;
      const pane = entry(columns.panes, i);
      return {
        window: [start, end - 1],
        values: [...(columns.refs[i] as Iterable<number>)].sort((a, b) => a - b),
        timestamp: entry(columns.timestamps, i),
        index: pane.index,
        final: pane.isLast,
        early: pane.timing === "EARLY",
        late: pane.timing === "LATE",
        nonspeculative_index: pane.nonSpeculativeIndex,
      };
    }),
  );
}

/** Runs a transcript; throws if panes differ from what it expects. */
function play(transcript: Transcript): void {
  const windows = new WindowTable();
  const isSession = transcript.window_fn?.startsWith("Sessions") === true;
  const grouping = new Grouping(
    {
      merging: isSession ? "overlapping" : "no",
      trigger: triggerOf(transcript.trigger_fn ?? "Default"),
      onTimePaneAlways: true,
      allowedLateness: transcript.allowed_lateness ?? 0,
      accumulating: transcript.accumulation_mode !== "discarding",
      outputTime: OUTPUT_TIMES[transcript.timestamp_combiner ?? "OUTPUT_AT_EOW"]!,
      closingPaneAlways: false,
    },
    windows,
  );
  let produced: Pane[] = [];
  for (const { input, watermark, expect } of transcript.transcript) {
    if (expect === undefined) assert.equal(produced.length, 0, `Unexpected output: ${JSON.stringify(produced)}`);
    if (input !== undefined) produced = panesOf(grouping.add(keyed(input, isSession, windows), 0));
    if (watermark !== undefined) {
      produced = panesOf(grouping.advance(watermark, 0));
      grouping.outputAdvanced(Math.min(watermark, grouping.hold));
    }
    if (expect === undefined) continue;
    for (const expected of expect) {
      const at = produced.findIndex((pane) =>
        Object.entries(expected).every(([name, value]) => matches(pane, name, value)),
      );
      assert.ok(at >= 0, `Unmatched output: ${JSON.stringify(expected)} among ${JSON.stringify(produced)}`);
      produced.splice(at, 1);
    }
  }
  assert.equal(produced.length, 0, `Unexpected output: ${JSON.stringify(produced)}`);
}

function matches(pane: Pane, name: string, value: unknown): boolean {
  return JSON.stringify(pane[name as keyof Pane]) === JSON.stringify(value);
}

describe("Beam's trigger transcripts", () => {
  // The last combiner cannot be written in the protocol.
  const all = transcripts.filter((transcript) => transcript.timestamp_combiner !== "OUTPUT_AT_EARLIEST_TRANSFORMED");

  for (const transcript of all.filter(({ error }) => error === undefined)) {
    it(`${transcript.name} gives the panes it expects`, () => play(transcript));
  }

  for (const transcript of all.filter(({ error }) => error !== undefined)) {
    it(`${transcript.name} is told from a transcript that holds`, () => {
      assert.throws(() => play(transcript), new RegExp(transcript.error!));
    });
  }

  it("are seventeen: twelve that hold and five that do not", () => {
    assert.equal(all.length, 17);
    assert.equal(all.filter(({ error }) => error === undefined).length, 12);
  });
});
