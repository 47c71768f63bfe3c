/** What a runner tells of a job elsewhere, on a terminal or in a log. */
import type { RunnerMessage, RunProgress } from "../runners/run-progress.js";
import { grouped } from "./progress-view.js";

/** Ms between two lines in a log, where a line cannot be overwritten. */
const LOG_INTERVAL = 5000;

/**
 * Which of a runner's messages are for people, and what stands before them. An error is what the job fails with, and is shown as
 * that.
 */
const SHOWN: Readonly<Partial<Record<RunnerMessage["importance"], string>>> = { basic: "", warning: "warning: " };

export interface JobView {
  message(this: void, message: RunnerMessage): void;
  update(this: void, progress: RunProgress): void;
  /** Leaves the last state standing. */
  end(): void;
}

/** One line about a job: its state, elements and time. */
export function jobLine({ state, elements, stages }: RunProgress, seconds: number): string {
  const parts = [
    state,
    ...(stages === undefined ? [] : [`${stages.done}/${stages.total} stages`]),
    ...(elements === undefined ? [] : [`${grouped(elements)} elements`]),
    `${seconds.toFixed(1)} s`,
  ];
  return `girder: ${parts.join("  ")}`;
}

export function jobView(stream: Pick<NodeJS.WriteStream, "write" | "isTTY">, now = () => performance.now()): JobView {
  const begin = now();
  let logged = begin;
  let last: RunProgress | undefined;
  const line = (): string => (last === undefined ? "" : jobLine(last, (now() - begin) / 1000));
  return {
    message({ importance, text }) {
      const before = SHOWN[importance];
      if (before === undefined || text.trim() === "") return;
      const again = stream.isTTY && last !== undefined;
      // What follows a first line are stacks and the like: a runner's log has them.
      const [first] = text.trim().split("\n");
      stream.write(`${again ? "\r\x1b[2K" : ""}${before}${first}\n${again ? line() : ""}`);
    },
    update(progress) {
      // A state that comes without a count does not take the last one away.
      last =
        progress.elements === undefined && last?.elements !== undefined
          ? { ...progress, elements: last.elements }
          : progress;
      if (stream.isTTY) stream.write(`\r\x1b[2K${line()}`);
      else if (now() - logged >= LOG_INTERVAL) {
        logged = now();
        stream.write(`${line()}\n`);
      }
    },
    end() {
      if (last !== undefined) stream.write(stream.isTTY ? "\n" : `${line()}\n`);
    },
  };
}
