/**
 * `Elements`, the message of the data stream, read and written without building message objects field by field.
 *
 * Everything else on the Fn API uses the generated types; these messages carry all the data there is, and payloads are
 * neither copied nor decoded when they are read: they are views of the bytes received.
 */
import type { MessageInitShape } from "@bufbuild/protobuf";
import type {
  Elements,
  Elements_Data,
  Elements_Timers,
  ElementsSchema,
} from "../gen/org/apache/beam/model/fn_execution/v1/beam_fn_api_pb.js";
import { delimited, headed, stringField } from "./room.js";
import { BinaryReader, BinaryWriter } from "./wire-format.js";

type Data = Omit<Elements_Data, "$typeName" | "$unknown">;
type Timers = Omit<Elements_Timers, "$typeName" | "$unknown">;

/** What is sent on a data stream. */
export type ElementsInit = MessageInitShape<typeof ElementsSchema>;

/** Fields may be left out. */
type Init<T> = { readonly [K in keyof T]?: T[K] | undefined };

const NOTHING = new Uint8Array();

/** Inverse of {@link readElements}. Default values are left out, as proto3 has it. */
export function writeElements({ data = [], timers = [] }: ElementsInit): Buffer {
  const [first] = data;
  if (data.length === 1 && timers.length === 0 && first!.data !== undefined && !first!.isLast) {
    return writeOne(first!, first!.data);
  }
  const writer = new BinaryWriter();
  for (const each of data) writer.writeMessage(1, each, writeData);
  for (const each of timers) writer.writeMessage(2, each, writeTimers);
  return writer.getResultBuffer();
}

/** A message of nothing but one piece of data, which most of them are. */
function writeOne({ instructionId = "", transformId = "" }: Init<Data>, bytes: Uint8Array): Buffer {
  const ids = [stringField(1, instructionId), stringField(2, transformId)];
  const inner = Buffer.concat(bytes.length === 0 ? ids : [...ids, delimited(3, bytes.length)]);
  return headed(Buffer.concat([delimited(1, inner.length + bytes.length), inner]), bytes);
}

function writeData(data: Init<Data>, writer: BinaryWriter): void {
  if (data.instructionId) writer.writeString(1, data.instructionId);
  if (data.transformId) writer.writeString(2, data.transformId);
  if (data.data !== undefined && data.data.length > 0) writer.writeBytes(3, data.data);
  if (data.isLast) writer.writeBool(4, true);
}

function writeTimers(timers: Init<Timers>, writer: BinaryWriter): void {
  if (timers.instructionId) writer.writeString(1, timers.instructionId);
  if (timers.transformId) writer.writeString(2, timers.transformId);
  if (timers.timerFamilyId) writer.writeString(3, timers.timerFamilyId);
  if (timers.timers !== undefined && timers.timers.length > 0) writer.writeBytes(4, timers.timers);
  if (timers.isLast) writer.writeBool(5, true);
}

/** @throws Error for bytes that are no message. Unknown fields are passed over. */
export function readElements(bytes: Uint8Array): Elements {
  const elements = { $typeName: TYPE, data: [] as Elements_Data[], timers: [] as Elements_Timers[] };
  const reader = new BinaryReader(bytes);
  while (reader.nextField()) {
    const field = reader.getFieldNumber();
    if (field === 1 && reader.isDelimited()) {
      const data = { $typeName: DATA_TYPE, instructionId: "", transformId: "", data: NOTHING, isLast: false };
      reader.readMessage(data, readData);
      elements.data.push(data as Elements_Data);
    } else if (field === 2 && reader.isDelimited()) {
      const timers = {
        $typeName: TIMERS_TYPE,
        instructionId: "",
        transformId: "",
        timerFamilyId: "",
        timers: NOTHING,
        isLast: false,
      };
      reader.readMessage(timers, readTimers);
      elements.timers.push(timers as Elements_Timers);
    } else reader.skipField();
  }
  return elements as Elements;
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

function readData(data: Mutable<Data>, reader: BinaryReader): void {
  while (reader.nextField()) {
    switch (reader.getFieldNumber()) {
      case 1:
        data.instructionId = reader.readString();
        break;
      case 2:
        data.transformId = reader.readString();
        break;
      case 3:
        data.data = reader.readBytes();
        break;
      case 4:
        data.isLast = reader.readBool();
        break;
      default:
        reader.skipField();
    }
  }
}

function readTimers(timers: Mutable<Timers>, reader: BinaryReader): void {
  while (reader.nextField()) {
    switch (reader.getFieldNumber()) {
      case 1:
        timers.instructionId = reader.readString();
        break;
      case 2:
        timers.transformId = reader.readString();
        break;
      case 3:
        timers.timerFamilyId = reader.readString();
        break;
      case 4:
        timers.timers = reader.readBytes();
        break;
      case 5:
        timers.isLast = reader.readBool();
        break;
      default:
        reader.skipField();
    }
  }
}

const TYPE = "org.apache.beam.model.fn_execution.v1.Elements";
const DATA_TYPE = "org.apache.beam.model.fn_execution.v1.Elements.Data";
const TIMERS_TYPE = "org.apache.beam.model.fn_execution.v1.Elements.Timers";
