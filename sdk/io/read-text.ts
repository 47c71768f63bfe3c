/** Reading text. */
import { type KV, KVCoder, STRING_CODER } from "../../portability/coders/index.js";
import type { PCollection } from "../pipeline/pcollection.js";
import { named, type PTransform } from "../pipeline/pvalue.js";
import type { Root } from "../pipeline/root.js";
import { splittable } from "../transforms/splittable.js";
import { LineSource, type LineSourceOptions, type MakeElement } from "./line-source.js";
import { type MatchFilesOptions, matchAllFiles, matchFiles, type SourceFile } from "./match-files.js";

/** How text is found and read. */
export interface ReadFromTextOptions extends MatchFilesOptions, LineSourceOptions {}

/** Lines of files as elements of any kind, by a name for the transform. */
export function readLinesAs<T>(
  options: LineSourceOptions,
  make: MakeElement<T> | undefined,
): PTransform<PCollection<SourceFile>, PCollection<T>> {
  return named("Read", (files) => {
    const source = new LineSource<T>(files.pipeline.where, options, make);
    return files.apply(splittable("Lines", source));
  });
}

/**
 * The lines of text files, without what ends them, as UTF-8. `patterns` are paths or globs of any registered file system.
 *
 * ```ts
 * const lines = pipeline.root.apply(readFromText("logs/2024-*.txt"));
 * ```
 *
 * Plain files are read in parts of `desiredBundleSize` bytes, in no order; each part yields the lines that begin in it.
 * Within a part lines are claimed in groups, sized so that the steps behind the source take about 2 ms for each: where a
 * bundle ends, it ends between two groups. Compressed files are read from beginning to end, ahead of the steps that
 * follow by about 1 MiB of text.
 *
 * @throws GirderError when the pipeline runs: `not-found` for a pattern without a match, before any line is output;
 * `corrupt-file` for a compressed file that is damaged; `io`. At once: `invalid-argument`.
 */
export function readFromText(
  patterns: string | readonly string[],
  options: ReadFromTextOptions = {},
): PTransform<Root, PCollection<string>> {
  const files = matchFiles(patterns, options);
  return named("ReadFromText", (root) =>
    root.apply(files).apply(readLinesAs<string>(options, undefined)).withCoder(STRING_CODER),
  );
}

/** As {@link readFromText}, each line under the path of its file. */
export function readFromTextWithFilename(
  patterns: string | readonly string[],
  options: ReadFromTextOptions = {},
): PTransform<Root, PCollection<KV<string, string>>> {
  const files = matchFiles(patterns, options);
  return named("ReadFromTextWithFilename", (root) =>
    root
      .apply(files)
      .apply(readLinesAs(options, (value, key): KV<string, string> => ({ key, value })))
      .withCoder(new KVCoder(STRING_CODER, STRING_CODER)),
  );
}

/** As {@link readFromText}, of the files that the patterns in a PCollection match. */
export function readAllFromText(
  options: ReadFromTextOptions = {},
): PTransform<PCollection<string>, PCollection<string>> {
  return named("ReadAllFromText", (patterns) =>
    patterns.apply(matchAllFiles(options)).apply(readLinesAs<string>(options, undefined)).withCoder(STRING_CODER),
  );
}
