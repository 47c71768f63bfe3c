/**
 * Strings as bytes: UTF-8 for well-formed strings, and WTF-8 (https://simonsapin.github.io/wtf-8) for those with lone
 * surrogates, so that each JavaScript string has one encoding of its own and comes back as it was.
 */
import { malformed } from "./errors.js";

const LONE_SURROGATE = /\p{Surrogate}/u;

/**
 * Writes `text` into `buffer` at `position`, where three bytes for each of its code units are free, or else as many as it takes.
 *
 * @returns how many bytes it took.
 */
export function encodeUtf8(text: string, buffer: Buffer, position: number): number {
  const size = buffer.write(text, position);
  // Node writes U+FFFD for a lone surrogate, which takes three bytes as well.
  if (size !== text.length && LONE_SURROGATE.test(text)) encodeSurrogates(text, buffer, position);
  return size;
}

function encodeSurrogates(text: string, buffer: Buffer, position: number): void {
  let at = position;
  for (const character of text) {
    const code = character.codePointAt(0)!;
    if (character.length === 1 && code >= 0xd800 && code <= 0xdfff) {
      buffer[at++] = 0xe0 | (code >> 12);
      buffer[at++] = 0x80 | ((code >> 6) & 0x3f);
      buffer[at++] = 0x80 | (code & 0x3f);
    } else {
      at += buffer.write(character, at, "utf8");
    }
  }
}

/**
 * The string whose encoding is `buffer[start, end)`.
 *
 * @throws GirderError `malformed-data` for bytes that are no string's encoding.
 */
export function decodeUtf8(buffer: Buffer, start: number, end: number): string {
  const text = buffer.toString(undefined, start, end);
  // What Node cannot read it replaces by U+FFFD; a U+FFFD that was written looks the same, and is rare.
  return text.includes("\uFFFD") ? decodeStrictly(buffer, start, end) : text;
}

function decodeStrictly(buffer: Buffer, start: number, end: number): string {
  const parts: string[] = [];
  let at = start;
  let afterHighSurrogate = false;
  while (at < end) {
    const lead = buffer[at]!;
    const size = lead < 0x80 ? 1 : lead < 0xc2 ? 0 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : lead < 0xf5 ? 4 : 0;
    if (size === 0 || at + size > end) throw malformed("This is not UTF-8", at);
    let code = size === 1 ? lead : lead & (0x7f >> size);
    for (let i = 1; i < size; i++) {
      const next = buffer[at + i]!;
      if ((next & 0xc0) !== 0x80) throw malformed("This is not UTF-8", at + i);
      code = (code << 6) | (next & 0x3f);
    }
    if ((size === 3 && code < 0x800) || (size === 4 && (code < 0x10000 || code > 0x10ffff))) {
      throw malformed("This is not UTF-8", at);
    }
    // Two halves in a row are one character, whose encoding is another: accepted, one string would have two encodings.
    if (afterHighSurrogate && code >= 0xdc00 && code <= 0xdfff) {
      throw malformed("A surrogate pair is written as two characters", at);
    }
    afterHighSurrogate = code >= 0xd800 && code <= 0xdbff;
    parts.push(String.fromCodePoint(code));
    at += size;
  }
  return parts.join("");
}
