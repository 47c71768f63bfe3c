/** Order for what has none: entries of maps and sets are written in the order of their bytes. */
import type { ByteWriter } from "./byte-writer.js";

/**
 * Rearranges adjacent runs of bytes in ascending order, so that the same runs written in any order become the same bytes.
 *
 * @param starts where each run begins; each ends where the next begins, and the last at the writer's end.
 */
export function sortRuns(starts: readonly number[], out: ByteWriter): void {
  const first = starts[0];
  if (first === undefined || starts.length === 1) return;
  const end = out.length;
  const all = out.copy(first, end);
  const runs = starts.map((start, i) => Buffer.from(all.buffer, start - first, (starts[i + 1] ?? end) - start));
  if (runs.every((run, i) => i === 0 || Buffer.compare(runs[i - 1]!, run) <= 0)) return;
  runs.sort(Buffer.compare);
  out.truncate(first);
  for (const run of runs) out.writeBytes(run);
}
