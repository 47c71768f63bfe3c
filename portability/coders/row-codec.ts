/** Rows in bytes: a count of fields, a bitmap of those that are null, then the others, in encoding order. */
import { GirderError } from "../errors.js";
import type { Field, FieldType, Schema } from "../gen/org/apache/beam/model/pipeline/v1/schema_pb.js";
import { readBool } from "./bool-coder.js";
import type { ByteReader } from "./byte-reader.js";
import type { ByteWriter } from "./byte-writer.js";
import { cannotEncode, malformed } from "./errors.js";
import { checkIterable } from "./iterable-coder.js";
import { convertedCodec } from "./logical-types.js";
import { setOwn } from "./own-property.js";
import { ATOMIC_CODECS, type FieldCodec } from "./row-atoms.js";
import { LOGICAL_TYPE_CODECS } from "./row-logical-types.js";
import { readSequence, writeSequence } from "./sequence.js";
import { sortRuns } from "./sorted-runs.js";

/** A row: a plain object whose fields are those of its schema. Fields that are null may be absent. */
export type Row = Readonly<Record<string, unknown>>;

interface RowField {
  readonly name: string;
  readonly nullable: boolean;
  readonly codec: FieldCodec;
}

/** Writes and reads the rows of one schema. */
export class RowCodec implements FieldCodec {
  readonly nondeterminism: string | undefined;
  /** In encoding order. */
  private readonly fields: readonly RowField[];
  /** In the schema's order, which decoded rows keep. */
  private readonly names: readonly string[];

  /** @throws GirderError `malformed-data` for a schema that contradicts itself. */
  constructor(schema: Schema) {
    this.names = schema.fields.map((field) => field.name);
    if (new Set(this.names).size < this.names.length) throw badSchema(`has two fields of one name: ${this.names}`);
    this.fields = inEncodingOrder(schema).map((field) => ({
      name: field.name,
      nullable: field.type?.nullable ?? false,
      codec: codecOf(field.type),
    }));
    this.nondeterminism = this.fields.find(({ codec }) => codec.nondeterminism !== undefined)?.codec.nondeterminism;
  }

  encode(value: unknown, out: ByteWriter): void {
    if (typeof value !== "object" || value === null) throw cannotEncode("row", "objects", value);
    const row = value as Row;
    const { fields } = this;
    out.writeVarint(fields.length);
    const nulls: number[] = [];
    fields.forEach(({ name, nullable }, i) => {
      if (row[name] !== null && row[name] !== undefined) return;
      if (!nullable) throw inField(name, cannotEncode("row", "values other than null", row[name]));
      for (const last = i >> 3; nulls.length <= last; ) nulls.push(0);
      nulls[i >> 3]! |= 1 << (i & 7);
    });
    out.writeVarint(nulls.length);
    for (const byte of nulls) out.writeByte(byte);
    for (const { name, codec } of fields) {
      const field = row[name];
      if (field === null || field === undefined) continue;
      try {
        codec.encode(field, out);
      } catch (error) {
        throw inField(name, error);
      }
    }
  }

  decode(input: ByteReader): Row {
    const at = input.position;
    const { fields } = this;
    const count = input.readVarint();
    if (typeof count !== "number" || count < 0 || count > fields.length) {
      throw malformed(`A row of ${count} fields, where the schema has ${fields.length}`, at);
    }
    const nulls = input.readView(input.readLength());
    if (nulls.length > (count + 7) >> 3) throw malformed("A row's bitmap has more bits than the row has fields", at);
    const values = new Map<string, unknown>();
    fields.forEach(({ name, nullable, codec }, i) => {
      // Rows that were written before a field was added to the schema do not have it.
      const isNull = i >= count || ((nulls[i >> 3] ?? 0) & (1 << (i & 7))) !== 0;
      if (isNull && !nullable) throw malformed(`The field ${name} of a row is null`, at);
      values.set(name, isNull ? null : codec.decode(input));
    });
    const row: Record<string, unknown> = {};
    for (const name of this.names) setOwn(row, name, values.get(name));
    return row;
  }
}

function inEncodingOrder(schema: Schema): readonly Field[] {
  if (!schema.encodingPositionsSet) return schema.fields;
  const ordered = schema.fields.toSorted((a, b) => a.encodingPosition - b.encodingPosition);
  if (ordered.some((field, i) => field.encodingPosition !== i)) {
    throw badSchema(`has encoding positions that are not 0 to ${ordered.length - 1}`);
  }
  return ordered;
}

function codecOf(type: FieldType | undefined): FieldCodec {
  switch (type?.typeInfo.case) {
    case "atomicType": {
      const codec = ATOMIC_CODECS.get(type.typeInfo.value);
      if (codec === undefined) throw badSchema(`has a field of the atomic type ${type.typeInfo.value}`);
      return codec;
    }
    case "arrayType":
    case "iterableType":
      return sequenceCodec(elementCodecOf(type.typeInfo.value.elementType));
    case "mapType":
      return mapCodec(elementCodecOf(type.typeInfo.value.keyType), elementCodecOf(type.typeInfo.value.valueType));
    case "rowType":
      if (type.typeInfo.value.schema === undefined) throw badSchema("has a field of rows without a schema");
      return new RowCodec(type.typeInfo.value.schema);
    case "logicalType":
      return (
        LOGICAL_TYPE_CODECS.get(type.typeInfo.value.urn) ??
        convertedCodec(type.typeInfo.value.urn, codecOf(type.typeInfo.value.representation))
      );
    default:
      throw badSchema("has a field without a type");
  }
}

/** Elements of arrays and maps have no bitmap: each that may be null says whether it is. */
function elementCodecOf(type: FieldType | undefined): FieldCodec {
  const codec = codecOf(type);
  if (type?.nullable !== true) return codec;
  return {
    nondeterminism: codec.nondeterminism,
    encode(value, out) {
      const isNull = value === null || value === undefined;
      out.writeByte(isNull ? 0 : 1);
      if (!isNull) codec.encode(value, out);
    },
    decode: (input) => (readBool(input) ? codec.decode(input) : null),
  };
}

function sequenceCodec(element: FieldCodec): FieldCodec {
  return {
    nondeterminism: element.nondeterminism,
    encode(value, out) {
      checkIterable(value, "array");
      writeSequence(value as Iterable<unknown>, element, out);
    },
    decode: (input) => readSequence(element, input),
  };
}

/** Maps are `Map`s, written in the order of their entries' bytes. */
function mapCodec(key: FieldCodec, value: FieldCodec): FieldCodec {
  return {
    nondeterminism: key.nondeterminism ?? value.nondeterminism,
    encode(map, out) {
      if (!(map instanceof Map)) throw cannotEncode("map", "Maps", map);
      out.writeInt32BE(map.size);
      const starts: number[] = [];
      for (const [k, v] of map as Map<unknown, unknown>) {
        starts.push(out.length);
        key.encode(k, out);
        value.encode(v, out);
      }
      sortRuns(starts, out);
    },
    decode(input) {
      const at = input.position;
      const count = input.readInt32BE();
      if (count < 0 || count > input.remaining) throw malformed(`A map of ${count} entries`, at);
      const map = new Map<unknown, unknown>();
      for (let i = 0; i < count; i++) {
        const k = key.decode(input);
        map.set(k, value.decode(input));
      }
      return map;
    },
  };
}

function inField(name: string, error: unknown): unknown {
  if (!(error instanceof GirderError)) return error;
  const where = error.where === undefined ? `field ${name}` : `field ${name}, ${error.where}`;
  return new GirderError(error.code, error.what, {
    where,
    cause: error.cause,
    ...(error.remedy === undefined ? {} : { remedy: error.remedy }),
  });
}

function badSchema(what: string): GirderError {
  return new GirderError("malformed-data", `A schema ${what}.`, { remedy: "Check the payload of the row coder." });
}
