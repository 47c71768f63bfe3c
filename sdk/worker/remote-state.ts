/** The state of a stage in one bundle, asked of the runner and told to it over the state stream. */
import type { StateAddress, StateChange, StateContents } from "../../portability/execution/user-state.js";
import type { CommittedState, StateQuery } from "../harness/state/committed-state.js";
import type { StateChannel } from "./state-channel.js";
import type { WireState } from "./wire-state.js";

export class RemoteState implements CommittedState {
  readonly isRemote = true;

  /** @param states By index of the stage's states. */
  constructor(
    readonly instruction: string,
    readonly states: readonly WireState[],
    readonly channel: () => StateChannel,
  ) {}

  load(address: StateAddress, query: StateQuery): Promise<StateContents> {
    const channel = this.channel();
    return this.states[address.state]!.load(address, query, (key) => channel.get(this.instruction, key));
  }

  /** Tells the runner what the bundle has done; settles when it has taken all of it. */
  async write(changes: readonly StateChange[]): Promise<void> {
    if (changes.length === 0) return;
    const channel = this.channel();
    const taken: Promise<void>[] = [];
    for (const change of changes) {
      for (const { key, clear, append } of this.states[change.address.state]!.writes(change)) {
        // Requests are taken in the order in which they were made.
        if (clear) taken.push(channel.clear(this.instruction, key));
        if (append !== undefined) taken.push(channel.append(this.instruction, key, append));
      }
    }
    await Promise.all(taken);
  }
}
