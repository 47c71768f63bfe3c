/** What a runner tells of a job elsewhere, on a terminal or in a log. */
import type { RunnerMessage, RunProgress } from "../runners/run-progress.js";
import { grouped } from "./progress-view.js";

/** Ms between two lines in a log that say the same of a state, where a line cannot be overwritten. */
const LOG_INTERVAL = 5000;

/** Which of a runner's messages are for people, and what stands before them. */
const SHOWN: Readonly<Partial<Record<RunnerMessage["importance"], string>>> = {
  basic: "",
  warning: "warning: ",
  error: "error: ",
};

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
  let logged = Number.NEGATIVE_INFINITY;
  let last: RunProgress | undefined;
  const line = (): string => (last === undefined ? "" : jobLine(last, (now() - begin) / 1000));
  return {
    message({ importance, text }) {
      const before = SHOWN[importance];
      if (before === undefined || text.trim() === "") return;
      const again = stream.isTTY && last !== undefined;
      stream.write(`${again ? "\r\x1b[2K" : ""}${before}${text.trimEnd()}\n${again ? line() : ""}`);
    },
    update(progress) {
      const moved = progress.state !== last?.state;
      // A state that comes without a count does not take the last one away.
      last =
        progress.elements === undefined && last?.elements !== undefined
          ? { ...progress, elements: last.elements }
          : progress;
      if (stream.isTTY) stream.write(`\r\x1b[2K${line()}`);
      else if (moved || now() - logged >= LOG_INTERVAL) {
        logged = now();
        stream.write(`${line()}\n`);
      }
    },
    end() {
      if (last !== undefined && stream.isTTY) stream.write("\n");
    },
  };
}
