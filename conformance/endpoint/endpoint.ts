/** Where a suite's pipelines are sent. */

/** Whose job services can be started, and `embedded` apart: the runner in our own process, which has none. */
export const SUBJECTS = ["girder", "prism", "python", "flink"] as const;
export type SubjectName = (typeof SUBJECTS)[number];

/** How subjects are called in tables. */
export const SUBJECT_TITLES: Readonly<Record<SubjectName, string>> = {
  girder: "Girder",
  prism: "Prism",
  python: "Python job service",
  flink: "Flink",
};

/** A job service that accepts jobs. */
export interface Endpoint {
  /** `host:port`. */
  readonly address: string;
  readonly versions: Readonly<Record<string, string>>;
  /** When it ended by itself and was started again, by `performance.now()`. */
  readonly restarts: readonly number[];
  /** The process, where it is ours. */
  readonly pid?: number | undefined;
  /**
   * Stops it, if it is ours.
   *
   * @returns What was wrong with the way it ended: it took too long, or left processes. Empty where nothing was.
   */
  stop(): Promise<string[]>;
}
