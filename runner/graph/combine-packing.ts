/** How an environment executes combines that are packed into one. */
import { TUPLE_URN } from "../../portability/coders/tuple-coder.js";
import { PACKED_COMBINE_FN_URN, packedCombineFn, unpackSpec } from "../../portability/execution/packed-combine.js";
import type {
  FunctionSpec,
  PTransform,
} from "../../portability/gen/org/apache/beam/model/pipeline/v1/beam_runner_api_pb.js";

export interface CombinePacking {
  /** The capability that the environment has to announce. */
  readonly capability: string;
  /** URN of the coder of tuples, by the coders of their parts. */
  readonly tupleCoder: string;
  /** Whether combines are packed in streaming jobs, too. */
  readonly inStreams: boolean;
  /**
   * How many combines, this one among them, may become one, at most. Below two it is left alone.
   *
   * @param lineage The combine's transform, and those that it is part of, the innermost first.
   */
  limit(combineFn: FunctionSpec, lineage: readonly PTransform[]): number;
  /** The PCollection that a producer does nothing to but to give each element the same key, if it is such a producer. */
  keyed(producer: PTransform): string | undefined;
  /** The CombineFn made of several: its accumulators and outputs are tuples of theirs. */
  combineFn(fns: readonly FunctionSpec[]): FunctionSpec;
  /** The transform from KV<key, tuple> to KV<key, the tuple's part at a position>. */
  unpack(at: number): FunctionSpec;
}

/** That of our own SDK. */
export const OWN_PACKING: CombinePacking = {
  capability: PACKED_COMBINE_FN_URN,
  tupleCoder: TUPLE_URN,
  inStreams: true,
  limit: () => Number.POSITIVE_INFINITY,
  keyed: () => undefined,
  combineFn: packedCombineFn,
  unpack: unpackSpec,
};
