import type {
  Components,
  PTransform,
} from "../../portability/gen/org/apache/beam/model/pipeline/v1/beam_runner_api_pb.js";
import { StandardPTransforms } from "../../portability/urns.js";
import { stageOfTransform } from "./stage-of-transform.js";
import type { Plan } from "./stages.js";
import { roleOf, urnOf } from "./transforms.js";

const COMBINE_COMPONENTS: ReadonlySet<string> = new Set(Object.values(StandardPTransforms.CombineComponents));

/**
 * Opens composites until only transforms are left that the runner or an environment can run, and makes each a stage of
 * its own.
 *
 * Kept closed are `combine_per_key`, because lifting rewrites it, and reshuffle and redistribute: whatever their
 * expansion says, they mean a border, and as such become a flatten of one input, which keeps windows, timestamps and
 * panes without any grouping. One whose output is written by another coder than its input is opened: its parts know how.
 */
export function resolveComposites(plan: Plan): Plan {
  const stages = leavesOf(plan.components, plan.roots).map((id) => stageOfTransform(plan.components, id));
  return { ...plan, stages };
}

/**
 * Ids of the transforms that run, depth first in the order of their composites. Ids that name no transform are skipped:
 * validation reports them.
 *
 * A transform without subtransforms that outputs nothing but its own inputs is an identity (a view, a window
 * assertion) and does not run.
 */
export function leavesOf(components: Components, roots: readonly string[]): string[] {
  const leaves: string[] = [];
  const seen = new Set<string>();
  const visit = (id: string): void => {
    const transform = components.transforms[id];
    if (transform === undefined || seen.has(id)) {
      return;
    }
    seen.add(id);
    if (runsAsOne(components, transform)) {
      leaves.push(id);
    } else {
      transform.subtransforms.forEach(visit);
    }
  };
  roots.forEach(visit);
  return leaves;
}

function runsAsOne(components: Components, transform: PTransform): boolean {
  const isComposite = transform.subtransforms.length > 0;
  switch (roleOf(transform)) {
    case "other":
      return !isComposite && !isIdentity(transform);
    case "redistribute":
      return !isComposite || (hasOneInputAndOutput(transform) && isWrittenAsRead(components, transform));
    case "combine":
      return !isComposite || isWholeCombine(components, transform);
    default:
      return true;
  }
}

function isIdentity(transform: PTransform): boolean {
  const inputs = new Set(Object.values(transform.inputs));
  return Object.values(transform.outputs).every((output) => inputs.has(output));
}

function hasOneInputAndOutput(transform: PTransform): boolean {
  return Object.keys(transform.inputs).length === 1 && Object.keys(transform.outputs).length === 1;
}

/** True if what the transform outputs is written by the same coder as what it reads. */
function isWrittenAsRead({ pcollections, coders }: Components, { inputs, outputs }: PTransform): boolean {
  const coderOf = (one: Readonly<Record<string, string>>): string =>
    pcollections[Object.values(one)[0]!]?.coderId ?? "";
  return isSameCoder(coders, coderOf(inputs), coderOf(outputs));
}

/** True of coders that are one, and of two of the same spec with the same components. Those that contain themselves are not. */
function isSameCoder(
  coders: Components["coders"],
  a: string,
  b: string,
  outer: ReadonlySet<string> = new Set(),
): boolean {
  if (a === b) return true;
  const [one, other] = [coders[a], coders[b]];
  if (one === undefined || other === undefined || outer.has(a)) return false;
  const [components, others] = [one.componentCoderIds, other.componentCoderIds];
  const inside = new Set([...outer, a]);
  return (
    one.spec?.urn === other.spec?.urn &&
    Buffer.compare(one.spec?.payload ?? NOTHING, other.spec?.payload ?? NOTHING) === 0 &&
    components.length === others.length &&
    components.every((component, i) => isSameCoder(coders, component, others[i]!, inside))
  );
}

const NOTHING = new Uint8Array();

/**
 * True unless the composite must be taken by its parts: Python lifts combines itself and sends the lifted parts inside
 * the composite, and a composite without environment does not say where its CombineFn runs.
 */
function isWholeCombine(components: Components, transform: PTransform): boolean {
  const seen = new Set<string>();
  const isLifted = (id: string): boolean => {
    const part = components.transforms[id];
    // Composites of a malformed pipeline may contain each other.
    if (part === undefined || seen.has(id)) return false;
    seen.add(id);
    return (
      part.subtransforms.some(isLifted) ||
      (COMBINE_COMPONENTS.has(urnOf(part)) &&
        urnOf(part) !== StandardPTransforms.CombineComponents.COMBINE_GROUPED_VALUES)
    );
  };
  return (
    hasOneInputAndOutput(transform) &&
    transform.environmentId !== "" &&
    (transform.spec?.payload.length ?? 0) > 0 &&
    !transform.subtransforms.some(isLifted)
  );
}
