/** User state as one bundle sees it: what is committed, and over it what the bundle has done. */
import type { StateAddress, StateChange, StatePart, StateView } from "../../../portability/execution/user-state.js";

interface PartLog {
  cleared: boolean;
  appended: Uint8Array[];
}

interface CellLog {
  readonly address: StateAddress;
  cleared: boolean;
  readonly parts: Map<StatePart, PartLog>;
}

export class BundleState {
  readonly #cells = new Map<string, CellLog>();

  constructor(readonly view: StateView) {}

  /** The values of a part, in order. */
  values(address: StateAddress, part: StatePart): readonly Uint8Array[] {
    const log = this.#cells.get(keyOf(address));
    const change = log?.parts.get(part);
    const isGone = log?.cleared === true || change?.cleared === true;
    const before = isGone ? [] : ((this.view.read(address)?.get(part) ?? []) as readonly Uint8Array[]);
    return change === undefined ? before : [...before, ...change.appended];
  }

  /** The parts of a cell that hold something. */
  parts(address: StateAddress): StatePart[] {
    const log = this.#cells.get(keyOf(address));
    const all = new Set(log?.cleared === true ? [] : this.view.read(address)?.keys());
    for (const part of log?.parts.keys() ?? []) all.add(part);
    return [...all].filter((part) => this.values(address, part).length > 0);
  }

  append(address: StateAddress, part: StatePart, value: Uint8Array): void {
    this.#part(address, part).appended.push(value);
  }

  clear(address: StateAddress): void {
    const log = this.#cell(address);
    log.cleared = true;
    log.parts.clear();
  }

  clearPart(address: StateAddress, part: StatePart): void {
    const log = this.#part(address, part);
    log.cleared = true;
    log.appended = [];
  }

  /** What the bundle has done, to be committed. */
  get changes(): StateChange[] {
    return [...this.#cells.values()];
  }

  #cell(address: StateAddress): CellLog {
    const key = keyOf(address);
    let log = this.#cells.get(key);
    if (log === undefined) {
      log = { address, cleared: false, parts: new Map() };
      this.#cells.set(key, log);
    }
    return log;
  }

  #part(address: StateAddress, part: StatePart): PartLog {
    const { parts } = this.#cell(address);
    let log = parts.get(part);
    if (log === undefined) {
      log = { cleared: false, appended: [] };
      parts.set(part, log);
    }
    return log;
  }
}

function keyOf({ state, window, key }: StateAddress): string {
  return `${state} ${window.id} ${typeof key} ${String(key)}`;
}
