import type { KeyIdentity } from "../execution/key-identity.js";
import type { BoundedWindow } from "../execution/window.js";
import type { WindowedValue } from "../execution/windowed-value.js";
import { StandardCoders } from "../urns.js";
import { ByteReader } from "./byte-reader.js";
import { ByteWriter } from "./byte-writer.js";
import { BYTES_CODER } from "./bytes-coder.js";
import type { Coder, CoderSpec } from "./coder.js";
import { nondeterminismOf } from "./composite.js";
import { encodedIdentity } from "./encoding.js";
import { readHeader, type WindowedValueHeader, writeHeader } from "./windowed-value-coder.js";

/**
 * `beam:coder:param_windowed_value:v1`: only the value, as timestamp, windows and pane are the same for all and stand in
 * the coder's payload (an encoded windowed value of no bytes).
 *
 * Encoding drops what the element itself says about them.
 */
export class ParamWindowedValueCoder<T> implements Coder<WindowedValue<T>> {
  readonly spec: CoderSpec;
  readonly nondeterminism: string | undefined;
  /** What every decoded element shares. */
  readonly header: WindowedValueHeader;

  /**
   * @param header the header itself, or a payload, which is then kept as it is.
   * @throws GirderError `malformed-data` for a payload that is no windowed value.
   */
  constructor(
    readonly value: Coder<T>,
    readonly window: Coder<BoundedWindow>,
    header: WindowedValueHeader | Uint8Array,
  ) {
    const payload = header instanceof Uint8Array ? header : payloadOf(header, window);
    this.header = header instanceof Uint8Array ? headerOf(header, window) : header;
    this.spec = { urn: StandardCoders.Enum.PARAM_WINDOWED_VALUE, payload, components: [value, window] };
    this.nondeterminism = nondeterminismOf(this.spec.components);
  }

  encode(element: WindowedValue<T>, out: ByteWriter, nested: boolean): void {
    this.value.encode(element.value, out, nested);
  }

  decode(input: ByteReader, nested: boolean): WindowedValue<T> {
    return { ...this.header, value: this.value.decode(input, nested) };
  }

  keyIdentity(element: WindowedValue<T>): KeyIdentity {
    return encodedIdentity(this, element);
  }
}

function payloadOf(header: WindowedValueHeader, window: Coder<BoundedWindow>): Uint8Array {
  const out = new ByteWriter();
  writeHeader(header, window, out);
  BYTES_CODER.encode(new Uint8Array(), out, true);
  return out.finish();
}

function headerOf(payload: Uint8Array, window: Coder<BoundedWindow>): WindowedValueHeader {
  const input = new ByteReader(payload);
  const header = readHeader(window, input);
  BYTES_CODER.decode(input, true);
  input.expectEnd();
  return header;
}
