/** From patterns to the files that they match, when the pipeline runs. */
import { GirderError } from "../../portability/errors.js";
import type { PCollection } from "../pipeline/pcollection.js";
import { named, type PTransform } from "../pipeline/pvalue.js";
import type { Root } from "../pipeline/root.js";
import { impulse } from "../transforms/impulse.js";
import { type MatchContinuouslyOptions, matchAllContinuously, matchContinuously } from "./fileio.js";
import { type FileMetadata, fileSystemFor } from "./filesystem/index.js";
import { type Compression, compressionOf } from "./lines/index.js";
import { located } from "./located.js";

/** A file to be read. */
export interface SourceFile {
  readonly path: string;
  /** In bytes, when it was matched. */
  readonly size: number;
  readonly compression: Compression;
}

/** How files are found. */
export interface MatchFilesOptions {
  /** How the files are compressed. Default `auto`: as the end of each name says (`.gz`, `.deflate`, `.br`), else not. */
  readonly compression?: Compression | "auto";
  /** Whether a pattern that matches nothing is read as no lines. Default: it is an error. */
  readonly allowEmptyMatch?: boolean;
  /**
   * Whether files are read that come while the pipeline runs: how often to look for them, and until when. Each is read once,
   * when it is found; it should appear under its name when it is complete. The output is unbounded. Default: the files that
   * are there when the pipeline begins are all.
   */
  readonly watch?: MatchContinuouslyOptions;
}

function sourceFile({ path, size }: FileMetadata, compression: Compression | "auto"): SourceFile {
  return { path, size, compression: compression === "auto" ? compressionOf(path) : compression };
}

async function match(
  patterns: readonly string[],
  { compression = "auto", allowEmptyMatch = false }: MatchFilesOptions,
  transform: string,
): Promise<SourceFile[]> {
  try {
    const matched = await Promise.all(
      patterns.map((pattern) => fileSystemFor(pattern).match(pattern, { allowEmpty: allowEmptyMatch })),
    );
    return matched.flat().map((file) => sourceFile(file, compression));
  } catch (thrown) {
    throw located(thrown, transform);
  }
}

/**
 * The files that some patterns match; see `FileSystem.match` for what a pattern may hold. They are looked for when the
 * pipeline runs, all before any is read. A file that two patterns match is there twice.
 */
export function matchFiles(
  patterns: string | readonly string[],
  options: MatchFilesOptions,
): PTransform<Root, PCollection<SourceFile>> {
  const list = typeof patterns === "string" ? [patterns] : [...patterns];
  if (list.length === 0 || list.some((pattern) => typeof pattern !== "string" || pattern === "")) {
    throw new GirderError("invalid-argument", "There is nothing to read: no pattern, or one that is no path.", {
      remedy: 'Give a path or pattern such as "logs/*.txt", or a list of them.',
    });
  }
  const { watch, compression = "auto" } = options;
  if (watch !== undefined) {
    const found = matchContinuously(list, watch);
    return named("Match", (root) => root.apply(found).map("Files", (file) => sourceFile(file, compression)));
  }
  return named("Match", (root) => {
    const transform = root.pipeline.where;
    return root.apply(impulse()).flatMap("Files", async () => match(list, options, transform));
  });
}

/** The files that the patterns in a PCollection match. */
export function matchAllFiles(options: MatchFilesOptions): PTransform<PCollection<string>, PCollection<SourceFile>> {
  const { watch, compression = "auto" } = options;
  if (watch !== undefined) {
    const found = matchAllContinuously(watch);
    return named("Match", (patterns) => patterns.apply(found).map("Files", (file) => sourceFile(file, compression)));
  }
  return named("Match", (patterns) => {
    const transform = patterns.pipeline.where;
    return patterns.flatMap("Files", async (pattern) => match([pattern], options, transform));
  });
}
