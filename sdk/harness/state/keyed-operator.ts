/**
 * Runs a function that keeps something by key: gives it the cells of each element's key and window, and takes what it has done to
 * them when the bundle ends.
 *
 * Cells live as long as their bundle. They are looked up by key identity and window; what they hold is committed, or the bundle's
 * own, and nothing of it is left if the bundle is not committed.
 */
import type { KV } from "../../../portability/coders/index.js";
import { GirderError } from "../../../portability/errors.js";
import { type Batch, entry, forEachWindow } from "../../../portability/execution/batch.js";
import type { KeyIdentity } from "../../../portability/execution/key-identity.js";
import { NO_FIRING } from "../../../portability/execution/pane.js";
import { type Duration, plus } from "../../../portability/execution/time.js";
import type { Timer } from "../../../portability/execution/timer.js";
import type { InternedWindow } from "../../../portability/execution/window.js";
import type { Bundle } from "../bundle.js";
import type { ElementOf } from "../chain.js";
import type { Cursor } from "../cursor.js";
import type { Operator, Receiver } from "../operator.js";
import { excerpt } from "../user-error.js";
import type { CommittedState, Loaded } from "./committed-state.js";
import { WHOLE } from "./committed-state.js";
import { KeyCells } from "./key-cells.js";
import type { NewCell } from "./state-kinds.js";

/** A state of the transform. */
export interface BoundState {
  /** Index of the stage's states. */
  readonly index: number;
  readonly newCell: NewCell;
}

/** What an operator needs to know of its transform to keep something by key. */
export interface Keyed {
  readonly transform: string;
  readonly states: readonly BoundState[];
  /** Identity of an element's key, and the key of an identity. */
  readonly identity: (key: unknown) => KeyIdentity;
  readonly keyOf: (identity: KeyIdentity) => unknown;
  /** Names of the timers' callbacks, by index of the stage's timer families. */
  readonly callbacks: ReadonlyMap<number, string>;
  /** The timer family for windows that expire, if they are to be told of. */
  readonly expiration:
    | {
        readonly family: number;
        readonly allowedLateness: Duration;
        /** Whether its timers are to be set here. */
        readonly isSet: boolean;
      }
    | undefined;
}

/** An operator whose function is called when timers fire. */
export interface TimedOperator extends Operator {
  onTimer?(
    name: string,
    key: unknown,
    timer: Timer,
    cursor: Cursor,
    outputs: readonly Receiver[],
  ): void | Promise<void>;
  onWindowExpiration?(key: unknown, timer: Timer, cursor: Cursor, outputs: readonly Receiver[]): void | Promise<void>;
}

export class KeyedOperator implements Operator {
  #bundle: Bundle | undefined;
  #committed: CommittedState | undefined;
  #windows = new Map<InternedWindow, Map<KeyIdentity, KeyCells>>();
  #window: InternedWindow | undefined;
  #keys = new Map<KeyIdentity, KeyCells>();

  constructor(
    readonly inner: TimedOperator,
    readonly keyed: Keyed,
  ) {}

  get isExclusive(): boolean {
    return this.inner.isExclusive === true;
  }

  setup(): void | Promise<void> {
    return this.inner.setup?.();
  }

  start(bundle: Bundle): void | Promise<void> {
    this.#bundle = bundle;
    this.#committed = bundle.committed;
    this.#windows = new Map();
    this.#window = undefined;
    this.#keys = new Map();
    return this.inner.start?.(bundle);
  }

  #cellsOf(key: KeyIdentity, window: InternedWindow): KeyCells {
    if (window !== this.#window) this.#select(window);
    let cells = this.#keys.get(key);
    if (cells === undefined) {
      const committed = this.#committed!;
      cells = new KeyCells(
        key,
        window,
        this.keyed.states.map(({ index, newCell }) => newCell({ state: index, key, window }, committed)),
      );
      this.#keys.set(key, cells);
    }
    return cells;
  }

  #select(window: InternedWindow): void {
    this.#window = window;
    let keys = this.#windows.get(window);
    if (keys === undefined) {
      keys = new Map();
      this.#windows.set(window, keys);
    }
    this.#keys = keys;
  }

  /** Gives the cells that are read at once what is committed. */
  #load(cells: KeyCells): void | Promise<void> {
    const { states } = this.keyed;
    let pending: Promise<void>[] | undefined;
    for (let i = 0; i < states.length; i++) {
      const cell = cells.cells[i]!;
      if (cell.load === undefined) continue;
      const { key, window } = cells;
      const contents: Loaded = this.#committed!.load({ state: states[i]!.index, key, window }, WHOLE);
      if (contents instanceof Promise) {
        pending ??= [];
        pending.push(contents.then((settled) => cell.load!(settled?.get(WHOLE.part) ?? [])));
      } else if (contents !== undefined) cell.load(contents.get(WHOLE.part) ?? []);
    }
    if (pending === undefined) cells.isLoaded = true;
    else {
      return Promise.all(pending).then(() => {
        cells.isLoaded = true;
      });
    }
  }

  /** Loads ahead, all at once, what the elements of a batch will need, where that takes time. */
  prefetch(batch: Batch, elementOf: ElementOf): Promise<unknown> | undefined {
    if (this.#committed?.isRemote !== true) return undefined;
    const { columns } = batch;
    const loading: Promise<void>[] = [];
    for (let i = 0; i < batch.count; i++) {
      const key = columns.keys?.[i] ?? this.keyed.identity((elementOf(columns, i) as KV<unknown, unknown>).key);
      forEachWindow(entry(columns.windows, i), (window) => this.#loadAhead(key, window, loading));
    }
    return loading.length === 0 ? undefined : Promise.all(loading);
  }

  /** As {@link prefetch}, what timers will need. */
  prefetchTimers(timers: readonly Timer[]): Promise<unknown> | undefined {
    if (this.#committed?.isRemote !== true) return undefined;
    const loading: Promise<void>[] = [];
    for (const { key, window } of timers) this.#loadAhead(key, window, loading);
    return loading.length === 0 ? undefined : Promise.all(loading);
  }

  #loadAhead(key: KeyIdentity, window: InternedWindow, loading: Promise<void>[]): void {
    const cells = this.#cellsOf(key, window);
    if (cells.isLoaded) return;
    // Not asked for twice: nobody looks at it before all of it is there.
    cells.isLoaded = true;
    const pending = this.#load(cells);
    if (pending !== undefined) loading.push(pending);
  }

  process(value: unknown, cursor: Cursor, outputs: readonly Receiver[]): void | Promise<void> {
    const { identity, expiration } = this.keyed;
    const key = (value as KV<unknown, unknown> | null | undefined)?.key;
    if (key === undefined && !isPair(value)) throw this.#noPair(value);
    const cells = this.#cellsOf(identity(key), cursor.window);
    if (expiration?.isSet === true) this.#expire(cells, expiration);
    if (cells.isLoaded && !cursor.awaits) {
      // As below, without a function for each element.
      cursor.keyed = cells;
      const pending = this.inner.process(value, cursor, outputs);
      cursor.keyed = undefined;
      return pending;
    }
    return this.#call(cells, cursor, () => this.inner.process(value, cursor, outputs));
  }

  #noPair(value: unknown): GirderError {
    return new GirderError("user-exception", "State is kept by key, and an element is no pair { key, value }.", {
      where: this.keyed.transform,
      element: excerpt(value),
      remedy: "Give each element a key first: withKeys, or map to { key, value }.",
    });
  }

  /** Asks to be told when the window expires. */
  #expire(cells: KeyCells, { family, allowedLateness }: NonNullable<Keyed["expiration"]>): void {
    const { key, window } = cells;
    const address = { family, key, tag: "", window };
    if (cells.hasChanged(address)) return;
    const { maxTimestamp } = window;
    cells.changeTimer(address, {
      ...address,
      fire: plus(maxTimestamp, allowedLateness),
      hold: maxTimestamp,
      pane: NO_FIRING,
    });
  }

  fire(timer: Timer, cursor: Cursor, outputs: readonly Receiver[]): void | Promise<void> {
    const { callbacks, expiration, keyOf } = this.keyed;
    const cells = this.#cellsOf(timer.key, timer.window);
    cursor.set(timer.hold, timer.window, timer.pane);
    return this.#call(cells, cursor, () => {
      // What the bundle has set anew or cleared in the meantime does not fire.
      if (cells.hasChanged(timer)) return;
      const key = keyOf(timer.key);
      if (timer.family === expiration?.family) return this.inner.onWindowExpiration?.(key, timer, cursor, outputs);
      return this.inner.onTimer?.(callbacks.get(timer.family)!, key, timer, cursor, outputs);
    });
  }

  /** Calls with a key's cells in hand: at once, or, where calls are awaited, after those for the key that came before. */
  #call(cells: KeyCells, cursor: Cursor, call: () => void | Promise<void>): void | Promise<void> {
    if (!cursor.awaits) {
      if (!cells.isLoaded) {
        const loading = this.#load(cells);
        // Makes the chain await.
        if (loading !== undefined) return loading;
      }
      cursor.keyed = cells;
      const pending = call();
      cursor.keyed = undefined;
      return pending;
    }
    const { tail } = cells;
    const called = this.#callAfter(tail, cells, cursor, call);
    cells.tail = called.catch(() => {});
    return called;
  }

  async #callAfter(
    tail: Promise<unknown> | undefined,
    cells: KeyCells,
    cursor: Cursor,
    call: () => void | Promise<void>,
  ): Promise<void> {
    await tail;
    if (!cells.isLoaded) await this.#load(cells);
    cursor.keyed = cells;
    try {
      await call();
    } finally {
      cursor.keyed = undefined;
    }
  }

  finish(cursor: Cursor, outputs: readonly Receiver[]): void | Promise<void> {
    const pending = this.inner.finish?.(cursor, outputs);
    if (pending === undefined) return this.#collect();
    return pending.then(() => this.#collect());
  }

  #collect(): void {
    const { state, timers } = this.#bundle!;
    for (const keys of this.#windows.values()) for (const cells of keys.values()) cells.collect(state, timers);
  }

  teardown(): void | Promise<void> {
    return this.inner.teardown?.();
  }
}

function isPair(value: unknown): boolean {
  return typeof value === "object" && value !== null && "key" in value;
}
