import { create } from "@bufbuild/protobuf";
import {
  FunctionSpecSchema,
  type PTransform,
  PTransformSchema,
} from "../../portability/gen/org/apache/beam/model/pipeline/v1/beam_runner_api_pb.js";
import { StandardCoders, StandardPTransforms } from "../../portability/urns.js";
import { ComponentAdditions } from "./component-additions.js";
import { stageOfTransform } from "./stage-of-transform.js";
import type { Plan, PlanStage } from "./stages.js";
import { mainInputs, parDoPayloadOf, urnOf } from "./transforms.js";

const { Primitives, SplittableParDoComponents } = StandardPTransforms;

/**
 * Turns each splittable ParDo into three transforms: pair each element with its restriction, split the restriction and
 * estimate the parts' sizes, and process the sized parts. Before the last the parts are materialised (fusion never
 * crosses into it), so that the runner can spread, split and resume them.
 *
 * The coder that the ParDo names for its restrictions is already one of pairs, restriction and watermark estimator
 * state, so a part is coded KV<KV<element, that pair>, double>.
 *
 * Where the SDK can make restrictions end early, a transform that does so stands between: the engine lets parts pass it by,
 * unless the job is being drained.
 *
 * The last transform keeps the id and name of the ParDo: what the author counts in `process` is reported under the
 * author's step. All keep the side inputs, which a restriction may be computed from.
 */
export function expandSdf(plan: Plan): Plan {
  const splittable = plan.stages.filter((stage) => isSplittableParDo(plan.components.transforms[stage.id]!));
  if (splittable.length === 0) {
    return plan;
  }
  const additions = new ComponentAdditions(plan.components);
  const sizeCoder = additions.coder("restriction size", StandardCoders.Enum.DOUBLE);
  const before = new Map<string, readonly string[]>();
  for (const { id } of splittable) {
    before.set(id, expand(id, plan, additions, sizeCoder));
  }
  const roots = plan.roots.flatMap((id) => [...(before.get(id) ?? []), id]);
  for (const [id, transform] of Object.entries(plan.components.transforms)) {
    if (transform.subtransforms.some((sub) => before.has(sub))) {
      const subtransforms = transform.subtransforms.flatMap((sub) => [...(before.get(sub) ?? []), sub]);
      additions.replaceTransform(id, { ...transform, subtransforms });
    }
  }
  const components = additions.applied();
  const stages = plan.stages.flatMap((stage): readonly PlanStage[] => {
    const added = before.get(stage.id);
    return added === undefined ? [stage] : [...added, stage.id].map((id) => stageOfTransform(components, id));
  });
  return { ...plan, components, roots, stages };
}

function isSplittableParDo(transform: PTransform): boolean {
  return urnOf(transform) === Primitives.PAR_DO && parDoPayloadOf(transform)!.restrictionCoderId !== "";
}

/** Adds the transforms that come first, rewrites the last in place, and returns the ids of the others. */
function expand(id: string, plan: Plan, additions: ComponentAdditions, sizeCoder: string): string[] {
  const transform = plan.components.transforms[id]!;
  const payload = transform.spec!.payload;
  const [localName, inputId] = mainInputs(transform)[0]!;
  const input = plan.components.pcollections[inputId]!;
  const pairCoder = additions.coder(`${id}/WithRestriction`, StandardCoders.Enum.KV, [
    input.coderId,
    parDoPayloadOf(transform)!.restrictionCoderId,
  ]);
  const sizedCoder = additions.coder(`${id}/Sized`, StandardCoders.Enum.KV, [pairCoder, sizeCoder]);
  const between = (name: string, coderId: string): string => additions.between(id, transform, input, name, coderId);
  const paired = between("WithRestriction", pairCoder);
  const sized = between("Sized", sizedCoder);
  const part = (name: string, urn: string, from: string, to: string): string =>
    additions.transform(
      `${id}/${name}`,
      create(PTransformSchema, {
        uniqueName: `${transform.uniqueName}/${name}`,
        spec: { urn, payload },
        inputs: { ...transform.inputs, [localName]: from },
        outputs: { out: to },
        environmentId: transform.environmentId,
        annotations: transform.annotations,
      }),
    );
  const added = [
    part("PairWithRestriction", SplittableParDoComponents.PAIR_WITH_RESTRICTION, inputId, paired),
    part("SplitAndSizeRestrictions", SplittableParDoComponents.SPLIT_AND_SIZE_RESTRICTIONS, paired, sized),
  ];
  let processed = sized;
  const { capabilities } = plan.components.environments[transform.environmentId]!;
  if (capabilities.includes(SplittableParDoComponents.TRUNCATE_SIZED_RESTRICTION)) {
    processed = between("Truncated", sizedCoder);
    const urn = SplittableParDoComponents.TRUNCATE_SIZED_RESTRICTION;
    added.push(part("TruncateSizedRestrictions", urn, sized, processed));
  }
  additions.replaceTransform(id, {
    ...transform,
    spec: create(FunctionSpecSchema, {
      urn: SplittableParDoComponents.PROCESS_SIZED_ELEMENTS_AND_RESTRICTIONS,
      payload,
    }),
    inputs: { ...transform.inputs, [localName]: processed },
  });
  return added;
}
