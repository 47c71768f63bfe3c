import type { KeyIdentity } from "../execution/key-identity.js";
import type { PaneInfo } from "../execution/pane.js";
import type { Instant } from "../execution/time.js";
import type { BoundedWindow } from "../execution/window.js";
import { StandardCoders } from "../urns.js";
import { readBool } from "./bool-coder.js";
import type { ByteReader } from "./byte-reader.js";
import type { ByteWriter } from "./byte-writer.js";
import type { Coder, CoderSpec } from "./coder.js";
import { nondeterminismOf } from "./composite.js";
import { encodedIdentity } from "./encoding.js";
import { readInstant, writeInstant } from "./instant.js";
import { readPane, writePane } from "./pane-coder.js";
import { readSequence, writeSequence } from "./sequence.js";
import { STRING_CODER } from "./string-coder.js";

interface TimerAddress<K> {
  readonly userKey: K;
  /** Tells the timers of one family apart; empty for a family of one. */
  readonly dynamicTimerTag: string;
  readonly windows: readonly BoundedWindow[];
}

/** A timer that is set. */
export interface SetTimer<K> extends TimerAddress<K> {
  readonly clearBit: false;
  /** When it fires, in the time domain of its family. */
  readonly fireTimestamp: Instant;
  /** The timestamp of what it outputs, which holds the watermark until it fires. */
  readonly holdTimestamp: Instant;
  readonly pane: PaneInfo;
}

/** A timer that is cleared. */
export interface ClearedTimer<K> extends TimerAddress<K> {
  readonly clearBit: true;
}

/** A timer as it travels: a request to set or clear it, or its firing. */
export type Timer<K> = SetTimer<K> | ClearedTimer<K>;

/** `beam:coder:timer:v1`: key, tag, windows, whether it is cleared and, if it is not, its instants and pane. */
export class TimerCoder<K> implements Coder<Timer<K>> {
  readonly spec: CoderSpec;
  readonly nondeterminism: string | undefined;

  constructor(
    readonly key: Coder<K>,
    readonly window: Coder<BoundedWindow>,
  ) {
    this.spec = { urn: StandardCoders.Enum.TIMER, components: [key, window] };
    this.nondeterminism = nondeterminismOf(this.spec.components);
  }

  encode(timer: Timer<K>, out: ByteWriter, _nested: boolean): void {
    this.key.encode(timer.userKey, out, true);
    STRING_CODER.encode(timer.dynamicTimerTag, out, true);
    writeSequence(timer.windows, this.window, out);
    out.writeByte(timer.clearBit ? 1 : 0);
    if (timer.clearBit) return;
    writeInstant(timer.fireTimestamp, out);
    writeInstant(timer.holdTimestamp, out);
    writePane(timer.pane, out);
  }

  decode(input: ByteReader, _nested: boolean): Timer<K> {
    const userKey = this.key.decode(input, true);
    const dynamicTimerTag = STRING_CODER.decode(input, true);
    const windows = readSequence(this.window, input);
    const clearBit = readBool(input);
    if (clearBit) return { userKey, dynamicTimerTag, windows, clearBit };
    const fireTimestamp = readInstant(input);
    const holdTimestamp = readInstant(input);
    return { userKey, dynamicTimerTag, windows, clearBit, fireTimestamp, holdTimestamp, pane: readPane(input) };
  }

  keyIdentity(timer: Timer<K>): KeyIdentity {
    return encodedIdentity(this, timer);
  }
}
