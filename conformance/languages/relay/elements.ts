/** What goes from hand to hand in the relay. */
import type { Coder, KV } from "girder";
import { KVCoder, STRING_CODER, VARINT_CODER } from "girder/coders";

export type Numbered = KV<string, number>;

/** How all languages write it. */
export const NUMBERED = new KVCoder(STRING_CODER, VARINT_CODER) as Coder<unknown> as Coder<Numbered>;

export const KEYS = ["a", "b", "c", "d", "e"];
/** Elements of each key. */
export const EACH = 40;
