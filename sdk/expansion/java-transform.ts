/** Transforms of the Java SDK, by their classes. */
import { create, toBinary } from "@bufbuild/protobuf";
import { JavaClassLookupPayloadSchema } from "../../portability/gen/org/apache/beam/model/pipeline/v1/external_transforms_pb.js";
import { ExpansionMethods } from "../../portability/urns.js";
import type { PCollection } from "../pipeline/pcollection.js";
import type { PInput, PTransform, PValue } from "../pipeline/pvalue.js";
import type { ExpansionService } from "./expansion-service.js";
import { type ExternalOptions, externalTransform } from "./external-transform.js";
import { encodeRow, rowOfValues } from "./row-of-values.js";

/** A method that is called on the transform once it is made: its name, and its arguments. */
export type BuilderCall = readonly [method: string, ...args: unknown[]];

/** How a transform is made of its class. */
export interface JavaTransformOptions extends ExternalOptions {
  /** Arguments of the constructor, or of the static method. Java's int is `typed("int32", …)`. */
  readonly args?: readonly unknown[];
  /** The static method that makes it. Default: the constructor. */
  readonly method?: string;
  /** Methods that are called then, each on what the one before has returned: `[["withTopic", "words"]]`. */
  readonly builders?: readonly BuilderCall[];
}

/**
 * A transform of Java. The service must allow the class (`--javaClassLookupAllowlistFile`).
 *
 * ```ts
 * root.apply(
 *   javaTransform("org.apache.beam.sdk.io.GenerateSequence", { jar }, { method: "from", args: [0n], builders: [["to", 10n]] }),
 * );
 * ```
 *
 * @throws GirderError see {@link externalTransform}; `cannot-encode` for arguments that no row can have.
 */
export function javaTransform<O extends PValue = PCollection<unknown>>(
  className: string,
  service: ExpansionService,
  { args = [], method = "", builders = [], ...options }: JavaTransformOptions = {},
): PTransform<PInput, O> {
  const constructorRow = argumentsOf(args, className);
  const payload = create(JavaClassLookupPayloadSchema, {
    className,
    constructorMethod: method,
    constructorSchema: constructorRow.schema,
    constructorPayload: encodeRow(constructorRow),
    builderMethods: builders.map(([name, ...values]) => {
      const row = argumentsOf(values, `${className}.${name}`);
      return { name, schema: row.schema, payload: encodeRow(row) };
    }),
  });
  return externalTransform<O>(
    ExpansionMethods.Enum.JAVA_CLASS_LOOKUP,
    toBinary(JavaClassLookupPayloadSchema, payload),
    service,
    { name: className.split(/[.$]/).at(-1) ?? className, ...options },
  );
}

/** Arguments whose names are not known: names that the service ignores begin so. */
function argumentsOf(values: readonly unknown[], where: string) {
  return rowOfValues(Object.fromEntries(values.map((value, index) => [`ignore${index}`, value])), where);
}
