/** What is measured: a computation over events that are there before the clock starts, as a pipeline and as a loop. */
import type { Pipeline } from "girder";

/** Who computes: a plain loop, or Girder embedded. */
export type RowSubject = "loop" | "girder";

/** A computation with its events. */
export interface ReadyRow {
  /** Runs the loop; `report` takes numbers whose sum is the result. */
  loop(report: (partial: number) => void): void;
  /** Builds the pipeline. What it returns is called when the pipeline has run, for what can be reported only then. */
  build(pipeline: Pipeline, report: (partial: number) => void): (() => void) | undefined;
  /** Removes what runs have left. */
  close?(): void;
}

export interface Row {
  readonly name: string;
  readonly what: string;
  /** Events: as many as keep either subject busy for about a second. */
  readonly elements: number;
  /** Elements in a second that Girder is to reach. */
  readonly target?: number;
  /** @param bounded Whether the source is known to end. */
  ready(elements: number, bounded: boolean): ReadyRow;
}
