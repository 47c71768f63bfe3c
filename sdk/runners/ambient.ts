/**
 * What a program is started by, when it is started by something: the `girder` command, or a worker.
 *
 * A program builds its pipeline and calls `run`, whoever starts it. The starter leaves here what is to happen then. It is
 * kept on the global object, because a program may have loaded a copy of this module of its own; what a starter and a
 * program may have from different copies is plain data.
 */
import type { Pipeline } from "../pipeline/pipeline.js";
import type { RunnerOptions } from "./pipeline-options.js";
import type { PipelineResult } from "./pipeline-result.js";

/** The program is run again, for the functions of one of its pipelines. */
export interface WorkerMode {
  /** Which of the pipelines that the program runs, from 0, in their order. */
  readonly pipeline: number;
  /** What the program has captured where it was submitted, in order, as base64. */
  readonly captures: readonly string[];
  /** Digests of the functions by their transforms, as the program had them where it was submitted. Default: only as it was built for workers. */
  readonly digests?: Readonly<Record<string, string>> | undefined;
  /** What the worker's process was started with: the flags of Beam's contract. */
  readonly flags: readonly string[];
  /** Path of the file that the process was started with, if it is to be started again for further workers. */
  readonly file?: string;
}

export interface Ambient {
  /** The program's arguments, if they are not the process's. */
  readonly argv?: readonly string[];
  /** Path of the program, if it is not what the process was started with. */
  readonly program?: string;
  /** What `run` does with the pipeline, instead of running it. */
  readonly launch?: (pipeline: Pipeline, options: RunnerOptions) => Promise<PipelineResult>;
  readonly workerMode?: WorkerMode;
  /** What `run` does in worker mode. Default: `runInWorker`, which is loaded then. */
  readonly serve?: (pipeline: Pipeline, index: number, mode: WorkerMode) => Promise<PipelineResult>;
}

/** What a program has done so far, across all copies of this module. */
export interface ProgramState {
  /** Pipelines that were run. */
  pipelines: number;
  /** Values that were captured, as base64. */
  readonly captured: string[];
  /** Whether the workers have been started that the runner wants beside this one. */
  hasStartedSiblings: boolean;
  /** Those, while they run: each settles when it has ended. */
  siblings?: readonly Promise<void>[];
}

const KEY = Symbol.for("girder.ambient");
const STATE = Symbol.for("girder.program");

type Global = { [KEY]?: Ambient; [STATE]?: ProgramState };

export function ambient(): Ambient {
  return (globalThis as Global)[KEY] ?? {};
}

export function setAmbient(value: Ambient): void {
  (globalThis as Global)[KEY] = value;
}

export function programState(): ProgramState {
  const global = globalThis as Global;
  global[STATE] ??= { pipelines: 0, captured: [], hasStartedSiblings: false };
  return global[STATE];
}
