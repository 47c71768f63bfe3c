/**
 * Files as elements: which ones there are, now or as they come.
 *
 * @module girder/io/fileio
 */
import { GirderError } from "../../portability/errors.js";
import type { PCollection } from "../pipeline/pcollection.js";
import { named, type PTransform } from "../pipeline/pvalue.js";
import type { Root } from "../pipeline/root.js";
import { create } from "../transforms/create.js";
import { splittable } from "../transforms/splittable.js";
import { type FileMetadata, fileSystemFor } from "./filesystem/index.js";
import { located } from "./located.js";
import { checkInterval, type Found, WatchDoFn, type WatchOptions } from "./watch.js";

export type { FileMetadata } from "./filesystem/index.js";
export {
  afterTimeSinceNewOutput,
  afterTotalOf,
  type UntilCondition,
  type WatchOptions,
  type WatchTimes,
} from "./watch.js";

/** How files are matched. */
export interface MatchOptions {
  /** Whether a pattern that matches nothing is no error. Default false. */
  readonly allowEmptyMatch?: boolean;
}

/** How files are watched. A pattern may match nothing for as long as it likes. */
export interface MatchContinuouslyOptions extends WatchOptions {
  /** Whether a file is output again when it has changed: its size, or when it was modified. Default false. */
  readonly matchUpdatedFiles?: boolean;
}

/**
 * The files that the patterns match when the pipeline runs; see `FileSystem.match` for what a pattern may hold. A file that
 * two patterns match is there twice.
 *
 * @throws GirderError at once: `invalid-argument`. When the pipeline runs: `not-found` for a pattern without a match; `io`.
 */
export function match(
  patterns: string | readonly string[],
  options: MatchOptions = {},
): PTransform<Root, PCollection<FileMetadata>> {
  const list = patternList(patterns);
  return named("Match", (root) => root.apply("Patterns", create(list)).apply(matchAll(options)));
}

/** The files that the patterns in a PCollection match. See {@link match}. */
export function matchAll(options: MatchOptions = {}): PTransform<PCollection<string>, PCollection<FileMetadata>> {
  const { allowEmptyMatch = false } = options;
  return named("MatchAll", (patterns) => {
    const transform = patterns.pipeline.where;
    return patterns.flatMap("Files", async (pattern) => filesOf(pattern, allowEmptyMatch, transform));
  });
}

/**
 * The files that the patterns match, and those that come to match while the pipeline runs. Each is output once, when it is
 * found, with that time as its timestamp. Files should appear under their names when they are complete.
 *
 * ```ts
 * root.apply(matchContinuously("inbox/*.csv", { interval: seconds(5), until: afterTotalOf(hours(1)) }));
 * ```
 *
 * @throws GirderError at once: `invalid-argument`. When the pipeline runs: `io`.
 */
export function matchContinuously(
  patterns: string | readonly string[],
  options: MatchContinuouslyOptions,
): PTransform<Root, PCollection<FileMetadata>> {
  const list = patternList(patterns);
  const watch = matchAllContinuously(options);
  return named("MatchContinuously", (root) => root.apply("Patterns", create(list)).apply(watch));
}

/** As {@link matchContinuously}, for the patterns in a PCollection. */
export function matchAllContinuously(
  options: MatchContinuouslyOptions,
): PTransform<PCollection<string>, PCollection<FileMetadata>> {
  const { matchUpdatedFiles = false } = options;
  checkInterval(options);
  const found = (file: FileMetadata): Found<FileMetadata> => ({
    key: file.path,
    version: matchUpdatedFiles ? `${file.lastModified} ${file.size}` : 0,
    value: file,
  });
  return named("MatchAllContinuously", (patterns) => {
    const transform = patterns.pipeline.where;
    const look = async (pattern: string) => (await filesOf(pattern, true, transform)).map(found);
    return patterns.apply(splittable("Watch", new WatchDoFn(look, options)));
  });
}

async function filesOf(pattern: string, allowEmpty: boolean, transform: string): Promise<FileMetadata[]> {
  try {
    return await fileSystemFor(pattern).match(pattern, { allowEmpty });
  } catch (thrown) {
    throw located(thrown, transform);
  }
}

function patternList(patterns: string | readonly string[]): string[] {
  const list = typeof patterns === "string" ? [patterns] : [...patterns];
  if (list.length > 0 && list.every((pattern) => typeof pattern === "string" && pattern !== "")) return list;
  throw new GirderError("invalid-argument", "There is nothing to match: no pattern, or one that is no path.", {
    remedy: 'Give a path or pattern such as "logs/*.txt", or a list of them.',
  });
}
