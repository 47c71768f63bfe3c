/** What was measured, as people read it. */
import type { PortableMeasurement, PortableSubject } from "./measure.js";

/** The medians of several measurements of one job and subject, each figure by itself. */
export function medianOf(all: readonly PortableMeasurement[]): PortableMeasurement {
  const middle = (of: (each: PortableMeasurement) => number): number =>
    all.map(of).toSorted((a, b) => a - b)[Math.floor(all.length / 2)]!;
  return {
    ...all[0]!,
    seconds: middle((each) => each.seconds),
    peakMemoryBytes: middle((each) => each.peakMemoryBytes),
    runnerCpuSeconds: middle((each) => each.runnerCpuSeconds),
  };
}

/** A job's measurements, a line each, and what Girder takes as shares of what Prism takes. */
export function jobText(what: string, measured: readonly PortableMeasurement[]): string {
  const of = (subject: PortableSubject) => measured.find((each) => each.subject === subject);
  const [girder, prism] = [of("girder"), of("prism")];
  const lines = measured.map(({ subject, seconds, runnerCpuSeconds, peakMemoryBytes }) =>
    [
      `  ${subject.padEnd(8)}`,
      `${seconds.toFixed(2).padStart(7)} s`,
      `${runnerCpuSeconds.toFixed(2).padStart(8)} CPU s`,
      `${String(Math.round(peakMemoryBytes / 2 ** 20)).padStart(7)} MB`,
    ].join(""),
  );
  if (girder === undefined || prism === undefined) return [what, ...lines].join("\n");
  const [time, cpu, memory] = [
    girder.seconds / prism.seconds,
    girder.runnerCpuSeconds / prism.runnerCpuSeconds,
    girder.peakMemoryBytes / prism.peakMemoryBytes,
  ].map((ratio) => `${ratio.toFixed(2)}×`);
  return [what, ...lines, `  girder takes ${time} the time, ${cpu} the CPU and ${memory} the memory of prism`].join(
    "\n",
  );
}
