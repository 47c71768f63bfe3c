/** Where in the author's program something was called. */
import { GirderError } from "../../portability/errors.js";

const GIRDER_FRAME =
  /[/\\]sdk[/\\](?:pipeline|transforms|io|windowing|testing|state|apache-beam)[/\\]|[/\\]dist[/\\]bundle[/\\]|node:internal/;

/** `file:line:column` of the innermost frame that is the author's, if known. */
export function callSite({ stack = "" }: Error): string | undefined {
  const frames = stack.split("\n").filter((line) => /^\s+at /.test(line));
  const frame = frames.find((line) => /\.spec\.[jt]s:/.test(line) || !GIRDER_FRAME.test(line));
  return frame?.replace(/^\s*at (?:.*\()?((?:file:\/\/)?.*?:\d+:\d+)\)?$/, "$1");
}

/** What was thrown while a transform was applied, saying where that was if it names a transform and no place in the program. */
export function appliedAt(site: Error, thrown: unknown): unknown {
  if (!(thrown instanceof GirderError) || thrown.where === undefined || thrown.site !== undefined) return thrown;
  const place = callSite(site);
  return place === undefined ? thrown : thrown.appliedAt(place);
}
