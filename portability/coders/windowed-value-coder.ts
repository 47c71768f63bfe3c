import type { KeyIdentity } from "../execution/key-identity.js";
import type { BoundedWindow } from "../execution/window.js";
import type { WindowedValue } from "../execution/windowed-value.js";
import { StandardCoders } from "../urns.js";
import type { ByteReader } from "./byte-reader.js";
import type { ByteWriter } from "./byte-writer.js";
import type { Coder, CoderSpec } from "./coder.js";
import { nondeterminismOf } from "./composite.js";
import { encodedIdentity } from "./encoding.js";
import { readInstant, writeInstant } from "./instant.js";
import { METADATA_FOLLOWS, readPaneAfter, writePane } from "./pane-coder.js";
import { readSequence, writeSequence } from "./sequence.js";

/** All of a windowed value but the value. */
export type WindowedValueHeader = Omit<WindowedValue<unknown>, "value">;

/** Writes timestamp, windows, pane and, if there are any, metadata. */
export function writeHeader(header: WindowedValueHeader, window: Coder<BoundedWindow>, out: ByteWriter): void {
  writeInstant(header.timestamp, out);
  writeSequence(header.windows, window, out);
  if (header.metadata === undefined) {
    writePane(header.pane, out);
  } else {
    writePane(header.pane, out, METADATA_FOLLOWS);
    out.writeVarint(header.metadata.length);
    out.writeBytes(header.metadata);
  }
}

/** Inverse of {@link writeHeader}. @throws GirderError `malformed-data` */
export function readHeader(window: Coder<BoundedWindow>, input: ByteReader): WindowedValueHeader {
  const timestamp = readInstant(input);
  const windows = readSequence(window, input);
  const byte = input.readByte();
  const pane = readPaneAfter(byte, input);
  if ((byte & METADATA_FOLLOWS) === 0) return { timestamp, windows, pane };
  return { timestamp, windows, pane, metadata: input.readBytes(input.readLength()) };
}

/** `beam:coder:windowed_value:v1`: timestamp, windows, pane, then the value, nested where the whole is. */
export class WindowedValueCoder<T> implements Coder<WindowedValue<T>> {
  readonly spec: CoderSpec;
  readonly nondeterminism: string | undefined;

  constructor(
    readonly value: Coder<T>,
    readonly window: Coder<BoundedWindow>,
  ) {
    this.spec = { urn: StandardCoders.Enum.WINDOWED_VALUE, components: [value, window] };
    this.nondeterminism = nondeterminismOf(this.spec.components);
  }

  encode(element: WindowedValue<T>, out: ByteWriter, nested: boolean): void {
    writeHeader(element, this.window, out);
    this.value.encode(element.value, out, nested);
  }

  decode(input: ByteReader, nested: boolean): WindowedValue<T> {
    const header = readHeader(this.window, input);
    return { ...header, value: this.value.decode(input, nested) };
  }

  keyIdentity(element: WindowedValue<T>): KeyIdentity {
    return encodedIdentity(this, element);
  }
}
