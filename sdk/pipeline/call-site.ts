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

/**
 * What was thrown, saying where in the author's program the transform was applied that it names; as it is if it names none,
 * or says that already.
 *
 * @param siteOf Gives the place where a transform was applied, if known.
 */
export function withSite(thrown: unknown, siteOf: (transform: string) => string | undefined): unknown {
  if (!(thrown instanceof GirderError) || thrown.where === undefined || thrown.site !== undefined) return thrown;
  const site = siteOf(thrown.where);
  return site === undefined ? thrown : thrown.appliedAt(site);
}
