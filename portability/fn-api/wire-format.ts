/**
 * The reader and writer of google-protobuf, as far as the data stream needs them. The published types describe version 3,
 * which cannot yet hand out bytes without copying them.
 */
import * as protobuf from "google-protobuf";

export interface BinaryReader {
  nextField(): boolean;
  getFieldNumber(): number;
  /** Whether the field at hand is of a length-delimited type. */
  isDelimited(): boolean;
  skipField(): void;
  readMessage<T>(message: T, read: (message: T, reader: BinaryReader) => void): void;
  readString(): string;
  readBytes(): Uint8Array;
  readBool(): boolean;
}

export interface BinaryWriter {
  writeMessage<T>(field: number, message: T, write: (message: T, writer: BinaryWriter) => void): void;
  writeString(field: number, value: string): void;
  writeBytes(field: number, value: Uint8Array): void;
  writeBool(field: number, value: boolean): void;
  getResultBuffer(): Uint8Array;
}

interface WireFormat {
  /** With `aliasBytesFields`, byte fields are views of `bytes`. */
  readonly BinaryReader: new (
    bytes: Uint8Array,
    start: undefined,
    length: undefined,
    options: { readonly aliasBytesFields: boolean },
  ) => BinaryReader;
  readonly BinaryWriter: new () => BinaryWriter;
}

export const { BinaryReader, BinaryWriter } = protobuf as unknown as WireFormat;
