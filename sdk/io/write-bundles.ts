/** The first step of writing: each bundle to temporary files. */
import { randomUUID } from "node:crypto";
import { GirderError } from "../../portability/errors.js";
import type { BoundedWindow } from "../../portability/execution/window.js";
import type { ContextParam } from "../pipeline/context.js";
import type { DoFn, Timestamped } from "../pipeline/do-fn.js";
import { fileSystemFor } from "./filesystem/index.js";
import { located } from "./located.js";
import { type TemporaryFile, TemporaryLines } from "./temporary-lines.js";

/** What {@link WriteBundles} asks for beside its lines. */
export interface WriteContext {
  readonly [name: string]: unknown;
  /** The folder for temporary files. */
  readonly folder: ContextParam<string>;
  readonly window: ContextParam<BoundedWindow>;
}

/**
 * Writes the lines of a bundle to a temporary file for each of their windows, and emits the files when it ends. A bundle
 * that is run twice leaves a file that nobody refers to.
 */
export class WriteBundles implements DoFn<string, TemporaryFile, WriteContext> {
  readonly #transform: string;
  readonly #delimiter: string;
  readonly #shards: number;
  readonly #open = new Map<BoundedWindow, TemporaryLines>();
  #window: BoundedWindow | undefined;
  #lines: TemporaryLines | undefined;
  /** Bundles so far: each begins with another shard, so that short ones do not all fill the first. */
  #bundles = 0;

  constructor(transform: string, delimiter: string, shards: number) {
    this.#transform = transform;
    this.#delimiter = delimiter;
    this.#shards = shards;
  }

  startBundle(): void {
    this.teardown();
    this.#window = undefined;
    this.#lines = undefined;
    this.#bundles++;
  }

  process(line: string, context: { readonly folder: string; readonly window: BoundedWindow }): void {
    const { window } = context;
    if (typeof line !== "string") {
      throw new GirderError(
        "cannot-encode",
        `Only strings can be written as lines, and this is of type ${typeof line}.`,
        {
          where: this.#transform,
          remedy: "Map the elements to strings first, or use writeToJsonl.",
        },
      );
    }
    try {
      if (window !== this.#window || this.#lines === undefined) this.#lines = this.#linesOf(window, context.folder);
      this.#lines.write(line);
    } catch (thrown) {
      throw located(thrown, this.#transform);
    }
  }

  #linesOf(window: BoundedWindow, folder: string): TemporaryLines {
    this.#window = window;
    let lines = this.#open.get(window);
    if (lines === undefined) {
      const path = `${folder}/${randomUUID()}`;
      lines = new TemporaryLines(fileSystemFor(path), path, this.#delimiter, this.#shards, this.#bundles);
      this.#open.set(window, lines);
    }
    return lines;
  }

  /** Closes the files of a bundle that failed. */
  teardown(): void {
    for (const lines of this.#open.values()) lines.abandon();
    this.#open.clear();
  }

  finishBundle(): Timestamped<TemporaryFile>[] | Promise<Timestamped<TemporaryFile>[]> {
    try {
      const finished = Array.from(this.#open, ([window, lines]) => ({ window, file: lines.finish() }));
      this.#open.clear();
      const emitted = (window: BoundedWindow, value: TemporaryFile): Timestamped<TemporaryFile> => ({
        value,
        timestamp: window.maxTimestamp,
        window,
      });
      if (!finished.some(({ file }) => file instanceof Promise)) {
        return finished.map(({ window, file }) => emitted(window, file as TemporaryFile));
      }
      return Promise.all(finished.map(async ({ window, file }) => emitted(window, await file))).catch((thrown) => {
        throw located(thrown, this.#transform);
      });
    } catch (thrown) {
      throw located(thrown, this.#transform);
    }
  }
}
