/** A sink for a runner elsewhere: what leaves the stage is written at once, as the data stream has it. */
import { ByteWriter, type WindowedValueCoder, writeHeader } from "../../portability/coders/index.js";
import type { WindowSet } from "../../portability/execution/batch.js";
import type { PaneInfo } from "../../portability/execution/pane.js";
import type { Instant } from "../../portability/execution/time.js";
import type { InternedWindow } from "../../portability/execution/window.js";
import type { OutputMeter } from "../harness/bundle.js";
import type { Cursor } from "../harness/cursor.js";
import { encodingError } from "../harness/encoding-error.js";
import { SinkOperator } from "../harness/sink-operator.js";

/** Bytes of a message, about: smaller ones cost time, larger ones memory. */
const FRAME = 256 * 1024;

const NOTHING = new Uint8Array();

export class WireSink extends SinkOperator {
  readonly #coder: WindowedValueCoder<unknown>;
  readonly #producer: () => string;
  readonly #meter: OutputMeter;
  readonly #out = new ByteWriter(1024);
  /** The header written last, and what it says. */
  #header: Uint8Array = NOTHING;
  #timestamp: Instant | undefined;
  #windows: WindowSet | undefined;
  #pane: PaneInfo | undefined;
  #frames: Uint8Array[] = [];
  /** Elements of the bundle so far, and the last of them. */
  count = 0;
  last: unknown;

  /**
   * @param producer Name of the transform that outputs the elements, for errors.
   * @param meter Is told the bytes of each frame.
   */
  constructor(coder: WindowedValueCoder<unknown>, producer: () => string, meter: OutputMeter) {
    super();
    this.#coder = coder;
    this.#producer = producer;
    this.#meter = meter;
  }

  process(value: unknown, cursor: Cursor): void {
    const out = this.#out;
    if (cursor.timestamp !== this.#timestamp || cursor.windows !== this.#windows || cursor.pane !== this.#pane) {
      this.#newHeader(cursor);
    }
    out.writeBytes(this.#header);
    try {
      this.#coder.value.encode(value, out, true);
    } catch (thrown) {
      throw encodingError(thrown, this.#producer(), value);
    }
    this.count++;
    this.last = value;
    if (out.length >= FRAME) this.#flush();
  }

  #newHeader({ timestamp, windows, pane }: Cursor): void {
    const set = Array.isArray(windows) ? (windows as readonly InternedWindow[]) : [windows as InternedWindow];
    const writer = new ByteWriter(32);
    writeHeader({ timestamp, windows: set.map(({ value }) => value), pane }, this.#coder.window, writer);
    this.#header = writer.finish();
    this.#timestamp = timestamp;
    this.#windows = windows;
    this.#pane = pane;
  }

  #flush(): void {
    if (this.#out.length === 0) return;
    this.#meter.bytes += this.#out.length;
    this.#frames.push(this.#out.finish());
    this.#out.reset();
  }

  /** The frames that are full. */
  takeFull(): Uint8Array[] {
    const frames = this.#frames;
    if (frames.length > 0) this.#frames = [];
    return frames;
  }

  /** All that has been written. */
  takeAll(): Uint8Array[] {
    this.#flush();
    return this.takeFull();
  }

  /** Forgets what a bundle that was given up has left. */
  reset(): void {
    this.#out.reset();
    this.#frames = [];
    this.count = 0;
    this.last = undefined;
  }
}
