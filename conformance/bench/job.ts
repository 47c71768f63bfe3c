/** What a benchmark job is: one computation, written for each subject. */
import type { Pipeline } from "girder";

/** Who computes: a plain hand-written loop, Girder embedded, the official SDK's direct runner. */
export type Subject = "loop" | "girder" | "apache-beam";

export interface Job {
  readonly name: string;
  /** Elements for the loop and Girder: chosen so that the loop takes about a second. */
  readonly elements: number;
  /** Elements for the official SDK, which holds all of them in memory; rates are compared. */
  readonly elementsForBeam: number;
  /** Runs the loop; returns a number that the other subjects must come to as well. */
  loop(elements: number): number | Promise<number>;
  /** Builds the pipeline; `report` takes numbers whose sum is the result. */
  girder(pipeline: Pipeline, elements: number, report: (partial: number) => void): void;
  /** Runs the pipeline of the official SDK; `beam` is its module. What its functions need is in `globalThis.bench`. */
  apacheBeam(beam: ApacheBeam): Promise<void>;
}

/** The parts of npm `apache-beam` that the jobs use. It has no types that a current compiler accepts. */
export interface ApacheBeam {
  // biome-ignore lint/suspicious/noExplicitAny: the package's own types do not compile today.
  readonly [name: string]: any;
}
