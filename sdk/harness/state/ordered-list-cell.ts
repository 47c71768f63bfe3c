import type { Coder } from "../../../portability/coders/index.js";
import { type Instant, MAX_TIMESTAMP, MIN_TIMESTAMP } from "../../../portability/execution/time.js";
import type { StateAddress, StateChange } from "../../../portability/execution/user-state.js";
import type { OrderedListState, TimestampedEntry } from "../../state/cells.js";
import { checkedTimestamp } from "../inline-calls.js";
import type { Cell } from "./cell.js";
import type { CommittedState } from "./committed-state.js";
import { PartLogs } from "./part-logs.js";
import { fromStored } from "./stored-value.js";

export class OrderedListCell implements Cell, OrderedListState<unknown> {
  readonly #logs: PartLogs;

  constructor(
    address: StateAddress,
    readonly coder: Coder<unknown>,
    readonly transform: string,
    committed: CommittedState,
  ) {
    this.#logs = new PartLogs(address, committed);
  }

  add(timestamp: Instant, value: unknown): void {
    this.#logs.append(checkedTimestamp(timestamp, this.transform), value);
  }

  /** The timestamps from one to another that hold something, earliest first, with their values. */
  async #range(from: Instant, to: Instant | undefined): Promise<[Instant, readonly unknown[]][]> {
    const parts = await this.#logs.readMany({ from, to });
    const entries = Array.from(parts, ([part, values]): [Instant, readonly unknown[]] => [part as Instant, values]);
    return entries.filter(([at]) => at >= from && (to === undefined || at < to)).sort(([a], [b]) => a - b);
  }

  async read(from: Instant = MIN_TIMESTAMP, to?: Instant): Promise<readonly TimestampedEntry<unknown>[]> {
    const range = await this.#range(from, to);
    return range.flatMap(([timestamp, values]) =>
      values.map((value) => ({ timestamp, value: fromStored(value, this.coder) })),
    );
  }

  async clearRange(from: Instant, to: Instant): Promise<void> {
    for (const [at] of await this.#range(from, to > MAX_TIMESTAMP ? undefined : to)) this.#logs.clearPart(at);
  }

  async isEmpty(): Promise<boolean> {
    return (await this.#range(MIN_TIMESTAMP, undefined)).length === 0;
  }

  clear(): void {
    this.#logs.clear();
  }

  change(): StateChange | undefined {
    return this.#logs.change();
  }
}
