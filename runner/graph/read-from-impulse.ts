/**
 * Deprecated reads (`beam:transform:read:v1`) that have not been expanded by their SDK: their source is in their payload, and they have no input.
 *
 * Python's workers run one as a transform whose input is an impulse. Other SDKs' workers, as they are now, do not run them at all.
 */
import { create, fromBinary } from "@bufbuild/protobuf";
import {
  type Environment,
  FunctionSpecSchema,
  IsBounded_Enum,
  PCollectionSchema,
  type PTransform,
  PTransformSchema,
  type ReadPayload,
  ReadPayloadSchema,
} from "../../portability/gen/org/apache/beam/model/pipeline/v1/beam_runner_api_pb.js";
import { StandardCoders, StandardPTransforms } from "../../portability/urns.js";
import { ComponentAdditions } from "./component-additions.js";
import type { Plan } from "./stages.js";
import { READ_FROM_IMPULSE_URN, urnOf } from "./transforms.js";

const { Primitives, DeprecatedPrimitives } = StandardPTransforms;
const PYTHON = "beam:version:sdk_base:apache/beam_python";

/** Whether it is a read that the runner must make something of. */
export function isDeprecatedRead(transform: PTransform): boolean {
  return urnOf(transform) === DeprecatedPrimitives.READ && transform.subtransforms.length === 0;
}

/** Whether workers of the environment read from an impulse. */
export function readsFromImpulse({ capabilities }: Environment): boolean {
  return capabilities.some((urn) => urn.startsWith(PYTHON));
}

/** @throws the parser's error if the bytes are no ReadPayload. */
export function isBoundedRead({ spec }: PTransform): boolean {
  const payload: ReadPayload = fromBinary(ReadPayloadSchema, spec?.payload ?? new Uint8Array());
  return payload.isBounded !== IsBounded_Enum.UNBOUNDED;
}

/** Gives each deprecated read an impulse to read from, beside it in its composite. */
export function readFromImpulse(plan: Plan): Plan {
  const { transforms, pcollections } = plan.components;
  const reads = Object.entries(transforms).filter(([, transform]) => isDeprecatedRead(transform));
  if (reads.length === 0) return plan;
  const additions = new ComponentAdditions(plan.components);
  const bytes = additions.coder("impulse", StandardCoders.Enum.BYTES);
  const before = new Map<string, string>();
  for (const [id, transform] of reads) {
    const { uniqueName, spec, outputs, environmentId } = transform;
    const output = pcollections[Object.values(outputs)[0]!]!;
    const name = `${uniqueName}/Impulse`;
    const impulse = additions.pcollection(
      `${id}/Impulse`,
      create(PCollectionSchema, { ...output, uniqueName: name, coderId: bytes }),
    );
    before.set(
      id,
      additions.transform(
        `${id}/Impulse`,
        create(PTransformSchema, {
          uniqueName: name,
          spec: create(FunctionSpecSchema, { urn: Primitives.IMPULSE }),
          outputs: { out: impulse },
        }),
      ),
    );
    additions.replaceTransform(
      id,
      create(PTransformSchema, {
        uniqueName,
        spec: create(FunctionSpecSchema, { urn: READ_FROM_IMPULSE_URN, payload: spec!.payload }),
        inputs: { in: impulse },
        outputs,
        environmentId,
      }),
    );
  }
  const withImpulses = (ids: readonly string[]): string[] => ids.flatMap((id) => [before.get(id) ?? [], id].flat());
  for (const [id, transform] of Object.entries(transforms)) {
    if (!transform.subtransforms.some((sub) => before.has(sub))) continue;
    additions.replaceTransform(id, { ...transform, subtransforms: withImpulses(transform.subtransforms) });
  }
  return { ...plan, components: additions.applied(), roots: withImpulses(plan.roots) };
}
