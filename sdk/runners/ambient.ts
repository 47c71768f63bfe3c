/**
 * What a program is started by, when it is started by something: the `girder` command, later a worker.
 *
 * A program builds its pipeline and calls `run`, whoever starts it. The starter leaves here what is to happen then. It is
 * kept on the global object, because a program may have loaded a copy of this module of its own.
 */
import type { Pipeline } from "../pipeline/pipeline.js";
import type { RunnerOptions } from "./pipeline-options.js";
import type { PipelineResult } from "./pipeline-result.js";

export interface Ambient {
  /** The program's arguments, if they are not the process's. */
  readonly argv?: readonly string[];
  /** What `run` does with the pipeline, instead of running it. */
  readonly launch?: (pipeline: Pipeline, options: RunnerOptions) => Promise<PipelineResult>;
}

const KEY = Symbol.for("girder.ambient");

export function ambient(): Ambient {
  return (globalThis as { [KEY]?: Ambient })[KEY] ?? {};
}

export function setAmbient(value: Ambient): void {
  (globalThis as { [KEY]?: Ambient })[KEY] = value;
}
