import type { KeyIdentity } from "../execution/key-identity.js";
import { GLOBAL_WINDOW, GlobalWindow } from "../execution/window.js";
import { StandardCoders } from "../urns.js";
import type { ByteReader } from "./byte-reader.js";
import type { ByteWriter } from "./byte-writer.js";
import type { Coder, CoderSpec } from "./coder.js";
import { encodedIdentity } from "./encoding.js";
import { cannotEncode } from "./errors.js";

/** `beam:coder:global_window:v1`: the global window, no bytes at all. */
export class GlobalWindowCoder implements Coder<GlobalWindow> {
  readonly spec: CoderSpec = { urn: StandardCoders.Enum.GLOBAL_WINDOW, components: [] };
  readonly nondeterminism = undefined;

  encode(value: GlobalWindow, _out: ByteWriter, _nested: boolean): void {
    if (!(value instanceof GlobalWindow)) throw cannotEncode("global window", "the global window", value);
  }

  decode(_input: ByteReader, _nested: boolean): GlobalWindow {
    return GLOBAL_WINDOW;
  }

  keyIdentity(value: GlobalWindow): KeyIdentity {
    return encodedIdentity(this, value);
  }
}

/** The one {@link GlobalWindowCoder}. */
export const GLOBAL_WINDOW_CODER = new GlobalWindowCoder();
