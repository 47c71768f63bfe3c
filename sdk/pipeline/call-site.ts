/** Where in the author's program something was called. */

const GIRDER_FRAME =
  /[/\\]sdk[/\\](?:pipeline|transforms|io|windowing|testing|state|apache-beam)[/\\]|[/\\]dist[/\\]bundle[/\\]|node:internal/;

/** `file:line:column` of the innermost frame that is the author's, if known. */
export function callSite({ stack = "" }: Error): string | undefined {
  const frames = stack.split("\n").filter((line) => /^\s+at /.test(line));
  const frame = frames.find((line) => /\.spec\.[jt]s:/.test(line) || !GIRDER_FRAME.test(line));
  return frame?.replace(/^\s*at (?:.*\()?((?:file:\/\/)?.*?:\d+:\d+)\)?$/, "$1");
}
