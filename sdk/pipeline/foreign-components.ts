/** The part of a pipeline that other SDKs have made, beside what this one makes. */
import { create, type DescMessage, equals, fromBinary, type MessageShape } from "@bufbuild/protobuf";
import { GirderError } from "../../portability/errors.js";
import {
  AnyOfEnvironmentPayloadSchema,
  type ArtifactInformation,
  CoderSchema,
  type Components,
  ComponentsSchema,
  type Environment,
  EnvironmentSchema,
  PCollectionSchema,
  type PTransform,
  PTransformSchema,
  WindowingStrategySchema,
} from "../../portability/gen/org/apache/beam/model/pipeline/v1/beam_runner_api_pb.js";
import { StandardEnvironments } from "../../portability/urns.js";

/** What another SDK has made of a transform: `ExpansionResponse`. */
export interface ForeignExpansion {
  readonly transform: PTransform;
  readonly components: Components;
  readonly requirements: readonly string[];
}

/** The kinds of components, and what they are called. */
const KINDS = {
  transforms: [PTransformSchema, "transform"],
  pcollections: [PCollectionSchema, "PCollection"],
  windowingStrategies: [WindowingStrategySchema, "windowing strategy"],
  coders: [CoderSchema, "coder"],
  environments: [EnvironmentSchema, "environment"],
} as const satisfies Partial<Record<keyof Components, readonly [DescMessage, string]>>;

type Kind = keyof typeof KINDS;
const ALL_KINDS = Object.keys(KINDS) as Kind[];

export class ForeignComponents {
  readonly components: Components = create(ComponentsSchema);
  readonly requirements = new Set<string>();
  /** How many transforms have been expanded. */
  expansions = 0;

  readonly #files = new Map<string, string>();

  /** Says where the files are that environments of these components need. @param address `host:port` of the service. */
  filesAt(address: string, { environments }: Components): void {
    for (const environment of Object.values(environments)) {
      for (const artifact of filesOf(environment)) this.#files.set(keyOf(artifact), address);
    }
  }

  /** `host:port` of the service that has a file; undefined if none has. */
  addressOf(artifact: ArtifactInformation): string | undefined {
    return this.#files.get(keyOf(artifact));
  }

  /** Whether other SDKs execute anything of the pipeline. */
  get isEmpty(): boolean {
    return Object.keys(this.components.environments).length === 0;
  }

  /**
   * Puts components in.
   *
   * @throws GirderError `invalid-pipeline` where there is another one under the same id.
   */
  add(added: Components): void {
    for (const kind of ALL_KINDS) merge(kind, this.components, added);
  }

  /** The components together with these. @throws GirderError `invalid-pipeline` where two have one id and are not the same. */
  mergedWith(own: Components): Components {
    if (ALL_KINDS.every((kind) => Object.keys(this.components[kind]).length === 0)) return own;
    const merged = create(ComponentsSchema);
    for (const kind of ALL_KINDS) {
      merge(kind, merged, own);
      merge(kind, merged, this.components);
    }
    return merged;
  }

  /**
   * Takes in what a transform was expanded to: what it consists of, and what that refers to. What stood in the request is the
   * pipeline's already.
   *
   * @param where Full name of the transform.
   * @returns components with all that the answer has, and what was only in the request.
   */
  expanded(
    where: string,
    request: Components,
    transform: PTransform,
    answer: Components,
    requirements: readonly string[],
  ): Components {
    this.#shareEnvironments(request, transform, answer);
    const { subtransforms, outputs } = transform;
    const added = create(ComponentsSchema);
    const pcollections = new Set(Object.values(outputs));
    const addTransform = (id: string): void => {
      const part = answer.transforms[id];
      if (part === undefined) {
        throw new GirderError("invalid-pipeline", `The expansion service answers without the transform ${id}.`, {
          where,
        });
      }
      added.transforms[id] = part;
      for (const each of [...Object.values(part.inputs), ...Object.values(part.outputs)]) pcollections.add(each);
      part.subtransforms.forEach(addTransform);
    };
    subtransforms.forEach(addTransform);
    for (const id of pcollections) {
      const pcollection = answer.pcollections[id] ?? request.pcollections[id];
      if (pcollection === undefined) {
        throw new GirderError("invalid-pipeline", `The expansion service answers without the PCollection ${id}.`, {
          where,
        });
      }
      if (!Object.hasOwn(request.pcollections, id)) added.pcollections[id] = pcollection;
    }
    for (const kind of ["coders", "windowingStrategies", "environments"] as const) {
      for (const [id, component] of Object.entries(answer[kind])) {
        if (!Object.hasOwn(request[kind], id)) (added[kind] as Record<string, unknown>)[id] = component;
      }
    }
    try {
      // What the service has read and written again may say more than before; bytes of elements must stay what they are.
      merge("coders", create(ComponentsSchema, { coders: { ...request.coders } }), answer);
      this.add(added);
    } catch (thrown) {
      if (!(thrown instanceof GirderError)) throw thrown;
      const { code, what, remedy = "" } = thrown;
      throw new GirderError(code, what, { where, remedy });
    }
    for (const requirement of requirements) this.requirements.add(requirement);
    this.expansions++;
    const all = create(ComponentsSchema, added);
    for (const kind of ["coders", "windowingStrategies", "environments"] as const) merge(kind, all, request);
    return all;
  }

  /**
   * Has the answer name environments that are there already under another id, in place of its own. Each environment of a pipeline has a
   * worker, and services give each answer ids of its own: ten transforms of one service would have ten workers.
   */
  #shareEnvironments(request: Components, transform: PTransform, answer: Components): void {
    const known = Object.entries(this.components.environments);
    for (const [id, environment] of Object.entries(answer.environments)) {
      if (Object.hasOwn(request.environments, id)) continue;
      const [shared] = known.find(([, each]) => same(EnvironmentSchema, each, environment)) ?? [];
      if (shared === undefined) continue;
      delete answer.environments[id];
      const { transforms, windowingStrategies } = answer;
      for (const user of [transform, ...Object.values(transforms), ...Object.values(windowingStrategies)]) {
        if (user.environmentId === id) user.environmentId = shared;
      }
    }
  }
}

/** The files that an environment needs, and each of its alternatives. */
function filesOf({ urn, payload, dependencies }: Environment): readonly ArtifactInformation[] {
  if (urn !== StandardEnvironments.Environments.ANYOF) return dependencies;
  return [...dependencies, ...fromBinary(AnyOfEnvironmentPayloadSchema, payload).environments.flatMap(filesOf)];
}

function keyOf({ typeUrn, typePayload }: ArtifactInformation): string {
  return `${typeUrn} ${Buffer.from(typePayload).toString("latin1")}`;
}

function merge(kind: Kind, into: Components, from: Components): void {
  const [schema, name] = KINDS[kind];
  const target = into[kind] as Record<string, unknown>;
  for (const [id, component] of Object.entries(from[kind])) {
    const known = Object.hasOwn(target, id) ? target[id] : undefined;
    if (known !== undefined && known !== component && !same(schema, known, component)) {
      throw new GirderError(
        "invalid-pipeline",
        `An expansion service answers with a ${name} ${id}, of which there is another one.`,
        {
          remedy: "See that the service keeps to the namespace that it is given.",
        },
      );
    }
    target[id] = component;
  }
}

function same(schema: DescMessage, a: unknown, b: unknown): boolean {
  return equals(schema, a as MessageShape<DescMessage>, b as MessageShape<DescMessage>);
}
