/**
 * Key identity: what two keys must share to be grouped together.
 *
 * Beam groups by the encoded bytes of a key. Encoding every key only to compare it is the dearest part of grouping, so
 * where equality of JavaScript values is equality of their bytes the bare value stands for its bytes: strings, booleans,
 * and safe integers of integer coders. Everything else is identified by its bytes, as a Latin-1 string behind one lone
 * surrogate, which no bare string may begin with.
 */

/** A bare string, boolean or number, or {@link ENCODED} followed by the key's bytes as Latin-1. */
export type KeyIdentity = string | number | boolean;

/** First character of an identity made of encoded bytes. */
export const ENCODED = "\uD800";

/** Whether `identity` carries bytes. */
export function isEncodedIdentity(identity: KeyIdentity): identity is string {
  return typeof identity === "string" && identity.charCodeAt(0) === 0xd800;
}
