/** Cells of many lists: what is committed of them, and what a bundle has appended and cleared. */
import type { StateAddress, StateChange, StatePart } from "../../../portability/execution/user-state.js";
import type { CommittedState, StateQuery } from "./committed-state.js";

interface PartLog {
  cleared: boolean;
  appended: unknown[];
}

export class PartLogs {
  readonly #parts = new Map<StatePart, PartLog>();
  #cleared = false;

  constructor(
    readonly address: StateAddress,
    readonly committed: CommittedState,
  ) {}

  /** The values of a part as they are now: what is done while they are loaded is not among them. */
  async read(part: StatePart): Promise<readonly unknown[]> {
    const { cleared = false, appended = [] } = this.#parts.get(part) ?? {};
    const now = appended.slice();
    if (this.#cleared || cleared) return now;
    const contents = await this.committed.load(this.address, { part });
    return [...(contents?.get(part) ?? []), ...now];
  }

  /** The parts that hold something, as they are now; what is committed only as far as it is asked for. */
  async readMany(query: Exclude<StateQuery, { part: StatePart }>): Promise<Map<StatePart, readonly unknown[]>> {
    const before = new Map(
      Array.from(this.#parts, ([part, { cleared, appended }]) => [part, { cleared, appended: appended.slice() }]),
    );
    const contents = this.#cleared ? undefined : await this.committed.load(this.address, query);
    const read = new Map<StatePart, readonly unknown[]>(contents ?? []);
    for (const [part, { cleared, appended }] of before) {
      const values = cleared ? appended : [...(read.get(part) ?? []), ...appended];
      if (values.length > 0) read.set(part, values);
      else read.delete(part);
    }
    return read;
  }

  append(part: StatePart, value: unknown): void {
    this.#part(part).appended.push(value);
  }

  clearPart(part: StatePart): void {
    const log = this.#part(part);
    log.cleared = true;
    log.appended = [];
  }

  clear(): void {
    this.#parts.clear();
    this.#cleared = true;
  }

  #part(part: StatePart): PartLog {
    let log = this.#parts.get(part);
    if (log === undefined) {
      log = { cleared: false, appended: [] };
      this.#parts.set(part, log);
    }
    return log;
  }

  change(): StateChange | undefined {
    if (!this.#cleared && this.#parts.size === 0) return undefined;
    return { address: this.address, cleared: this.#cleared, parts: this.#parts };
  }
}
