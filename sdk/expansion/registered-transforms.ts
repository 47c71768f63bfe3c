/** Transforms that a program lends to other SDKs. */

import type { Row } from "../../portability/coders/index.js";
import { GirderError } from "../../portability/errors.js";
import type { Schema as SchemaProto } from "../../portability/gen/org/apache/beam/model/pipeline/v1/schema_pb.js";
import { FunctionTable } from "../pipeline/functions.js";
import type { PTransform, PValue } from "../pipeline/pvalue.js";
import type { Schema } from "../schemas/schema.js";
import { expandRegistered } from "./expand-registered.js";

/**
 * What a registered transform is given: the root if it has no inputs, the PCollection if it has one, otherwise an object of them.
 */
// biome-ignore lint/suspicious/noExplicitAny: what the elements are is the other SDK's to say, and the author's to know.
export type LentTransform = PTransform<any, PValue>;

/** What is said of a registered transform to those who look for one. */
export interface LentDescription<T extends object> {
  /** The schema of its configuration. Default: whatever it is given. */
  readonly schema?: Schema<T>;
  readonly description?: string;
  /** Names of its inputs. Default: `input`. */
  readonly inputs?: readonly string[];
  /** Names of its outputs. Default: `output`. */
  readonly outputs?: readonly string[];
}

/** A registered transform. */
export interface RegisteredTransform {
  readonly urn: string;
  readonly build: (configuration: Row, payload: Uint8Array) => LentTransform;
  readonly schema: SchemaProto | undefined;
  readonly description: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
}

/** What a program has registered. */
export interface Registry {
  readonly transforms: Map<string, RegisteredTransform>;
  /** The functions of all that has been expanded. */
  readonly functions: FunctionTable;
  readonly expand: typeof expandRegistered;
}

const KEY = Symbol.for("girder.registered-transforms");

/**
 * What this program has registered. On the global object, because whoever serves it may have loaded a copy of this module of its
 * own.
 */
export function registry(): Registry {
  const global = globalThis as { [KEY]?: Registry };
  global[KEY] ??= { transforms: new Map(), functions: new FunctionTable(), expand: expandRegistered };
  return global[KEY];
}

/**
 * Makes a transform known to other SDKs, whose pipelines may use it once `girder expansion-service` serves the program.
 *
 * ```ts
 * registerTransform(
 *   "example:long_words:v1",
 *   ({ minimum }) => (words: PCollection<string>) => words.filter((word) => word.length >= minimum),
 *   { schema: schema({ minimum: int64() }) },
 * );
 * ```
 *
 * Inputs have the coders that the other SDK has given them; outputs need standard ones (`withCoder`).
 *
 * @param urn by which it is known.
 * @param build makes it of its configuration, and of the bytes that it was written as.
 * @throws GirderError `invalid-argument` for a URN that is registered already.
 */
export function registerTransform<T extends object = Row>(
  urn: string,
  build: (configuration: T, payload: Uint8Array) => LentTransform,
  { schema, description = "", inputs = ["input"], outputs = ["output"] }: LentDescription<T> = {},
): void {
  const { transforms } = registry();
  if (transforms.has(urn)) {
    throw new GirderError("invalid-argument", `A transform is registered as ${urn} already.`, {
      remedy: "Give it another URN: those of another version end with another number.",
    });
  }
  transforms.set(urn, {
    urn,
    build: build as unknown as RegisteredTransform["build"],
    schema: schema?.proto,
    description,
    inputs,
    outputs,
  });
}
