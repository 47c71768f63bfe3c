/** Long answers of the state service, in parts. */
import { GirderError } from "../../../portability/errors.js";
import type { StateAnswer } from "./worker-connection.js";

/** Bytes of an answer, about: what is left is fetched with its continuation token. */
const PAGE = 1 << 20;

/**
 * The part of a stream of bytes that a token asks for.
 *
 * @param chunks The same for every part.
 * @param token Empty for the first part, else one that came with the part before.
 * @throws GirderError `invalid-argument` for another token.
 */
export function page(chunks: readonly Uint8Array[], token: Uint8Array): StateAnswer {
  if (token.length !== 0 && token.length !== 4) {
    throw new GirderError("invalid-argument", `A continuation token of ${token.length} bytes was never given out.`);
  }
  let chunk = token.length === 0 ? 0 : Buffer.from(token).readUInt32BE(0);
  const parts: Uint8Array[] = [];
  let bytes = 0;
  for (; chunk < chunks.length && bytes < PAGE; chunk++) {
    parts.push(chunks[chunk]!);
    bytes += chunks[chunk]!.length;
  }
  const continuationToken = Buffer.alloc(chunk < chunks.length ? 4 : 0);
  if (chunk < chunks.length) continuationToken.writeUInt32BE(chunk);
  return { case: "get", value: { data: Buffer.concat(parts), continuationToken } };
}
