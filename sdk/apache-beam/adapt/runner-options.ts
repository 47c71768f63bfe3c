/** Options of the official runners as Girder's take them. */
import { GirderError } from "../../../portability/errors.js";
import { type OptionSpec, RUNNER_OPTIONS } from "../../runners/pipeline-options.js";
import type { RunOptions } from "../../runners/run.js";

type Given = Readonly<Record<string, unknown>>;

/** Official runners by what they are here. */
function runnerOf(given: Given): string {
  const { runner = "default", jobEndpoint } = given;
  if (runner === "default" || runner === "direct") return "embedded";
  if (runner === "universal") return jobEndpoint === undefined ? "embedded" : "portable";
  return String(runner);
}

/**
 * What Girder's runners are to be told, of all that a program was started with: the rest is the program's own.
 *
 * @throws GirderError `invalid-option` for a value of the wrong type.
 */
export function girderOptions(given: object): RunOptions {
  const all = { ...given, runner: runnerOf(given as Given) } as Given;
  const entries = Object.entries(RUNNER_OPTIONS as Readonly<Record<string, OptionSpec>>).flatMap(([name, spec]) => {
    const value = all[name];
    return value === undefined || value === null ? [] : [[name, converted(name, spec, value)]];
  });
  const { signal, drain } = all;
  return {
    ...(Object.fromEntries(entries) as RunOptions),
    ...(signal instanceof AbortSignal ? { signal } : {}),
    ...(drain instanceof AbortSignal ? { drain } : {}),
  };
}

/** Command-line parsers give numbers where text is meant, and text where a number is. */
function converted(name: string, { type }: OptionSpec, value: unknown): unknown {
  if (typeof value === type) return value;
  if (type === "string" && typeof value === "number") return String(value);
  if (type === "number" && typeof value === "string" && Number.isFinite(Number(value))) return Number(value);
  if (type === "boolean" && (value === "true" || value === "false")) return value === "true";
  if (type === "string" && typeof value === "object") return JSON.stringify(value);
  throw new GirderError("invalid-option", `The option ${name} is ${String(value)}.`, {
    where: name,
    remedy: `Give a ${type}.`,
  });
}
