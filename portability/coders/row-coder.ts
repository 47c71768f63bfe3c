import { fromBinary, toBinary } from "@bufbuild/protobuf";
import { GirderError, messageOf } from "../errors.js";
import type { KeyIdentity } from "../execution/key-identity.js";
import { type Schema, SchemaSchema } from "../gen/org/apache/beam/model/pipeline/v1/schema_pb.js";
import { StandardCoders } from "../urns.js";
import type { ByteReader } from "./byte-reader.js";
import type { ByteWriter } from "./byte-writer.js";
import type { Coder, CoderSpec } from "./coder.js";
import { encodedIdentity } from "./encoding.js";
import { type Row, RowCodec } from "./row-codec.js";

/**
 * `beam:coder:row:v1`: rows of a schema as plain objects.
 *
 * Integers of 64 bits are numbers where that is exact, else bigints; floats and doubles numbers; arrays and iterables
 * arrays; maps `Map`s; logical types their representation, but `decimal` a string and `millis_instant` a number or bigint
 * (see row-logical-types.ts). Absent fields are written as null; properties that the schema does not have are left out.
 */
export class RowCoder implements Coder<Row> {
  readonly spec: CoderSpec;
  readonly nondeterminism: string | undefined;
  private readonly codec: RowCodec;

  /**
   * @param payload the schema's bytes, where they are to be kept as they are.
   * @throws GirderError `malformed-data` for a schema that contradicts itself.
   */
  constructor(
    readonly schema: Schema,
    payload: Uint8Array = toBinary(SchemaSchema, schema),
  ) {
    this.spec = { urn: StandardCoders.Enum.ROW, payload, components: [] };
    this.codec = new RowCodec(schema);
    this.nondeterminism = this.codec.nondeterminism;
  }

  /** @throws GirderError `malformed-data` for bytes that are no schema. */
  static fromPayload(payload: Uint8Array): RowCoder {
    return readPayload(() => new RowCoder(fromBinary(SchemaSchema, payload), payload));
  }

  encode(value: Row, out: ByteWriter, _nested: boolean): void {
    this.codec.encode(value, out);
  }

  decode(input: ByteReader, _nested: boolean): Row {
    return this.codec.decode(input);
  }

  keyIdentity(value: Row): KeyIdentity {
    return encodedIdentity(this, value);
  }
}

/** Turns whatever goes wrong in reading a message into `malformed-data`. */
export function readPayload<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof GirderError) throw error;
    throw new GirderError("malformed-data", `A coder's schema cannot be read: ${messageOf(error)}.`, {
      remedy: "Check the payload of the coder.",
      cause: error,
    });
  }
}
