/** Timers of one family as they travel on the data stream (`beam:coder:timer:v1`), those that fire and those that are set. */
import { ByteReader, ByteWriter, type TimerCoder } from "../../portability/coders/index.js";
import { GirderError } from "../../portability/errors.js";
import type { KeyIdentity } from "../../portability/execution/key-identity.js";
import type { Timer, TimerChange } from "../../portability/execution/timer.js";
import type { BoundedWindow, InternedWindow } from "../../portability/execution/window.js";

const NOTHING = new Uint8Array();

/** How the timers of a family are written. */
export interface WireTimerFamily {
  /** Index of the stage's timer families. */
  readonly family: number;
  readonly transform: string;
  readonly id: string;
  readonly coder: TimerCoder<unknown>;
  readonly identity: (key: unknown) => KeyIdentity;
  readonly keyOf: (identity: KeyIdentity) => unknown;
  readonly intern: (window: BoundedWindow) => InternedWindow;
}

/** The stream of one family's timers in one bundle. */
export class WireTimers {
  /** The beginning of a timer that goes on in the next message. */
  #rest: Uint8Array = NOTHING;
  isOver = false;

  constructor(readonly family: WireTimerFamily) {}

  /** The timers of a message. @throws GirderError `malformed-data` */
  decode(message: Uint8Array, isLast: boolean): Timer[] {
    const { coder, identity, intern, family } = this.family;
    const bytes = this.#rest.length === 0 ? message : Buffer.concat([this.#rest, message]);
    const reader = new ByteReader(bytes);
    const fired: Timer[] = [];
    let whole = 0;
    this.#rest = NOTHING;
    this.isOver = isLast;
    try {
      while (reader.remaining > 0) {
        const timer = coder.decode(reader, true);
        whole = reader.position;
        if (timer.clearBit) continue;
        const { userKey, dynamicTimerTag: tag, windows, fireTimestamp: fire, holdTimestamp: hold, pane } = timer;
        const key = identity(userKey);
        for (const window of windows) fired.push({ family, key, tag, window: intern(window), fire, hold, pane });
      }
    } catch (thrown) {
      if (isLast || !(thrown instanceof GirderError) || thrown.code !== "malformed-data") throw thrown;
      this.#rest = bytes.subarray(whole);
    }
    return fired;
  }
}

/** What a bundle has done to the timers of a family. */
export function encodeTimers({ family, coder, keyOf }: WireTimerFamily, changes: readonly TimerChange[]): Uint8Array {
  const out = new ByteWriter(64);
  for (const { address, timer } of changes) {
    if (address.family !== family) continue;
    const own = {
      userKey: keyOf(address.key),
      dynamicTimerTag: address.tag,
      windows: [address.window.value],
    };
    if (timer === undefined) coder.encode({ ...own, clearBit: true }, out, true);
    else {
      const { fire: fireTimestamp, hold: holdTimestamp, pane } = timer;
      coder.encode({ ...own, clearBit: false, fireTimestamp, holdTimestamp, pane }, out, true);
    }
  }
  return out.finish();
}
