/** How far a job has come, on a terminal or in a log. */
import { MAX_TIMESTAMP } from "../../portability/execution/time.js";
import type { Progress } from "../../runner/execution/progress.js";

/** Ms between two lines in a log, where a line cannot be overwritten. */
const LOG_INTERVAL = 5000;
/** A watermark that is further behind (ms) does not go by the clock. */
const LONGEST_LAG = 24 * 3600 * 1000;
/** Width of the bar, in characters. */
const BAR = 20;

export interface ProgressView {
  update(progress: Progress): void;
  /** Leaves the last state standing. */
  end(): void;
}

/** `1234567` as `1,234,567`. */
export function grouped(n: number): string {
  return Math.round(n).toLocaleString("en-US");
}

/** Where a job is held up: elements that wait, and how far the watermark is behind, if it goes by the clock. */
export function backlogText({ backlog }: Progress, now = Date.now()): string {
  const waiting = backlog.reduce((sum, { elements }) => sum + elements, 0);
  const slowest = backlog.reduce((min, { watermark }) => Math.min(min, watermark), MAX_TIMESTAMP);
  const lag = now - slowest;
  const parts = waiting > 0 ? [`${grouped(waiting)} waiting`] : [];
  // Event time that has nothing to do with now, as in a batch job, has no lag.
  if (lag >= 0 && lag < LONGEST_LAG) parts.push(`watermark ${(lag / 1000).toFixed(1)} s behind`);
  return parts.map((part) => `  ${part}`).join("");
}

/** One line about a job: stages, elements, rate, and where it is held up. */
export function progressLine(progress: Progress, seconds: number): string {
  const { done, total } = progress.stages;
  const filled = total === 0 ? BAR : Math.round((done / total) * BAR);
  let elements = 0;
  for (const count of progress.elements.values()) elements += count;
  const rate = seconds > 0 ? grouped(elements / seconds) : "0";
  return `[${"█".repeat(filled)}${"░".repeat(BAR - filled)}] ${done}/${total} stages  ${grouped(elements)} elements  ${rate}/s  ${seconds.toFixed(1)} s${backlogText(progress)}`;
}

export function progressView(stream: NodeJS.WriteStream): ProgressView {
  const begin = performance.now();
  let logged = begin;
  let last: string | undefined;
  return {
    update(progress) {
      const now = performance.now();
      const line = progressLine(progress, (now - begin) / 1000);
      last = line;
      if (stream.isTTY) {
        stream.write(`\r\x1b[2K${line}`);
      } else if (now - logged >= LOG_INTERVAL) {
        logged = now;
        stream.write(`${line}\n`);
      }
    },
    end() {
      if (last !== undefined) stream.write(stream.isTTY ? "\n" : `${last}\n`);
    },
  };
}
