import type { KeyIdentity } from "../execution/key-identity.js";
import { type BoundedWindow, OpaqueWindow } from "../execution/window.js";
import { StandardCoders } from "../urns.js";
import type { ByteReader } from "./byte-reader.js";
import type { ByteWriter } from "./byte-writer.js";
import type { Coder, CoderSpec } from "./coder.js";
import { encodedIdentity } from "./encoding.js";
import { describe, malformed } from "./errors.js";
import { readInstant, writeInstant } from "./instant.js";

/**
 * `beam:coder:custom_window:v1`: a window's last instant, then the window, nested, so that a runner which does not know the
 * window's coder knows when it ends.
 *
 * Where the window's coder yields a window, that is the value; where it yields bytes (a length prefix around a coder
 * unknown here), the value is an `OpaqueWindow`.
 */
export class CustomWindowCoder implements Coder<BoundedWindow> {
  readonly spec: CoderSpec;
  readonly nondeterminism: string | undefined;

  constructor(readonly window: Coder<unknown>) {
    this.spec = { urn: StandardCoders.Enum.CUSTOM_WINDOW, components: [window] };
    this.nondeterminism = window.nondeterminism;
  }

  encode(value: BoundedWindow, out: ByteWriter, _nested: boolean): void {
    writeInstant(value.maxTimestamp, out);
    this.window.encode(value instanceof OpaqueWindow ? value.encoded : value, out, true);
  }

  decode(input: ByteReader, _nested: boolean): BoundedWindow {
    const maxTimestamp = readInstant(input);
    const at = input.position;
    const window = this.window.decode(input, true);
    if (window instanceof Uint8Array) return new OpaqueWindow(window, maxTimestamp);
    if (isWindow(window)) return window;
    throw malformed(`A custom window is ${describe(window)}, which has no maxTimestamp`, at);
  }

  keyIdentity(value: BoundedWindow): KeyIdentity {
    return encodedIdentity(this, value);
  }
}

function isWindow(value: unknown): value is BoundedWindow {
  return typeof value === "object" && value !== null && "maxTimestamp" in value && Number.isInteger(value.maxTimestamp);
}
