/**
 * Combines of one PCollection packed into one: its values are combined, grouped and merged once for all of them.
 *
 * The packed combine is a `combine_per_key` whose CombineFn is a list of CombineFns, whose accumulators and outputs are
 * tuples. What follows takes each output out of the tuple. Only environments that announce {@link PACKED_COMBINE_FN_URN}
 * are asked for it.
 */
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { type FunctionSpec, FunctionSpecSchema } from "../gen/org/apache/beam/model/pipeline/v1/beam_runner_api_pb.js";

/** URN of a CombineFn made of several, and of the capability to execute it. */
export const PACKED_COMBINE_FN_URN = "girder:combinefn:packed:v1";
/** URN of the transform from KV<key, tuple> to KV<key, one value of the tuple>. */
export const UNPACK_URN = "girder:transform:unpack:v1";

/** The CombineFn made of several. Its payload is a JSON array of theirs, each as base64. */
export function packedCombineFn(fns: readonly FunctionSpec[]): FunctionSpec {
  const parts = fns.map((fn) => Buffer.from(toBinary(FunctionSpecSchema, fn)).toString("base64"));
  return create(FunctionSpecSchema, { urn: PACKED_COMBINE_FN_URN, payload: Buffer.from(JSON.stringify(parts)) });
}

/** Inverse of {@link packedCombineFn}. */
export function combineFnsOf({ payload }: FunctionSpec): FunctionSpec[] {
  const parts = JSON.parse(Buffer.from(payload).toString()) as string[];
  return parts.map((part) => fromBinary(FunctionSpecSchema, Buffer.from(part, "base64")));
}

/** The spec of an unpacking transform: `at` is the position in the tuple. */
export function unpackSpec(at: number): FunctionSpec {
  return create(FunctionSpecSchema, { urn: UNPACK_URN, payload: Buffer.from(String(at)) });
}

/** Inverse of {@link unpackSpec}. */
export function positionOf({ payload }: FunctionSpec): number {
  return Number(Buffer.from(payload).toString());
}
