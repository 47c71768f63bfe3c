import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { Batch, entry } from "../../portability/execution/batch.js";
import { NO_FIRING } from "../../portability/execution/pane.js";
import type { InternedWindow, IntervalWindow } from "../../portability/execution/window.js";
import { WindowTable } from "../../portability/execution/window-table.js";
import type { GroupingStrategy } from "./graph.js";
import { Grouping } from "./grouping.js";

/** One pane, in the terms of the transcripts: windows with inclusive ends. */
interface Pane {
  readonly window: readonly [number, number];
  readonly values: readonly number[];
  readonly timestamp?: number;
  readonly index?: number;
  readonly final?: boolean;
  readonly late?: boolean;
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

/** Windows of ten: the only window function of the transcripts with the default trigger, under two names. */
function window(timestamp: number, windows: WindowTable): InternedWindow {
  const start = Math.floor(timestamp / 10) * 10;
  return windows.interval(start, start + 10);
}

function keyed(timestamps: readonly number[], windows: WindowTable): Batch {
  const sets = timestamps.map((timestamp) => window(timestamp, windows));
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
        late: pane.timing === "LATE",
      };
    }),
  );
}

/** Runs a transcript; throws if panes differ from what it expects. */
function play(transcript: Transcript): void {
  const windows = new WindowTable();
  const grouping = new Grouping(
    {
      merging: "no",
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
    if (input !== undefined) produced = panesOf(grouping.add(keyed(input, windows)));
    if (watermark !== undefined) {
      produced = panesOf(grouping.advance(watermark));
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

describe("Beam's trigger transcripts with the default trigger", () => {
  const ofDefault = transcripts.filter(
    ({ trigger_fn: trigger = "Default", timestamp_combiner: combiner = "OUTPUT_AT_EOW" }) =>
      // The last combiner cannot be written in the protocol.
      trigger === "Default" && combiner !== "OUTPUT_AT_EARLIEST_TRANSFORMED",
  );

  for (const transcript of ofDefault.filter(({ error }) => error === undefined)) {
    it(`${transcript.name} gives the panes it expects`, () => play(transcript));
  }

  for (const transcript of ofDefault.filter(({ error }) => error !== undefined)) {
    it(`${transcript.name} is told from a transcript that holds`, () => {
      assert.throws(() => play(transcript), new RegExp(transcript.error!));
    });
  }

  it("are thirteen: eight that hold and five that do not", () => {
    assert.equal(ofDefault.length, 13);
    assert.equal(ofDefault.filter(({ error }) => error === undefined).length, 8);
  });
});
