/**
 * Rows: objects whose fields have types that other SDKs know.
 *
 * @module girder/apache-beam/coders/row_coder
 */
import { create } from "@bufbuild/protobuf";
import type { ByteReader, ByteWriter, Coder, CoderSpec } from "../../../portability/coders/index.js";
import {
  RowCoder as GirderRowCoder,
  registerLogicalType as registerConversion,
  STANDARD_CODERS,
} from "../../../portability/coders/index.js";
import { GirderError } from "../../../portability/errors.js";
import type { KeyIdentity } from "../../../portability/execution/key-identity.js";
import {
  AtomicType,
  FieldSchema,
  type FieldType,
  FieldTypeSchema,
  type Schema,
  SchemaSchema,
} from "../../../portability/gen/org/apache/beam/model/pipeline/v1/schema_pb.js";
import type { Loose } from "../adapt/loose.js";

/** A logical type: values of any class, written as values of the representation. */
export interface LogicalTypeInfo<T, R> {
  urn: string;
  reprType: FieldType;
  toRepr(value: T): R;
  fromRepr(representation: R): T;
}

const LOGICAL_TYPES = new Map<string, LogicalTypeInfo<Loose, Loose>>();

/** Has exemplars `{ beamLogicalType: urn }` stand for values of a logical type. */
export function registerLogicalType(info: LogicalTypeInfo<Loose, Loose>): void {
  LOGICAL_TYPES.set(info.urn, info);
  registerConversion({
    urn: info.urn,
    toRepresentation: (value) => info.toRepr(value),
    fromRepresentation: (representation) => info.fromRepr(representation),
  });
}

/** The coder of rows of a schema, which may be made of an exemplar. */
export class RowCoder extends GirderRowCoder {
  static readonly URN = "beam:coder:row:v1";

  /** The coder of objects with the fields of this one. One that stands for a logical type is of its values by themselves. */
  static fromJSON(exemplar: object): Coder<object> {
    if (!isLogical(exemplar)) return new RowCoder(RowCoder.inferSchemaOfJSON(exemplar));
    return new LogicalTypeCoder(
      new RowCoder(RowCoder.inferSchemaOfJSON({ value: exemplar })),
    ) as Coder<unknown> as Coder<object>;
  }

  static fromSchema(schema: Schema): RowCoder {
    return new RowCoder(schema);
  }

  /**
   * The type of a field with this value. Whole numbers are int64, others double.
   *
   * @throws GirderError `invalid-argument` for a value that has no type in a schema, or an empty array.
   */
  static inferTypeFromJSON(value: unknown, nullable = true): FieldType {
    return create(FieldTypeSchema, { nullable, typeInfo: typeInfoOf(value) });
  }

  /** The schema of objects with the fields of this one, all of which may be null. */
  static inferSchemaOfJSON(exemplar: object): Schema {
    const fields = Object.entries(exemplar).map(([name, value]) => {
      try {
        return create(FieldSchema, { name, type: RowCoder.inferTypeFromJSON(value) });
      } catch (thrown) {
        if (!(thrown instanceof GirderError)) throw thrown;
        const where = thrown.where === undefined ? name : `${name}.${thrown.where}`;
        throw new GirderError(thrown.code, thrown.what, { where, remedy: thrown.remedy ?? "" });
      }
    });
    return create(SchemaSchema, { fields });
  }
}

/** URN of {@link LogicalTypeCoder}; its payload is the schema of a row with one field, `value`. */
const LOGICAL_TYPE_URN = "girder:coder:logical_type:v1";

/** Values of a logical type by themselves, each written as a row of one field. */
class LogicalTypeCoder implements Coder<unknown> {
  readonly spec: CoderSpec;
  readonly nondeterminism: string | undefined;

  constructor(private readonly rows: GirderRowCoder) {
    const { payload } = rows.spec;
    this.spec = { urn: LOGICAL_TYPE_URN, components: [], ...(payload === undefined ? {} : { payload }) };
    this.nondeterminism = rows.nondeterminism;
  }

  encode(value: unknown, out: ByteWriter, nested: boolean): void {
    this.rows.encode({ value }, out, nested);
  }

  decode(input: ByteReader, nested: boolean): unknown {
    return this.rows.decode(input, nested)["value"];
  }

  keyIdentity(value: unknown): KeyIdentity {
    return this.rows.keyIdentity({ value });
  }
}

// A worker knows it as the program does: both have loaded this module. Runners need not know it.
STANDARD_CODERS.register(LOGICAL_TYPE_URN, {
  components: 0,
  create: (_, payload) => new LogicalTypeCoder(GirderRowCoder.fromPayload(payload)),
});

function isLogical(value: object): value is { readonly beamLogicalType: string } {
  return "beamLogicalType" in value && typeof value.beamLogicalType === "string";
}

function typeInfoOf(value: unknown): FieldType["typeInfo"] {
  const atomic = (type: AtomicType): FieldType["typeInfo"] => ({ case: "atomicType", value: type });
  switch (typeof value) {
    case "string":
      return atomic(AtomicType.STRING);
    case "boolean":
      return atomic(AtomicType.BOOLEAN);
    case "bigint":
      return atomic(AtomicType.INT64);
    case "number":
      return atomic(Number.isInteger(value) ? AtomicType.INT64 : AtomicType.DOUBLE);
    case "object":
      if (value !== null) return typeInfoOfObject(value);
  }
  throw untyped(value);
}

function typeInfoOfObject(value: object): FieldType["typeInfo"] {
  const info = (type: object): FieldType["typeInfo"] => create(FieldTypeSchema, { typeInfo: type as never }).typeInfo;
  if (value instanceof Uint8Array) return { case: "atomicType", value: AtomicType.BYTES };
  if (Array.isArray(value)) {
    if (value.length === 0) throw untyped(value);
    return info({ case: "arrayType", value: { elementType: RowCoder.inferTypeFromJSON(value[0]) } });
  }
  if (!isLogical(value)) return info({ case: "rowType", value: { schema: RowCoder.inferSchemaOfJSON(value) } });
  const logical = LOGICAL_TYPES.get(value.beamLogicalType);
  if (logical === undefined) {
    throw new GirderError("invalid-argument", `There is no logical type ${value.beamLogicalType}.`, {
      remedy: "Register it first, with registerLogicalType.",
    });
  }
  return info({ case: "logicalType", value: { urn: logical.urn, representation: logical.reprType } });
}

function untyped(value: unknown): GirderError {
  const what = Array.isArray(value) ? "an empty array" : String(value);
  return new GirderError("invalid-argument", `${what} does not tell the type of a field.`, {
    remedy: "Give a string, number, boolean, Uint8Array, an object of those, or an array with an element.",
  });
}
