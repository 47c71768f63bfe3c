import { GirderError } from "../../portability/errors.js";
import type {
  Components,
  PTransform,
} from "../../portability/gen/org/apache/beam/model/pipeline/v1/beam_runner_api_pb.js";
import type { ExecutableStage, PlanStage, StageInput } from "./stages.js";
import { isSplittable, isStateful, isTruncating, mainInputs, roleOf, sideInputs } from "./transforms.js";

/**
 * The stage that runs one transform alone: where every plan starts. All outputs are materialised.
 *
 * @throws GirderError `internal` for a transform that validation should have refused.
 */
export function stageOfTransform(components: Components, id: string): PlanStage {
  const transform = components.transforms[id];
  if (transform === undefined) {
    throw new GirderError("internal", `There is no transform ${id}.`);
  }
  const inputs = Object.values(transform.inputs);
  const outputs = Object.values(transform.outputs);
  const [input] = inputs;
  const [output] = outputs;
  switch (roleOf(transform)) {
    case "impulse":
      if (output !== undefined) {
        return { kind: "impulse", id, transform: id, output };
      }
      break;
    case "test-stream":
      return { kind: "test-stream", id, transform: id, outputs: Object.values(transform.outputs) };
    case "group-by-key":
      if (input !== undefined && output !== undefined) {
        return { kind: "group-by-key", id, transform: id, input, output };
      }
      break;
    case "flatten":
    case "redistribute":
      if (output !== undefined) {
        return { kind: "flatten", id, transform: id, inputs, output };
      }
      break;
    case "environment":
    case "combine":
      return executableStage(id, transform, transform.environmentId);
    default:
      break;
  }
  throw new GirderError("internal", "A transform that cannot run was not refused.", { where: transform.uniqueName });
}

/** The stage of one transform, run by the given environment whatever the transform itself says. */
export function executableStage(id: string, transform: PTransform, environment: string): ExecutableStage {
  const inputs = new Map<string, StageInput>();
  for (const [localName, pcollection] of mainInputs(transform)) {
    const consumers = [...(inputs.get(pcollection)?.consumers ?? []), { transform: id, localName }];
    inputs.set(pcollection, { pcollection, consumers });
  }
  return {
    kind: "executable",
    id,
    environment,
    transforms: [id],
    inputs: [...inputs.values()],
    outputs: Object.values(transform.outputs),
    sideInputs: sideInputs(transform).map(([localName, pcollection]) => ({ transform: id, localName, pcollection })),
    stateful: isStateful(transform),
    splittable: isSplittable(transform),
    truncating: isTruncating(transform),
  };
}
