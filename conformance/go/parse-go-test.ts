/** Reads what `go tool test2json` says of one test. */
import type { Outcome, TestResult } from "../report/report.js";

interface Event {
  readonly Action?: string;
  readonly Test?: string;
  readonly Elapsed?: number;
  readonly Output?: string;
}

const OUTCOMES: Readonly<Record<string, Outcome>> = { pass: "passed", fail: "failed", skip: "skipped" };

/** Lines that Go's test framework, or a goroutine's dump, adds to what was reported. */
const NOISE = /^\s*(=== |--- |goroutine |created by |\S+\.go:\d+ \+0x|PASS$|FAIL$|exit status)/;

/** At most this much of a failure's output is its reason, in characters. */
const MOST = 2_000;

/**
 * The result of the test `name`, of the events that its process wrote, a line of JSON each. A test without a last event has
 * failed: its process died.
 *
 * @param seconds How long the process took; the test's own time is taken where it is told.
 */
export function parseGoTest(name: string, events: string, seconds: number): TestResult {
  const parsed = events.split("\n").flatMap(eventOf);
  const last = parsed.findLast(({ Action = "", Test }) => Test === name && Action in OUTCOMES);
  const outcome = OUTCOMES[last?.Action ?? ""] ?? "failed";
  const output = parsed.map(({ Output = "" }) => Output).join("");
  return {
    name,
    outcome,
    seconds: last?.Elapsed || seconds,
    reason: outcome === "passed" ? "" : reasonOf(output, last !== undefined),
  };
}

function eventOf(line: string): Event[] {
  if (!line.startsWith("{")) return [];
  try {
    return [JSON.parse(line) as Event];
  } catch {
    // Cut off, where the process was ended.
    return [];
  }
}

function reasonOf(output: string, ended: boolean): string {
  const panic = /^panic: test timed out after \S+/m.exec(output)?.[0];
  if (panic !== undefined) return panic.replace("panic: ", "");
  const lines = output.split("\n").filter((line) => line.trim() !== "" && !NOISE.test(line));
  // The SDK logs what it does; the failure is what the test reports, in lines like "ptest.go:112: Failed to execute job".
  const reported = lines.findIndex((line) => /^\s*\w+\.go:\d+: /.test(line));
  const text = lines
    .slice(Math.max(0, reported))
    .map((line) => line.trim())
    .join("\n")
    .slice(0, MOST);
  return text === "" ? `the test's process ${ended ? "said nothing" : "died"}` : text;
}
