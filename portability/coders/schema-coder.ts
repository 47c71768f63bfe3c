import { fromBinary } from "@bufbuild/protobuf";
import { GirderError } from "../errors.js";
import type { KeyIdentity } from "../execution/key-identity.js";
import {
  type SchemaCoderPayload,
  SchemaCoderPayloadSchema,
} from "../gen/org/apache/beam/model/pipeline/v1/schema_pb.js";
import { StandardCoders } from "../urns.js";
import type { ByteReader } from "./byte-reader.js";
import type { ByteWriter } from "./byte-writer.js";
import type { Coder, CoderSpec } from "./coder.js";
import { encodedIdentity } from "./encoding.js";
import { type Row, RowCodec } from "./row-codec.js";
import { readPayload } from "./row-coder.js";

/**
 * `beam:coder:schema:v1`: rows, as {@link RowCoder} has them, that another SDK turns into values of a type of its own. The
 * functions for that stay in the payload and are not run here: values are rows.
 */
export class SchemaCoder implements Coder<Row> {
  readonly spec: CoderSpec;
  readonly nondeterminism: string | undefined;
  private readonly codec: RowCodec;

  /** @param bytes the encoded `payload`, kept as it is. @throws GirderError `malformed-data` without a valid schema. */
  constructor(
    readonly payload: SchemaCoderPayload,
    bytes: Uint8Array,
  ) {
    if (payload.schema === undefined) {
      throw new GirderError("malformed-data", "A schema coder has no schema.", {
        remedy: "Check the payload of the coder.",
      });
    }
    this.spec = { urn: StandardCoders.Enum.SCHEMA, payload: bytes, components: [] };
    this.codec = new RowCodec(payload.schema);
    this.nondeterminism = this.codec.nondeterminism;
  }

  /** @throws GirderError `malformed-data` for bytes that are no such payload. */
  static fromPayload(bytes: Uint8Array): SchemaCoder {
    return readPayload(() => new SchemaCoder(fromBinary(SchemaCoderPayloadSchema, bytes), bytes));
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
