import { create } from "@bufbuild/protobuf";
import {
  type Components,
  ComponentsSchema,
  type Pipeline,
} from "../../portability/gen/org/apache/beam/model/pipeline/v1/beam_runner_api_pb.js";
import { type Capabilities, DEFAULT_CAPABILITIES } from "./capabilities.js";
import { expandSdf } from "./expand-sdf.js";
import { fuse } from "./fuse.js";
import { liftCombiners } from "./lift-combiners.js";
import { order } from "./order.js";
import { packCombiners } from "./pack-combiners.js";
import { prune } from "./prune.js";
import { readFromImpulse } from "./read-from-impulse.js";
import { resolveComposites } from "./resolve-composites.js";
import { sinkFlattens } from "./sink-flattens.js";
import type { Plan } from "./stages.js";
import { transcodeTestStreams } from "./transcode-test-streams.js";
import { validate } from "./validate.js";

export type * from "./stages.js";

/** Is told what each pass made of a plan. */
export type PlanObserver = (pass: string, before: Plan, after: Plan) => void;

/** The rewriting passes, in the order in which they run. */
const PASSES: readonly (readonly [name: string, pass: (plan: Plan, capabilities: Capabilities) => Plan])[] = [
  ["read from impulses", readFromImpulse],
  ["resolve composites", resolveComposites],
  ["pack combiners", packCombiners],
  ["lift combiners", liftCombiners],
  ["expand splittable ParDos", expandSdf],
  ["prune", prune],
  ["sink flattens", sinkFlattens],
  ["fuse", fuse],
  ["transcode test streams", transcodeTestStreams],
  ["order", order],
];

/**
 * Turns a submitted pipeline into the stages that run it, each after those it reads from.
 *
 * @param capabilities what the runner does; by default what this one does.
 * @param observer called after each pass.
 * @throws GirderError `invalid-pipeline` or `unsupported`, with every reason in its message.
 */
export function plan(
  pipeline: Pipeline,
  capabilities: Capabilities = DEFAULT_CAPABILITIES,
  observer: PlanObserver = () => {},
): Plan {
  const submitted = submittedPlan(pipeline);
  validate(submitted, pipeline.requirements, capabilities);
  return PASSES.reduce((before, [name, pass]) => {
    const after = pass(before, capabilities);
    observer(name, before, after);
    return after;
  }, submitted);
}

/** A plan without stages. A pipeline that names no roots has those transforms for roots that are part of no other. */
function submittedPlan(pipeline: Pipeline): Plan {
  const components = pipeline.components ?? create(ComponentsSchema);
  const roots = pipeline.rootTransformIds.length > 0 ? pipeline.rootTransformIds : outermost(components);
  return { components, roots, stages: [], notes: [] };
}

function outermost(components: Components): string[] {
  const inner = new Set(Object.values(components.transforms).flatMap((transform) => transform.subtransforms));
  return Object.keys(components.transforms).filter((id) => !inner.has(id));
}
