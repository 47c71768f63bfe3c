/** Timers of one family on the data stream, one after another. */
import { ByteReader, ByteWriter, type Timer as CodedTimer, type TimerCoder } from "../../portability/coders/index.js";
import { GirderError } from "../../portability/errors.js";
import type { KeyIdentity } from "../../portability/execution/key-identity.js";
import type { Timer, TimerChange } from "../../portability/execution/timer.js";
import type { BoundedWindow, InternedWindow } from "../../portability/execution/window.js";

const NOTHING = new Uint8Array();

/** How timers of a family are coded. */
export interface WireFamily {
  /** Index of the stage's timer families. */
  readonly family: number;
  readonly transform: string;
  readonly id: string;
  /** Whether its timers are the runner's to set. */
  readonly onWindowExpiration: boolean;
  readonly coder: TimerCoder<unknown>;
  identity(key: unknown): KeyIdentity;
  keyOf(identity: KeyIdentity): unknown;
  intern(window: BoundedWindow): InternedWindow;
}

/** The stream of timers that fire, in one bundle. */
export class WireTimers {
  /** The beginning of a timer that goes on in the next message. */
  #rest: Uint8Array = NOTHING;

  constructor(readonly wire: WireFamily) {}

  /** @throws GirderError `malformed-data` */
  decode(message: Uint8Array, isLast: boolean): Timer[] {
    const bytes = this.#rest.length === 0 ? message : Buffer.concat([this.#rest, message]);
    this.#rest = NOTHING;
    const input = new ByteReader(bytes);
    const timers: Timer[] = [];
    let start = 0;
    try {
      while (input.remaining > 0) {
        start = input.position;
        timers.push(...this.#fired(this.wire.coder.decode(input, true)));
      }
    } catch (thrown) {
      if (isLast || !(thrown instanceof GirderError) || thrown.code !== "malformed-data") throw thrown;
      this.#rest = bytes.subarray(start);
    }
    return timers;
  }

  #fired(timer: CodedTimer<unknown>): Timer[] {
    if (timer.clearBit) throw new GirderError("malformed-data", "The runner sent a timer that is cleared.");
    const { family, identity, intern } = this.wire;
    const { userKey, dynamicTimerTag: tag, windows, fireTimestamp: fire, holdTimestamp: hold, pane } = timer;
    const key = identity(userKey);
    return windows.map((window) => ({ family, key, tag, window: intern(window), fire, hold, pane }));
  }
}

/** What a bundle has done to timers of a family, as the runner is told of it. */
export function encodeTimers({ family, coder, keyOf }: WireFamily, changes: readonly TimerChange[]): Uint8Array {
  const out = new ByteWriter(64);
  for (const { address, timer } of changes) {
    if (address.family !== family) continue;
    const { key, tag, window } = address;
    const place = { userKey: keyOf(key), dynamicTimerTag: tag, windows: [window.value] };
    coder.encode(
      timer === undefined
        ? { ...place, clearBit: true }
        : { ...place, clearBit: false, fireTimestamp: timer.fire, holdTimestamp: timer.hold, pane: timer.pane },
      out,
      true,
    );
  }
  return out.finish();
}
