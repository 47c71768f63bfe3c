/** The dependencies of environments, and of the environments that an environment offers to choose from. */
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { GirderError, messageOf } from "../../../portability/errors.js";
import {
  AnyOfEnvironmentPayloadSchema,
  type ArtifactInformation,
  type Environment,
} from "../../../portability/gen/org/apache/beam/model/pipeline/v1/beam_runner_api_pb.js";
import { StandardEnvironments } from "../../../portability/urns.js";

/** How deep environments may offer environments. */
const MAX_DEPTH = 8;

/** An environment, and those that it offers to choose from. */
export interface EnvironmentNode {
  /** Its id, or that of the environment it is an alternative of. */
  readonly id: string;
  readonly environment: Environment;
  readonly alternatives: readonly EnvironmentNode[];
}

/** @throws GirderError `invalid-pipeline` where the payload of an `anyof` cannot be read. */
export function readEnvironment(id: string, environment: Environment, depth = 0): EnvironmentNode {
  if (environment.urn !== StandardEnvironments.Environments.ANYOF) return { id, environment, alternatives: [] };
  if (depth === MAX_DEPTH) {
    throw new GirderError("invalid-pipeline", `Environments are nested more than ${MAX_DEPTH} deep.`, { where: id });
  }
  try {
    const { environments } = fromBinary(AnyOfEnvironmentPayloadSchema, environment.payload);
    return { id, environment, alternatives: environments.map((one) => readEnvironment(id, one, depth + 1)) };
  } catch (thrown) {
    if (thrown instanceof GirderError) throw thrown;
    throw new GirderError("invalid-pipeline", `The payload of an environment cannot be read: ${messageOf(thrown)}.`, {
      where: id,
    });
  }
}

/** The environment and all its alternatives. */
export function allOf(node: EnvironmentNode): EnvironmentNode[] {
  return [node, ...node.alternatives.flatMap(allOf)];
}

/** Gives the environment, and its alternatives, other dependencies: those of each that has some in the map. */
export function replaceDependencies(
  { environment, alternatives }: EnvironmentNode,
  dependencies: ReadonlyMap<Environment, readonly ArtifactInformation[]>,
): void {
  const own = dependencies.get(environment);
  if (own !== undefined) environment.dependencies = [...own];
  if (alternatives.length === 0) return;
  for (const alternative of alternatives) replaceDependencies(alternative, dependencies);
  const environments = alternatives.map((alternative) => alternative.environment);
  environment.payload = toBinary(
    AnyOfEnvironmentPayloadSchema,
    create(AnyOfEnvironmentPayloadSchema, { environments }),
  );
}
