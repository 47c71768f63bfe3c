/** Makes programs about event time at random. */
import {
  afterAll,
  afterAny,
  afterCount,
  afterEach,
  afterProcessingTime,
  afterWatermark,
  always,
  defaultTrigger,
  fixedWindows,
  globalWindows,
  never,
  orFinally,
  repeatedly,
  sessions,
  slidingWindows,
  type Trigger,
  type WindowFn,
} from "girder";
import type { StreamElement, StreamEvent, StreamProgram } from "./stream-program.js";

type Random = () => number;

/** A program that these random numbers in [0, 1) determine. */
export function generateStream(random: Random): StreamProgram {
  const below = (n: number): number => Math.floor(random() * n);
  const oneOf = <T>(values: readonly T[]): T => values[below(values.length)]!;
  const op = oneOf<"group" | "combine" | "state">(["group", "group", "combine", "state"]);
  const windowFn = windowFnOf(op === "state" ? below(2) : below(4), below);
  const merging = windowFn.kind === "sessions";
  const trigger =
    op === "state" ? defaultTrigger() : ends(windowFn, merging ? mergingTrigger(below) : anyTrigger(below, 2));
  // Elements come alone where it matters which of them come together: combined before they are grouped they count as one, and a
  // pane that one of them brings about may make the next one late.
  const most = op === "group" && !firesForElements(trigger) ? 4 : 1;
  return {
    events: events(most, random),
    windowFn,
    trigger,
    allowedLateness: oneOf([0, 0, 5, 20, 100]),
    accumulationMode: oneOf(["DISCARDING", "ACCUMULATING", "RETRACTING"] as const),
    outputTime: oneOf(["END_OF_WINDOW", "EARLIEST_IN_PANE", "LATEST_IN_PANE"] as const),
    onTimeBehavior: oneOf(["FIRE_ALWAYS", "FIRE_IF_NONEMPTY"] as const),
    closingBehavior: oneOf(["EMIT_ALWAYS", "EMIT_IF_NONEMPTY"] as const),
    op: op === "state" ? { delay: below(25) } : op,
  };
}

/** Whether an element may bring a pane about. */
function firesForElements(trigger: Trigger): boolean {
  return /"(count|always|processing-time)"/.test(JSON.stringify(trigger));
}

/** What has no end is not grouped in the global window with the default trigger: the SDK refuses that. */
function ends(windowFn: WindowFn, trigger: Trigger): Trigger {
  return windowFn.kind === "global" && trigger.kind === "default" ? afterWatermark() : trigger;
}

function events(most: number, random: Random): StreamEvent[] {
  const below = (n: number): number => Math.floor(random() * n);
  const made: StreamEvent[] = [];
  const keys = 1 + below(3);
  let watermark = 0;
  let value = 0;
  const element = (): StreamElement => ({
    key: `k${below(keys)}`,
    value: ++value,
    // Most come in time, some late.
    timestamp: Math.max(0, watermark + below(40) - 12),
  });
  for (let count = 3 + below(25); count > 0; count--) {
    const kind = random();
    if (kind < 0.6) made.push({ kind: "elements", elements: Array.from({ length: 1 + below(most) }, element) });
    else if (kind < 0.85) {
      watermark += 1 + below(20);
      made.push({ kind: "watermark", to: watermark });
    } else made.push({ kind: "time", by: 1 + below(15) });
  }
  return made;
}

function windowFnOf(kind: number, below: (n: number) => number): WindowFn {
  const size = 1 + below(20);
  switch (kind) {
    case 0:
      return globalWindows();
    case 1:
      return fixedWindows(size, below(size));
    case 2:
      return slidingWindows(size, 1 + below(size), below(5));
    default:
      return sessions(1 + below(12));
  }
}

/** Those whose windows may merge without a rule of their own for what their parts have counted. */
function mergingTrigger(below: (n: number) => number): Trigger {
  switch (below(4)) {
    case 0:
      return repeatedly(afterCount(1 + below(3)));
    case 1:
      return afterWatermark({ late: afterCount(1) });
    case 2:
      return afterWatermark();
    default:
      return defaultTrigger();
  }
}

function anyTrigger(below: (n: number) => number, depth: number): Trigger {
  const part = (): Trigger => anyTrigger(below, depth - 1);
  switch (below(depth > 0 ? 12 : 5)) {
    case 0:
      return afterCount(1 + below(4));
    case 1:
      return afterProcessingTime({ delay: below(20) });
    case 2:
      return always();
    case 3:
      return below(4) === 0 ? never() : afterWatermark();
    case 4:
      return defaultTrigger();
    case 5:
      return afterWatermark({ early: part(), late: part() });
    case 6:
      return afterWatermark({ late: part() });
    case 7:
      return repeatedly(part());
    case 8:
      return afterEach(part(), part());
    case 9:
      return afterAll(part(), part());
    case 10:
      return afterAny(part(), part());
    default:
      return orFinally(part(), part());
  }
}
