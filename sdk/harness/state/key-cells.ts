/** All that one bundle knows of one key in one window: its cells, and what became of its timers. */
import type { KeyIdentity } from "../../../portability/execution/key-identity.js";
import type { Timer, TimerAddress, TimerChange } from "../../../portability/execution/timer.js";
import type { StateChange } from "../../../portability/execution/user-state.js";
import type { InternedWindow } from "../../../portability/execution/window.js";
import type { Cell } from "./cell.js";

export class KeyCells {
  /** Whether the cells that are read at once hold what is committed. */
  isLoaded = false;
  /** Resolves when the calls for this key that are under way have ended; undefined where calls are not awaited. */
  tail: Promise<unknown> | undefined;
  /** What became of timers without tags, by family. */
  #timers: (TimerChange | undefined)[] | undefined;
  /** What became of timers with tags, by family and tag. */
  #tagged: Map<string, TimerChange> | undefined;

  constructor(
    readonly key: KeyIdentity,
    readonly window: InternedWindow,
    /** By index of the transform's states. */
    readonly cells: readonly Cell[],
  ) {}

  /** Takes note that a timer was set, or cleared. */
  changeTimer(address: TimerAddress, timer: Timer | undefined): void {
    const change = { address, timer };
    if (address.tag === "") {
      this.#timers ??= [];
      this.#timers[address.family] = change;
    } else {
      this.#tagged ??= new Map();
      this.#tagged.set(taggedKey(address), change);
    }
  }

  /** Whether the bundle has set or cleared a timer. */
  hasChanged(address: TimerAddress): boolean {
    if (address.tag === "") return this.#timers?.[address.family] !== undefined;
    return this.#tagged?.has(taggedKey(address)) === true;
  }

  /** Adds all that the bundle has done to what is to be committed. */
  collect(state: StateChange[], timers: TimerChange[]): void {
    for (const cell of this.cells) {
      const change = cell.change();
      if (change !== undefined) state.push(change);
    }
    for (const change of this.#timers ?? []) if (change !== undefined) timers.push(change);
    for (const change of this.#tagged?.values() ?? []) timers.push(change);
  }
}

function taggedKey({ family, tag }: TimerAddress): string {
  return `${family} ${tag}`;
}
