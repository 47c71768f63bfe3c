/** The reference to an encoded value: `bytes[start, end)`. */
export class EncodedValue {
  constructor(
    readonly bytes: Buffer,
    readonly start: number,
    readonly end: number,
  ) {}
}
