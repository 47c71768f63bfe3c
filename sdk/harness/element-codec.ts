/** Batches of one PCollection as bytes. */
import {
  ByteReader,
  ByteWriter,
  type Coder,
  decodeFromBytes,
  JsValueCoder,
  type KV,
  KVCoder,
  readHeader,
  StringCoder,
  writeHeader,
} from "../../portability/coders/index.js";
import { GirderError } from "../../portability/errors.js";
import { Batch, type BatchCodec, entry, type WindowSet } from "../../portability/execution/batch.js";
import { ENCODED, isEncodedIdentity, type KeyIdentity } from "../../portability/execution/key-identity.js";
import { NO_FIRING, type PaneInfo } from "../../portability/execution/pane.js";
import type { Instant } from "../../portability/execution/time.js";
import { type BoundedWindow, GLOBAL_WINDOW, type InternedWindow } from "../../portability/execution/window.js";
import type { ElementOf } from "./chain.js";
import type { InternWindow } from "./do-fn-operators.js";
import { encodingError } from "./encoding-error.js";
import { metadataOf, paneWith } from "./value-kind-metadata.js";

/** Code of the character that identities made of bytes begin with. */
const ENCODED_FIRST = ENCODED.charCodeAt(0);

/** Where a PCollection's elements, keys and bytes meet. */
export class ElementCodec implements BatchCodec {
  readonly #key: Coder<unknown> | undefined;

  constructor(
    readonly coder: Coder<unknown>,
    readonly windowCoder: Coder<BoundedWindow>,
    readonly intern: InternWindow,
    /** Name of the transform that outputs the elements; asked for when one does not fit the coder. */
    readonly producer: () => string,
  ) {
    this.#key = coder instanceof KVCoder ? coder.key : undefined;
  }

  /**
   * Identities of keys, for a PCollection that is grouped.
   *
   * @throws GirderError `cannot-encode`, with the transform and the key, as {@link encode} and {@link encodeValues} do.
   */
  get identity(): (key: unknown) => KeyIdentity {
    const coder = this.#keyCoder();
    const identityOf = (key: unknown): KeyIdentity => {
      try {
        return coder.keyIdentity(key);
      } catch (thrown) {
        throw encodingError(thrown, this.producer(), key);
      }
    };
    if (!(coder instanceof JsValueCoder) && !(coder instanceof StringCoder)) return identityOf;
    // Most keys are strings, which these two coders take for themselves: worth sparing three calls an element.
    return (key) => (typeof key === "string" && key.charCodeAt(0) !== ENCODED_FIRST ? key : identityOf(key));
  }

  #keyCoder(): Coder<unknown> {
    if (this.#key === undefined) throw new GirderError("internal", `${this.coder.spec.urn} has no key`);
    return this.#key;
  }

  /** The key that an identity was made of. */
  keyOf(identity: KeyIdentity): unknown {
    if (!isEncodedIdentity(identity)) return identity;
    return this.#keyCoder().decode(new ByteReader(Buffer.from(identity.slice(1), "latin1")), true);
  }

  /** The element at a position: in a keyed batch, key and value put together again. */
  readonly elementOf: ElementOf = ({ keys, refs }, position) => {
    if (keys === undefined) return refs[position];
    return { key: this.keyOf(keys[position]!), value: refs[position] } satisfies KV<unknown, unknown>;
  };

  encode(batch: Batch): Uint8Array {
    const out = new ByteWriter(batch.bytes + 64);
    const { columns } = batch;
    out.writeVarint(batch.count);
    out.writeByte(columns.keys === undefined ? 0 : 1);
    out.writeVarint(batch.bytes);
    for (let i = 0; i < batch.count; i++) {
      const windows = entry(columns.windows, i);
      const set = Array.isArray(windows) ? (windows as readonly InternedWindow[]) : [windows as InternedWindow];
      const pane = entry(columns.panes, i);
      const metadata = metadataOf(pane);
      const header = {
        timestamp: entry(columns.timestamps, i),
        windows: set.map(({ value }) => value),
        pane,
        ...(metadata === undefined ? {} : { metadata }),
      };
      writeHeader(header, this.windowCoder, out);
      this.#encode(this.coder, this.elementOf(columns, i), out);
    }
    return out.finish();
  }

  #encode(coder: Coder<unknown>, value: unknown, out: ByteWriter): void {
    try {
      coder.encode(value, out, true);
    } catch (thrown) {
      throw encodingError(thrown, this.producer(), value);
    }
  }

  decode(bytes: Uint8Array): Batch {
    const input = new ByteReader(bytes);
    const count = Number(input.readVarint());
    const keyed = input.readByte() === 1;
    const identity = keyed ? this.identity : undefined;
    // An estimate that was made before encoding: it may well exceed the bytes that follow.
    const size = Number(input.readVarint());
    const refs: unknown[] = [];
    const keys: KeyIdentity[] | undefined = keyed ? [] : undefined;
    const timestamps: Instant[] = [];
    const windowSets: WindowSet[] = [];
    const panes: PaneInfo[] = [];
    for (let i = 0; i < count; i++) {
      const header = readHeader(this.windowCoder, input);
      const windows = header.windows.map(this.intern);
      timestamps.push(header.timestamp);
      windowSets.push(windows.length === 1 ? windows[0]! : windows);
      panes.push(paneWith(header.pane, header.metadata));
      const element = this.coder.decode(input, true);
      if (keys === undefined) refs.push(element);
      else {
        const { key, value } = element as KV<unknown, unknown>;
        keys.push(identity!(key));
        refs.push(value);
      }
    }
    return new Batch(refs, keys, timestamps, windowSets, panes, size);
  }

  decodeAlone(elements: readonly { readonly bytes: Uint8Array; readonly timestamp: Instant }[]): Batch {
    const values = elements.map(({ bytes }) => decodeFromBytes(this.coder, bytes));
    const timestamps = elements.map(({ timestamp }) => timestamp);
    const window = { all: this.intern(GLOBAL_WINDOW) };
    const size = elements.reduce((sum, { bytes }) => sum + bytes.length, 0);
    if (this.#key === undefined || this.#key.nondeterminism !== undefined) {
      return new Batch(values, undefined, timestamps, window, { all: NO_FIRING }, size);
    }
    // Whoever groups them needs their keys.
    const { identity } = this;
    const pairs = values as KV<unknown, unknown>[];
    const keys = pairs.map(({ key }) => identity(key));
    const refs = pairs.map(({ value }) => value);
    return new Batch(refs, keys, timestamps, window, { all: NO_FIRING }, size);
  }

  encodeValues(refs: readonly unknown[]): Uint8Array {
    const out = new ByteWriter();
    out.writeVarint(refs.length);
    const coder = this.#valueCoder();
    for (const ref of refs) this.#encode(coder, ref, out);
    return out.finish();
  }

  decodeValues(bytes: Uint8Array): unknown[] {
    const input = new ByteReader(bytes);
    const values = new Array<unknown>(Number(input.readVarint()));
    const coder = this.#valueCoder();
    for (let i = 0; i < values.length; i++) values[i] = coder.decode(input, true);
    return values;
  }

  #valueCoder(): Coder<unknown> {
    if (this.coder instanceof KVCoder) return this.coder.value;
    throw new GirderError("internal", `${this.coder.spec.urn} has no value`);
  }
}
