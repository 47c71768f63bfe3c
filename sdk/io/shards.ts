/** Which temporary files become which files. */
import { type BoundedWindow, IntervalWindow } from "../../portability/execution/window.js";
import type { TemporaryFile } from "./temporary-lines.js";

/** Bytes in a file, about, where the author has not said how many files there are to be. */
export const SHARD_SIZE = 64 * 1024 * 1024;

/** Bytes of a file. */
export interface Part {
  readonly path: string;
  readonly start: number;
  readonly end: number;
}

/** A file to be made. */
export interface Shard {
  readonly path: string;
  readonly parts: readonly Part[];
}

/** How files are named. */
export interface ShardNaming {
  readonly prefix: string;
  readonly suffix: string;
  /** A run of `S` stands for the number of the shard, a run of `N` for how many there are. */
  readonly template: string;
}

/** `PREFIX-WINDOW-00000-of-00002SUFFIX`. */
export function shardPath(
  { prefix, suffix, template }: ShardNaming,
  place: { readonly window: BoundedWindow; readonly pane: number },
  shard: number,
  count: number,
): string {
  const digits = (run: string, number: number): string => String(number).padStart(run.length, "0");
  const name = template
    .replace(/S+/g, (run) => `\u0000${digits(run, shard)}`)
    .replace(/N+/g, (run) => digits(run, count))
    .replaceAll("\u0000", "");
  // A pane after the first belongs beside what earlier ones wrote, not in its place.
  const pane = place.pane === 0 ? "" : `-pane-${place.pane}`;
  return `${prefix}${windowName(place.window)}${pane}${name}${suffix}`;
}

function windowName(window: BoundedWindow): string {
  if (!(window instanceof IntervalWindow)) return "";
  return `-${new Date(window.start).toISOString()}-${new Date(window.end).toISOString()}`;
}

/**
 * The parts of each shard.
 *
 * @param shards how many there are to be; undefined: one for about {@link SHARD_SIZE} bytes, at least one. The files of
 * bundles are kept whole and in order then.
 */
export function divide(files: Iterable<TemporaryFile>, shards: number | undefined): Part[][] {
  if (shards !== undefined) {
    const parts = Array.from({ length: shards }, (): Part[] => []);
    for (const { path, segments } of files) {
      for (const { shard, start, end } of segments) parts[shard]?.push({ path, start, end });
    }
    return parts;
  }
  let last: Part[] = [];
  const parts = [last];
  let size = 0;
  for (const { path, segments } of files) {
    const end = segments.at(-1)?.end ?? 0;
    if (size > 0 && size + end > SHARD_SIZE) {
      last = [];
      parts.push(last);
      size = 0;
    }
    last.push({ path, start: 0, end });
    size += end;
  }
  return parts;
}
