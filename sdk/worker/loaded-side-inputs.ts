/** Side inputs of a bundle, asked of the runner window by window before elements of the window are processed. */
import { ByteReader, type Coder } from "../../portability/coders/index.js";
import { GirderError } from "../../portability/errors.js";
import { Batch, forEachWindow, type WindowSet } from "../../portability/execution/batch.js";
import { NO_FIRING } from "../../portability/execution/pane.js";
import type { SideInputContents } from "../../portability/execution/side-input.js";
import type { StageSideInput } from "../../portability/execution/stage.js";
import { MIN_TIMESTAMP } from "../../portability/execution/time.js";
import type { InternedWindow } from "../../portability/execution/window.js";

/** A side input of a stage, as it is read. */
export interface ReadableSideInput {
  readonly side: StageSideInput;
  readonly coder: Coder<unknown>;
  /** Id of the windowing strategy of the main input. */
  readonly mainStrategy: string;
  /** The side input's window for one of the main input. */
  windowOf(main: InternedWindow): InternedWindow;
}

/** Asks for a side input in one of its windows: the elements, encoded one after another. */
export type FetchSideInput = (side: StageSideInput, window: InternedWindow) => Promise<Uint8Array>;

/** Keeps what was fetched for longer than a bundle. */
export interface SideInputKeeper {
  get(side: StageSideInput, window: InternedWindow): readonly Batch[] | undefined;
  put(side: StageSideInput, window: InternedWindow, batches: readonly Batch[], bytes: number): void;
}

class Contents implements SideInputContents {
  readonly #byMain = new Map<InternedWindow, readonly Batch[]>();
  readonly #byOwn = new Map<InternedWindow, Promise<readonly Batch[]>>();

  constructor(
    readonly input: ReadableSideInput,
    readonly fetch: FetchSideInput,
    readonly keeper: SideInputKeeper,
  ) {}

  get(main: InternedWindow): readonly Batch[] | undefined {
    return this.#byMain.get(main);
  }

  values(): Iterable<readonly Batch[]> {
    return this.#byMain.values();
  }

  at(): readonly Batch[] {
    throw new GirderError("internal", "a worker's side inputs are not looked up by window");
  }

  entries(): never {
    throw new GirderError("internal", "a worker does not know all of a side input");
  }

  load(main: InternedWindow): Promise<void> | undefined {
    if (this.#byMain.has(main)) return undefined;
    const own = this.input.windowOf(main);
    const kept = this.keeper.get(this.input.side, own);
    if (kept !== undefined) {
      this.#byMain.set(main, kept);
      return undefined;
    }
    let loading = this.#byOwn.get(own);
    if (loading === undefined) {
      loading = this.#fetch(own);
      this.#byOwn.set(own, loading);
    }
    return loading.then((batches) => {
      this.#byMain.set(main, batches);
    });
  }

  async #fetch(own: InternedWindow): Promise<readonly Batch[]> {
    const { side, coder } = this.input;
    const bytes = await this.fetch(side, own);
    const reader = new ByteReader(bytes);
    const refs: unknown[] = [];
    while (reader.remaining > 0) refs.push(coder.decode(reader, true));
    const batch = new Batch(refs, undefined, { all: MIN_TIMESTAMP }, { all: own }, { all: NO_FIRING }, bytes.length);
    const batches = refs.length === 0 ? [] : [batch];
    this.keeper.put(side, own, batches, bytes.length);
    return batches;
  }
}

/** All side inputs of a stage, for one bundle. */
export class LoadedSideInputs {
  readonly #contents: readonly Contents[];
  readonly #loaded = new Map<string, WindowSet>();

  constructor(inputs: readonly ReadableSideInput[], fetch: FetchSideInput, keeper: SideInputKeeper) {
    this.#contents = inputs.map((input) => new Contents(input, fetch, keeper));
  }

  /** By index of the stage's side inputs. */
  get contents(): readonly SideInputContents[] {
    return this.#contents;
  }

  /**
   * Loads what belongs to the windows of a batch that enters the stage; undefined if all of it is there.
   *
   * @param strategy Id of the batch's windowing strategy. What belongs to windows that are assigned inside the stage is
   *   loaded when it is needed.
   */
  loadFor({ windows, count }: Batch, strategy: string): Promise<unknown> | undefined {
    if (this.#contents.length === 0 || count === 0) return undefined;
    // Nearly always the windows of the batch before.
    if ("all" in windows && windows.all === this.#loaded.get(strategy)) return undefined;
    const loading: Promise<void>[] = [];
    const load = (window: InternedWindow): void => {
      for (const contents of this.#contents) {
        const pending = contents.input.mainStrategy === strategy ? contents.load(window) : undefined;
        if (pending !== undefined) loading.push(pending);
      }
    };
    if ("all" in windows) forEachWindow(windows.all, load);
    else for (const set of new Set(windows)) forEachWindow(set, load);
    if (loading.length > 0) return Promise.all(loading);
    if ("all" in windows) this.#loaded.set(strategy, windows.all);
    return undefined;
  }
}
