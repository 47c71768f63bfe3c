/**
 * Protobuf's wire format, as far as the data stream needs it: strings, bytes, flags and messages of them.
 *
 * Payloads are neither copied when they are read nor more than once when they are written. A library that does as much takes
 * longer to load than all of the Fn API.
 */

const VARINT = 0;
const FIXED64 = 1;
const DELIMITED = 2;
const START_GROUP = 3;
const END_GROUP = 4;
const FIXED32 = 5;

/** Reads fields one after another: {@link nextField}, then what is in it. Every method throws an Error for garbage. */
export class BinaryReader {
  readonly #bytes: Buffer;
  readonly #given: Uint8Array;
  #at = 0;
  #end: number;
  #field = 0;
  #type = VARINT;

  /** Byte fields will be views of `bytes`. */
  constructor(bytes: Uint8Array) {
    this.#given = bytes;
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#end = bytes.length;
  }

  /** Goes on to the next field; false if there is none. */
  nextField(): boolean {
    if (this.#at >= this.#end) return false;
    const tag = this.#varint();
    this.#field = Math.floor(tag / 8);
    this.#type = tag % 8;
    if (this.#field === 0) throw malformed("a field without number");
    return true;
  }

  getFieldNumber(): number {
    return this.#field;
  }

  /** Whether the field at hand is of a length-delimited type. */
  isDelimited(): boolean {
    return this.#type === DELIMITED;
  }

  skipField(): void {
    switch (this.#type) {
      case VARINT:
        this.#varint();
        return;
      case FIXED64:
        this.#take(8);
        return;
      case DELIMITED:
        this.#take(this.#varint());
        return;
      case START_GROUP:
        this.#skipGroup();
        return;
      case FIXED32:
        this.#take(4);
        return;
      default:
        throw malformed(`a field of type ${this.#type}`);
    }
  }

  #skipGroup(): void {
    const group = this.#field;
    while (this.nextField()) {
      if (this.#type === END_GROUP) {
        if (this.#field !== group) throw malformed("a group that ends as another one");
        return;
      }
      this.skipField();
    }
    throw malformed("a group without end");
  }

  readMessage<T>(message: T, read: (message: T, reader: BinaryReader) => void): void {
    const start = this.#delimited();
    const outer = this.#end;
    const end = this.#at;
    this.#at = start;
    this.#end = end;
    read(message, this);
    if (this.#at !== end) throw malformed("a message that is not read to its end");
    this.#end = outer;
  }

  readString(): string {
    const start = this.#delimited();
    return this.#bytes.toString("utf8", start, this.#at);
  }

  readBytes(): Uint8Array {
    const start = this.#delimited();
    return this.#given.subarray(start, this.#at);
  }

  readBool(): boolean {
    if (this.#type !== VARINT) throw malformed("a flag of another type");
    return this.#varint() !== 0;
  }

  /** Goes behind a length-delimited value; returns where it begins. */
  #delimited(): number {
    if (this.#type !== DELIMITED) throw malformed("a value of another type");
    return this.#take(this.#varint());
  }

  #take(length: number): number {
    const start = this.#at;
    if (length > this.#end - start) throw malformed("a field that goes beyond its message");
    this.#at = start + length;
    return start;
  }

  /** Exact up to 2^53: larger numbers occur only where they are passed over. */
  #varint(): number {
    let value = 0;
    let factor = 1;
    for (let i = 0; i < 10; i++) {
      if (this.#at >= this.#end) throw malformed("a number without end");
      const byte = this.#bytes[this.#at++]!;
      value += (byte & 0x7f) * factor;
      if (byte < 0x80) return value;
      factor *= 128;
    }
    throw malformed("a number of more than 64 bits");
  }
}

/** Writes fields one after another. */
export class BinaryWriter {
  readonly #parts: Uint8Array[] = [];
  #length = 0;

  writeMessage<T>(field: number, message: T, write: (message: T, writer: BinaryWriter) => void): void {
    const index = this.#parts.push(NOTHING) - 1;
    const before = this.#length;
    write(message, this);
    const header = headerOf(field, this.#length - before);
    this.#parts[index] = header;
    this.#length += header.length;
  }

  writeString(field: number, value: string): void {
    const length = Buffer.byteLength(value);
    const header = headerOf(field, length);
    const part = Buffer.allocUnsafe(header.length + length);
    part.set(header);
    part.write(value, header.length, "utf8");
    this.#push(part);
  }

  writeBytes(field: number, value: Uint8Array): void {
    this.#push(headerOf(field, value.length));
    this.#push(value);
  }

  writeBool(field: number, value: boolean): void {
    this.#push(Uint8Array.of((field << 3) | VARINT, value ? 1 : 0));
  }

  #push(part: Uint8Array): void {
    this.#parts.push(part);
    this.#length += part.length;
  }

  getResultBuffer(): Buffer {
    return Buffer.concat(this.#parts, this.#length);
  }
}

const NOTHING = new Uint8Array();

/** Tag and length of a field; field numbers are below 16. */
function headerOf(field: number, length: number): Uint8Array {
  const header = [(field << 3) | DELIMITED];
  let rest = length;
  while (rest >= 0x80) {
    header.push((rest % 128) | 0x80);
    rest = Math.floor(rest / 128);
  }
  header.push(rest);
  return Uint8Array.from(header);
}

function malformed(what: string): Error {
  return new Error(`The message holds ${what}.`);
}
