/** What the encodings of JavaScript values begin with. */

/** Of the coder that any pipeline of this SDK uses where no other is given. */
export const JS_VALUE_URN = "girder:coder:js:v1";

/** First bytes; those of objects are {@link Tag.DATE} and above. Numbers are part of stored data: append only. */
export const Tag = {
  UNDEFINED: 0,
  NULL: 1,
  FALSE: 2,
  TRUE: 3,
  /** A safe integer that is not small: a varint. */
  INTEGER: 4,
  /** Any other number, −0 among them: eight bytes. */
  DOUBLE: 5,
  /** A bigint of at least 0: length, then its bytes, highest first, without leading zeros. */
  POSITIVE_BIGINT: 6,
  /** A bigint x below 0: −1 − x in the form of {@link Tag.POSITIVE_BIGINT}. */
  NEGATIVE_BIGINT: 7,
  /** Length in bytes, then WTF-8. */
  STRING: 8,
  /** Milliseconds since 1970: a varint. */
  DATE: 9,
  INVALID_DATE: 10,
  /** Length, then the bytes. */
  ARRAY_BUFFER: 11,
  /** Kind, length in bytes, then the elements. */
  TYPED_ARRAY: 12,
  /** Count, then values. */
  ARRAY: 13,
  /** Count, then names (length and WTF-8) and values, by name in the order of UTF-16 units. */
  OBJECT: 14,
  /** Count, then pairs of values, in the order of their bytes. */
  MAP: 15,
  /** Count, then values, in the order of their bytes. */
  SET: 16,
} as const;

/** The integers 0 to 127 are one byte: themselves added to this. */
export const SMALL_INTEGER = 0x80;

/** How many objects an object may stand in. */
export const MAX_DEPTH = 500;
