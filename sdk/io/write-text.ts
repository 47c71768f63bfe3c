/** Writing text. */
import { randomUUID } from "node:crypto";
import { type KV, STRING_CODER } from "../../portability/coders/index.js";
import { GirderError } from "../../portability/errors.js";
import type { PaneInfo } from "../../portability/execution/pane.js";
import { type BoundedWindow, GLOBAL_WINDOW } from "../../portability/execution/window.js";
import { paneInfoParam, windowParam } from "../pipeline/context.js";
import type { PCollection } from "../pipeline/pcollection.js";
import { named, type PTransform } from "../pipeline/pvalue.js";
import { groupByKey } from "../transforms/group-by-key.js";
import { impulse } from "../transforms/impulse.js";
import { reshuffle } from "../transforms/reshuffle.js";
import { asIterable, singleton } from "../transforms/side-inputs.js";
import { defaultTrigger } from "../windowing/triggers.js";
import { globalWindows } from "../windowing/window-fns.js";
import { configureWindows, windowInto } from "../windowing/window-into.js";
import { fileSystemFor } from "./filesystem/index.js";
import { finishShard, type ShardFrame } from "./finish-shard.js";
import { Leftovers } from "./leftovers.js";
import type { Compression } from "./lines/index.js";
import { located } from "./located.js";
import { divide, type Shard, type ShardNaming, shardPath } from "./shards.js";
import type { TemporaryFile } from "./temporary-lines.js";
import { WriteBundles } from "./write-bundles.js";

/** How lines are written. */
export interface WriteToTextOptions {
  /** End of each file's name, such as `.txt`. Default none. */
  readonly suffix?: string;
  /** How many files, for each window. Default: one for about 64 MiB, at least one. */
  readonly numShards?: number;
  /**
   * What follows the prefix in each file's name: `S` stands for digits of the file's number, `N` for digits of how many
   * there are. Default `-SSSSS-of-NNNNN`. One without `S` asks for a single file.
   */
  readonly shardNameTemplate?: string;
  /** First line of each file. Default none. */
  readonly header?: string;
  /** Last line of each file. Default none. */
  readonly footer?: string;
  /** Default none, whatever the suffix. */
  readonly compression?: Compression;
  /** Written after each line. Default a line feed. */
  readonly delimiter?: string;
}

interface Plan extends ShardFrame {
  readonly naming: ShardNaming;
  readonly numShards: number | undefined;
  readonly delimiter: string;
}

function planOf(prefix: string, options: WriteToTextOptions): Plan {
  const { suffix = "", shardNameTemplate: template = "-SSSSS-of-NNNNN", header, footer, delimiter = "\n" } = options;
  const single = !template.includes("S");
  const numShards = options.numShards ?? (single ? 1 : undefined);
  if (typeof prefix !== "string" || prefix === "" || prefix.endsWith("/")) {
    throw new GirderError("invalid-argument", `"${prefix}" is not the beginning of a file's name.`, {
      remedy: 'Give a path such as "out/result", to which -00000-of-00001 is added.',
    });
  }
  if (numShards !== undefined && (!Number.isSafeInteger(numShards) || numShards < 1 || (single && numShards > 1))) {
    throw new GirderError("invalid-argument", `numShards is ${numShards} with the shardNameTemplate "${template}".`, {
      where: prefix,
      remedy: "Give a whole number of files, 1 or more, and a template with S for more than one.",
    });
  }
  return {
    naming: { prefix, suffix, template },
    numShards,
    delimiter,
    before: header === undefined ? "" : header + delimiter,
    after: footer === undefined ? "" : footer + delimiter,
    compression: options.compression ?? "none",
  };
}

/**
 * Writes lines to text files `PREFIX-00000-of-00002SUFFIX`; gives the names of the files.
 *
 * ```ts
 * lines.apply(writeToText("out/counts", { suffix: ".txt" }));   // out/counts-00000-of-00001.txt
 * ```
 *
 * Each bundle writes temporary files into a folder `.temp-girder-…` beside the target. Once all of a window's bundles are
 * done, they are put together: each file appears under its name at once and complete, replacing one of that name. A
 * window's temporary files are removed then, except in accumulating mode, and the folder when the last file is there, or
 * when the job fails on the embedded runner; on others a failed job may leave it, but no half-written file. Lines are in no
 * order. Without lines there is still a file in the global window; in other windows there are files where there
 * are lines, with the window's start and end in their names, as `PREFIX-2024-01-01T00:00:00.000Z-2024-01-01T01:00:00.000Z…`.
 * A pane after a window's first adds `-pane-1` and so on.
 *
 * @throws GirderError `invalid-argument` at once; `invalid-pipeline` at once for an unbounded input in the global window,
 * which never ends, and for panes that retract. When the pipeline runs: `io`, `cannot-encode` for an element that is no string.
 */
export function writeToText(
  prefix: string,
  options: WriteToTextOptions = {},
): PTransform<PCollection<string>, PCollection<string>> {
  const plan = planOf(prefix, options);
  return named("WriteToText", (lines) => {
    const { pipeline } = lines;
    const transform = pipeline.where;
    const isGlobal = lines.windowing.windowFn.kind === "global";
    if (isGlobal && !lines.bounded) {
      throw new GirderError("invalid-pipeline", "An unbounded PCollection in the global window is never complete.", {
        where: transform,
        remedy: "Apply windowInto first: files are written for each window.",
      });
    }
    if (lines.windowing.accumulationMode === "RETRACTING") {
      throw new GirderError("invalid-pipeline", "What has been written to a file cannot be taken back.", {
        where: transform,
        remedy: 'Apply windowInto first, with accumulationMode: "ACCUMULATING" or "DISCARDING".',
      });
    }
    const leftovers = new Leftovers();
    pipeline.onFailure(() => leftovers.removeAll());
    // A side input, so that all bundles see the same name, and another one each time the pipeline runs.
    const folderOf = plan.naming.prefix.slice(0, plan.naming.prefix.lastIndexOf("/") + 1);
    const folder = pipeline.root
      .apply("Begin", impulse())
      .flatMap("TemporaryFolder", () => [leftovers.folder(`${folderOf}.temp-girder-${randomUUID()}`)])
      .withCoder(STRING_CODER);
    // Files of the global window are divided up when all of them are there, whatever its trigger.
    const isTriggered = lines.windowing.trigger.kind !== "default";
    const complete = isGlobal && isTriggered ? lines.apply(configureWindows({ trigger: defaultTrigger() })) : lines;
    const temporary = complete.parDo("WriteBundles", new WriteBundles(transform, plan.delimiter, plan.numShards ?? 1), {
      folder: singleton(folder),
      window: windowParam(),
    });
    const shards = isGlobal ? globalShards(temporary, plan) : windowedShards(temporary, plan);
    const finished = shards.apply(reshuffle()).map("Finish", async (shard) => {
      try {
        await leftovers.finishing((signal) => finishShard(shard, plan, signal));
        return shard;
      } catch (thrown) {
        throw located(thrown, transform);
      }
    });
    const written = finished.map("Names", ({ path }) => path).withCoder(STRING_CODER);
    // A later pane that repeats the elements of earlier ones needs their files again.
    if (!isGlobal && lines.windowing.accumulationMode === "DISCARDING") removeEachWindow(finished, transform);
    const all = isGlobal ? written : written.apply(windowInto(globalWindows(), { trigger: defaultTrigger() }));
    pipeline.root.apply("End", impulse()).map(
      "RemoveTemporaryFolder",
      async (_, context) => {
        try {
          await leftovers.remove(context.folder);
        } catch (thrown) {
          throw located(thrown, transform);
        }
      },
      // The names are not looked at: that they are complete means that every file is there.
      { folder: singleton(folder), written: asIterable(all) },
    );
    return written;
  });
}

/** Removes the temporary files of a window once its shards are there, so that they do not pile up where there is no end. */
function removeEachWindow(finished: PCollection<Shard>, transform: string): void {
  finished
    .map("TemporaryFiles", ({ parts }): KV<null, string[]> => ({ key: null, value: parts.map(({ path }) => path) }))
    .apply(groupByKey())
    .map("RemoveTemporaryFiles", async ({ value }) => {
      const paths = new Set([...value].flat());
      try {
        for (const path of paths) await fileSystemFor(path).delete([path]);
      } catch (thrown) {
        throw located(thrown, transform);
      }
      return null;
    });
}

function shardsOf(
  files: Iterable<TemporaryFile>,
  { naming, numShards }: Plan,
  place: { readonly window: BoundedWindow; readonly pane: number },
): Shard[] {
  const parts = divide(files, numShards);
  return parts.map((of, shard) => ({ path: shardPath(naming, place, shard, parts.length), parts: of }));
}

function globalShards(temporary: PCollection<TemporaryFile>, plan: Plan): PCollection<Shard> {
  return temporary.pipeline.root
    .apply(impulse())
    .flatMap("Divide", (_, { files }) => shardsOf(files, plan, { window: GLOBAL_WINDOW, pane: 0 }), {
      files: asIterable(temporary),
    });
}

function windowedShards(temporary: PCollection<TemporaryFile>, plan: Plan): PCollection<Shard> {
  return temporary
    .map("WithVoidKey", (value): KV<null, TemporaryFile> => ({ key: null, value }))
    .apply(groupByKey())
    .flatMap(
      "Divide",
      ({ value: files }, { window, pane }: { window: BoundedWindow; pane: PaneInfo }) =>
        shardsOf(files, plan, { window, pane: Number(pane.index) }),
      { window: windowParam(), pane: paneInfoParam() },
    );
}
