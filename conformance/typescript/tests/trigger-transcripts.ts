/** Beam's trigger transcripts, each as a pipeline over a test stream. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import {
  afterCount,
  afterWatermark,
  bagState,
  combinePerKey,
  defaultTrigger,
  fixedWindows,
  flatten,
  globalWindows,
  groupByKey,
  IntervalWindow,
  type KV,
  P,
  type PCollection,
  type Root,
  reify,
  sessions,
  type Trigger,
  toList,
  type WindowIntoOptions,
  windowInto,
  withKeys,
} from "girder";
import { passert, type TestStreams, testStreams } from "girder/testing";
import { ROOT } from "../../root.js";
import type { ConformanceTest } from "../conformance-test.js";

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

interface Transcript {
  readonly name: string;
  readonly window_fn?: string;
  readonly trigger_fn?: string;
  readonly timestamp_combiner?: string;
  readonly allowed_lateness?: number;
  readonly accumulation_mode?: string;
  /** Of a transcript that does not hold: what is found out. */
  readonly error?: string;
  readonly transcript: readonly {
    readonly input?: readonly number[];
    readonly watermark?: number;
    readonly expect?: readonly Pane[];
  }[];
}

const TRANSCRIPTS = (
  JSON.parse(readFileSync(join(ROOT, "portability/vectors/trigger-transcripts.json"), "utf8")) as Transcript[]
)
  // One combiner of timestamps cannot be written in the protocol.
  .filter((it) => it.timestamp_combiner !== "OUTPUT_AT_EARLIEST_TRANSFORMED");

const OUTPUT_TIMES: Readonly<Record<string, NonNullable<WindowIntoOptions["outputTime"]>>> = {
  OUTPUT_AT_EOW: "END_OF_WINDOW",
  OUTPUT_AT_EARLIEST: "EARLIEST_IN_PANE",
  OUTPUT_AT_LATEST: "LATEST_IN_PANE",
};

/** `AfterWatermark(early=AfterCount(2), late=AfterCount(3))` and the like. */
function triggerOf(text: string): Trigger {
  const counting = (name: string): Trigger | undefined => {
    const match = new RegExp(`${name}AfterCount\\((\\d+)\\)`).exec(text);
    return match === null ? undefined : afterCount(Number(match[1]));
  };
  if (text === "Default") return defaultTrigger();
  if (!text.startsWith("AfterWatermark")) return counting("^")!;
  const [early, late] = [counting("early="), counting("late=")];
  return afterWatermark({ ...(early === undefined ? {} : { early }), ...(late === undefined ? {} : { late }) });
}

/** What comes to the judge: a pane, or what the panes since the last time must have been. */
type Testimony = { readonly pane: Pane } | { readonly expected: readonly Pane[] };

type Streams = { readonly input: number; readonly expect: Testimony };

/** The script: after each step that has no expectations of its own, none are left. */
function scriptOf({ transcript }: Transcript): TestStreams<Streams> {
  let streams = testStreams<Streams>(["input", "expect"]);
  for (const [i, { input, watermark, expect }] of transcript.entries()) {
    if (input !== undefined)
      streams = streams.addAll(
        "input",
        input.map((value) => ({ timestamp: value, value })),
      );
    if (watermark !== undefined) streams = streams.advanceWatermark("input", watermark);
    if (expect !== undefined) streams = streams.add("expect", 0, { expected: expect });
    else if (transcript[i + 1]?.expect === undefined) streams = streams.add("expect", 0, { expected: [] });
  }
  return streams;
}

/** What is wrong with some panes; undefined if nothing is. */
function complaint(expected: readonly Pane[], produced: readonly Pane[]): string | undefined {
  const left = [...produced];
  for (const pane of expected) {
    const at = left.findIndex((each) =>
      Object.entries(pane).every(([name, value]) => JSON.stringify(each[name as keyof Pane]) === JSON.stringify(value)),
    );
    if (at < 0) return `Unmatched output: ${JSON.stringify(pane)} among ${JSON.stringify(left)}`;
    left.splice(at, 1);
  }
  return left.length > 0 ? `Unexpected output: ${JSON.stringify(left)}` : undefined;
}

/** What gathers the values of a pane: one that takes them as they are, and one that may combine them before. */
const GATHER = {
  grouped: (input: PCollection<KV<string, number>>): PCollection<KV<string, Iterable<number>>> =>
    input.apply(groupByKey()),
  combined: (input: PCollection<KV<string, number>>): PCollection<KV<string, Iterable<number>>> =>
    input.apply(combinePerKey(toList<number>())),
};

function panesOf(
  input: PCollection<number>,
  transcript: Transcript,
  gather: keyof typeof GATHER,
): PCollection<Testimony> {
  const windowed: PCollection<number> = input.apply(
    windowInto(transcript.window_fn?.startsWith("Sessions") === true ? sessions(10) : fixedWindows(10), {
      trigger: triggerOf(transcript.trigger_fn ?? "Default"),
      allowedLateness: transcript.allowed_lateness ?? 0,
      accumulationMode: transcript.accumulation_mode === "discarding" ? "DISCARDING" : "ACCUMULATING",
      outputTime: OUTPUT_TIMES[transcript.timestamp_combiner ?? "OUTPUT_AT_EOW"]!,
      allowUnsafeTriggers: true,
    }),
  );
  return GATHER[gather](windowed.apply(withKeys("k")) as PCollection<KV<string, number>>)
    .apply(reify())
    .map(({ value, timestamp, window, pane }): Testimony => {
      if (!(window instanceof IntervalWindow)) throw new TypeError("All windows are intervals.");
      return {
        pane: {
          window: [window.start, window.end - 1],
          values: [...value.value].sort((a, b) => a - b),
          timestamp,
          index: pane.index,
          final: pane.isLast,
          early: pane.timing === "EARLY",
          late: pane.timing === "LATE",
          nonspeculative_index: pane.nonSpeculativeIndex,
        },
      };
    });
}

/** Judges panes as they come: those since one expectation by the next. What comes after the last one is not looked at. */
function build(root: Root, transcript: Transcript, gather: keyof typeof GATHER): void {
  const { input, expect } = root.apply(scriptOf(transcript));
  const inOneWindow = windowInto<Testimony>(globalWindows(), {
    trigger: defaultTrigger(),
    allowedLateness: 0,
    accumulationMode: "DISCARDING",
    outputTime: "END_OF_WINDOW",
    allowUnsafeTriggers: false,
  });
  const all = P([
    panesOf(input, transcript, gather).apply(inOneWindow),
    expect.apply("Expectations", inOneWindow),
  ]).apply(flatten()) as PCollection<Testimony>;
  const complaints = (all.apply(withKeys("judge")) as PCollection<KV<string, Testimony>>).parDo(
    "Judge",
    {
      process({ value }, { panes }) {
        if ("pane" in value) {
          panes.add(value.pane);
          return [];
        }
        const found = complaint(value.expected, panes.read());
        panes.clear();
        return found === undefined ? [] : [found];
      },
    },
    { panes: bagState<Pane>("panes") },
  );
  passert(complaints).isEmpty();
}

/** Two of them have one name. */
const names = new Map<string, number>();
function nameOf({ name, error }: Transcript): string {
  const times = (names.get(name) ?? 0) + 1;
  names.set(name, times);
  const numbered = times === 1 ? name : `${name} (${times})`;
  return error === undefined ? numbered : `${numbered}, which does not hold`;
}

export const TRIGGER_TRANSCRIPTS: readonly ConformanceTest[] = TRANSCRIPTS.flatMap((transcript) => {
  const name = nameOf(transcript);
  return (["grouped", "combined"] as const).map(
    (gather): ConformanceTest => ({
      category: "TriggerTranscripts",
      name: gather === "grouped" ? name : `${name}, combined`,
      rule:
        transcript.error === undefined
          ? "Panes come when, and are what, the transcript says."
          : "A transcript that does not hold is told from those that do.",
      build: (root) => build(root, transcript, gather),
      ...(transcript.error === undefined
        ? {}
        : { failure: { code: "assertion" as const, message: new RegExp(transcript.error) } }),
    }),
  );
});
