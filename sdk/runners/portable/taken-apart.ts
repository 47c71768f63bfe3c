/**
 * What transforms consist of that some runners do not know: those of Java know neither the combining of grouped values nor
 * redistributions, and look at their parts. Who knows them does not look further.
 */
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import {
  CombinePayloadSchema,
  ParDoPayloadSchema,
  type Pipeline,
  type PTransform,
  PTransformSchema,
} from "../../../portability/gen/org/apache/beam/model/pipeline/v1/beam_runner_api_pb.js";
import { StandardPTransforms } from "../../../portability/urns.js";

const { CombineComponents, Composites, Primitives } = StandardPTransforms;

/** The pipeline, with the parts of such transforms. */
export function takenApart(pipeline: Pipeline): Pipeline {
  const { components } = pipeline;
  if (components === undefined) return pipeline;
  const transforms = { ...components.transforms };
  for (const [id, transform] of Object.entries(components.transforms)) {
    const part = transform.subtransforms.length > 0 ? undefined : partOf(transform);
    if (part === undefined) continue;
    const partId = `${id}/${part.name}`;
    const { inputs, outputs, environmentId } = transform;
    transforms[id] = { ...transform, subtransforms: [partId] };
    transforms[partId] = create(PTransformSchema, {
      uniqueName: `${transform.uniqueName}/${part.name}`,
      spec: part.spec,
      inputs,
      outputs,
      environmentId,
    });
  }
  return { ...pipeline, components: { ...components, transforms } };
}

function partOf({ spec }: PTransform) {
  switch (spec?.urn) {
    case CombineComponents.COMBINE_GROUPED_VALUES: {
      const { combineFn: doFn } = fromBinary(CombinePayloadSchema, spec.payload);
      if (doFn === undefined) return undefined;
      const payload = toBinary(ParDoPayloadSchema, create(ParDoPayloadSchema, { doFn }));
      return { name: "ParDo", spec: { urn: Primitives.PAR_DO, payload } };
    }
    case Composites.REDISTRIBUTE_ARBITRARILY:
    case Composites.REDISTRIBUTE_BY_KEY:
      return { name: "Reshuffle", spec: { urn: Composites.RESHUFFLE } };
    default:
      return undefined;
  }
}
