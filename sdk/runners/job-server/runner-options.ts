/** Options of a runner behind a job service, as they travel: under Beam's own names, in snake case. */
import type { JsonObject, JsonValue } from "@bufbuild/protobuf";
import { GirderError } from "../../../portability/errors.js";
import type { RunOptions } from "../run.js";

/** `maxParallelism` as Beam writes it: `max_parallelism`. */
export function snakeCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

/**
 * What of a program's options a job service is told, by name: those that runners share, those that are `own`, and whatever
 * `--runner-options` says. Whole numbers are text, as Python's SDK sends them: a JSON number would reach Java with a fraction.
 *
 * @throws GirderError `invalid-option`
 */
export function jobOptions(options: RunOptions, own: Readonly<Record<string, unknown>> = {}): JsonObject {
  const shared = { streaming: options.streaming === true ? true : undefined };
  const given = Object.entries({ ...shared, ...own, ...further(options.runnerOptions) });
  return Object.fromEntries(
    given
      .filter(([, value]) => value !== undefined && value !== null)
      .map(([name, value]) => [
        `beam:option:${name}:v1`,
        Number.isSafeInteger(value) ? String(value) : (value as JsonValue),
      ]),
  );
}

function further(text: string | undefined): Readonly<Record<string, unknown>> {
  if (text === undefined) return {};
  try {
    const value = JSON.parse(text) as unknown;
    if (typeof value === "object" && value !== null && !Array.isArray(value)) {
      return Object.fromEntries(Object.entries(value).map(([name, each]) => [snakeCase(name), each]));
    }
  } catch {
    // Said below, with all other ways to get it wrong.
  }
  throw new GirderError("invalid-option", `${text} is not an object of options.`, {
    where: "--runner-options",
    remedy: `Write it as JSON: --runner-options='{"parallelism": 4}'.`,
  });
}
