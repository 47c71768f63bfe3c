/** What programs that run a suite write while they do: a line of JSON when a test begins, and one when it has ended. */
import { GirderError } from "girder";
import type { Outcome, TestResult } from "../report/report.js";

/** A test has begun, a test has ended, or all have. */
export type ResultLine = { readonly begin: string } | TestResult | { readonly end: true };

const OUTCOMES: readonly Outcome[] = ["passed", "failed", "skipped"];

/** A line, checked. @throws GirderError `malformed-data`. */
export function parseResultLine(text: string): ResultLine {
  const line = objectOf(text);
  if (line["end"] === true) return { end: true };
  const { begin, name, outcome, seconds, reason, categories } = line;
  if (typeof begin === "string") return { begin };
  if (typeof name !== "string" || typeof seconds !== "number" || !OUTCOMES.includes(outcome as Outcome)) {
    throw new GirderError("malformed-data", `This is no result of a test: ${text.slice(0, 200)}`);
  }
  return {
    name,
    outcome: outcome as Outcome,
    seconds,
    reason: typeof reason === "string" ? reason : "",
    ...(Array.isArray(categories) ? { categories: categories.map(String) } : {}),
  };
}

function objectOf(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === "object" && value !== null) return value as Readonly<Record<string, unknown>>;
  } catch {
    // Reported below.
  }
  throw new GirderError("malformed-data", `This is no line of results: ${text.slice(0, 200)}`);
}

/** Collects the lines of one program, and knows what it was doing when it ended. */
export class ResultLines {
  readonly results: TestResult[] = [];
  /** Whether the program said that it had run all it was to run. */
  complete = false;
  /** The test that has begun and not ended. */
  running: string | undefined;

  /** Takes a line; returns the result if it was one. */
  add(text: string): TestResult | undefined {
    const line = parseResultLine(text);
    if ("end" in line) this.complete = true;
    else if ("begin" in line) this.running = line.begin;
    else {
      this.running = undefined;
      this.results.push(line);
      return line;
    }
    return undefined;
  }
}
