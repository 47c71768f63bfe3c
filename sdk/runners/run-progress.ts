/** What a runner tells while a pipeline runs, whichever runner it is. */

/** Something that a runner says of a job. */
export interface RunnerMessage {
  readonly importance: "debug" | "detailed" | "basic" | "warning" | "error";
  readonly text: string;
}

/** How far a job has come. */
export interface RunProgress {
  /** As the runner calls it: `RUNNING`, and what comes before and after. */
  readonly state: string;
  /** Elements of all PCollections so far; undefined where the runner does not count them. */
  readonly elements?: number;
  /** Stages that are done, of all, where the runner says so. */
  readonly stages?: { readonly done: number; readonly total: number };
}

/** Who is told. Default of each: nobody. */
export interface RunWatch {
  readonly onMessage?: (message: RunnerMessage) => void;
  readonly onProgress?: (progress: RunProgress) => void;
}
