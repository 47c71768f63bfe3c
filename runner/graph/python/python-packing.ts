/** How workers of Beam's Python SDK execute combines that are packed into one: as pickles, such as the SDK itself would make. */
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { BytesValueSchema } from "@bufbuild/protobuf/wkt";
import {
  type FunctionSpec,
  FunctionSpecSchema,
  ParDoPayloadSchema,
  type PTransform,
} from "../../../portability/gen/org/apache/beam/model/pipeline/v1/beam_runner_api_pb.js";
import { StandardPTransforms } from "../../../portability/urns.js";
import type { CombinePacking } from "../combine-packing.js";
import { bzip2 } from "./bzip2.js";
import { type Pickled, pickle } from "./pickle.js";

// Source: apache_beam/portability/python_urns.py.
const PACKED_COMBINE_FN = "beam:combinefn:packed_python:v1";
const PICKLED_COMBINE_FN = "beam:combinefn:pickled_python:v1";
const PICKLED_DOFN_INFO = "beam:dofn:pickled_python_info:v1";
const KEY_WITH_NONE_DOFN = "beam:dofn:python_key_with_none:v1";
const TUPLE_CODER = "beam:coder:tuple:v1";
const APPLY_COMBINER_PACKING = "beam:annotation:apply_combiner_packing:v1";
/** Combines in one, where the annotation says no number. Source: translations.py. */
const MOST = 128;

export const PYTHON_PACKING: CombinePacking = {
  capability: PACKED_COMBINE_FN,
  tupleCoder: TUPLE_CODER,
  // The SDK's own optimiser does not pack them there.
  inStreams: false,
  limit: ({ urn }, lineage) => (urn === PICKLED_COMBINE_FN ? limitOf(lineage) : 0),
  keyed: (producer) => (doFnOf(producer) === KEY_WITH_NONE_DOFN ? Object.values(producer.inputs)[0] : undefined),
  combineFn: (fns) =>
    create(FunctionSpecSchema, {
      urn: PICKLED_COMBINE_FN,
      payload: toBinary(BytesValueSchema, create(BytesValueSchema, { value: compressed(tupleOf(fns)) })),
    }),
  unpack: (at) => {
    const payload = create(ParDoPayloadSchema, {
      doFn: { urn: PICKLED_DOFN_INFO, payload: compressed(doFnInfo(partOf(at))) },
    });
    return create(FunctionSpecSchema, {
      urn: StandardPTransforms.Primitives.PAR_DO,
      payload: toBinary(ParDoPayloadSchema, payload),
    });
  },
};

/** What the transform says, or the nearest that it is part of: nothing is packed unless that is asked for. */
function limitOf(lineage: readonly PTransform[]): number {
  const asked = lineage
    .map(({ annotations }) => annotations[APPLY_COMBINER_PACKING])
    .find((each) => each !== undefined);
  if (asked === undefined) return 0;
  const number = Number.parseInt(Buffer.from(asked).toString(), 10);
  return Number.isNaN(number) ? MOST : number;
}

/** URN of a ParDo's function. */
function doFnOf({ spec }: PTransform): string | undefined {
  if (spec?.urn !== StandardPTransforms.Primitives.PAR_DO) return undefined;
  return fromBinary(ParDoPayloadSchema, spec.payload).doFn?.urn;
}

/** The SDK's own CombineFn of several, each read from a pickle of its own. */
function tupleOf(fns: readonly FunctionSpec[]): Pickled {
  const args = fns.map(
    ({ payload }): Pickled => ({
      call: ["apache_beam.internal.pickler", "loads"],
      args: [fromBinary(BytesValueSchema, payload).value],
    }),
  );
  return { call: ["apache_beam.transforms.combiners", "SingleInputTupleCombineFn"], args };
}

/** A DoFn from (key, values) to (key, one of the values). */
function partOf(at: number): Pickled {
  const fn: Pickled = { call: ["builtins", "eval"], args: [`lambda pair: [(pair[0], pair[1][${at}])]`] };
  return { call: ["apache_beam.transforms.core", "CallableWrapperDoFn"], args: [fn] };
}

/** A DoFn with arguments, named arguments and side inputs, of which there are none; its windowing is that of its input. */
function doFnInfo(doFn: Pickled): Pickled {
  return { tuple: [doFn, { tuple: [] }, { empty: "dict" }, { empty: "list" }, undefined] };
}

/** A pickle as `apache_beam.internal.pickler` has it. */
function compressed(value: Pickled): Buffer {
  return Buffer.from(bzip2(pickle(value)).toString("base64"));
}
