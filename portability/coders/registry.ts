/** From coders in a pipeline's components to coders that encode. */
import { GirderError } from "../errors.js";
import type { Components } from "../gen/org/apache/beam/model/pipeline/v1/beam_runner_api_pb.js";
import type { Coder } from "./coder.js";

/** How many coders may stand in one another. */
const MAX_DEPTH = 100;

/** Makes a coder from its specification. */
export interface CoderFactory {
  /** How many components there must be; any number if absent. */
  readonly components?: number;
  /** @throws GirderError `malformed-data` for a payload that is not what it should be. */
  create(components: readonly Coder<unknown>[], payload: Uint8Array): Coder<unknown>;
}

/** The part of a pipeline's components that coders are made from. */
export type CoderComponents = Pick<Components, "coders">;

/** Knows URNs and how to make coders for them. */
export class CoderRegistry {
  private readonly factories: Map<string, CoderFactory>;

  /** @param base a registry whose URNs are known here too; later registrations in it are not. */
  constructor(base?: CoderRegistry) {
    this.factories = new Map(base?.factories);
  }

  /** Makes `urn` known. @throws GirderError `invalid-argument` if it is already. */
  register(urn: string, factory: CoderFactory): this {
    if (this.factories.has(urn)) {
      throw new GirderError("invalid-argument", `A coder is already registered for ${urn}.`, {
        remedy: "Choose another URN.",
      });
    }
    this.factories.set(urn, factory);
    return this;
  }

  /** Whether coders of this URN can be made. */
  has(urn: string): boolean {
    return this.factories.has(urn);
  }

  /**
   * The coder `id` of `components`.
   *
   * @throws GirderError `unsupported` for a URN that is not registered, here or in a component; `invalid-pipeline` where
   * coders are missing, contain themselves, or have another number of components than they need; `malformed-data` for a
   * payload that cannot be read.
   */
  fromProto(id: string, components: CoderComponents): Coder<unknown> {
    return this.build(id, components, new Map(), []);
  }

  private build(
    id: string,
    components: CoderComponents,
    built: Map<string, Coder<unknown>>,
    outer: readonly string[],
  ): Coder<unknown> {
    const known = built.get(id);
    if (known !== undefined) return known;
    const path = [...outer, id];
    if (outer.includes(id)) throw invalid(`A coder contains itself: ${path.join(" → ")}.`, id);
    if (path.length > MAX_DEPTH) throw invalid(`Coders are nested more than ${MAX_DEPTH} deep.`, id);
    const proto = Object.hasOwn(components.coders, id) ? components.coders[id] : undefined;
    if (proto === undefined) {
      const user = outer.at(-1);
      throw invalid(`There is no coder ${id}${user === undefined ? "" : `, which coder ${user} refers to`}.`, id);
    }
    const { urn, payload } = proto.spec ?? { urn: "", payload: new Uint8Array() };
    const factory = this.factories.get(urn);
    if (factory === undefined) {
      throw new GirderError("unsupported", `Coder ${id} has the URN ${JSON.stringify(urn)}, which is not known here.`, {
        where: `coder ${id}`,
        remedy: "Use one of Beam's standard coders, or register a coder for the URN.",
      });
    }
    const { length } = proto.componentCoderIds;
    if (factory.components !== undefined && factory.components !== length) {
      throw invalid(`Coder ${id} (${urn}) has ${length} components, but needs ${factory.components}.`, id);
    }
    const parts = proto.componentCoderIds.map((part) => this.build(part, components, built, path));
    const coder = factory.create(parts, payload);
    built.set(id, coder);
    return coder;
  }
}

function invalid(what: string, id: string): GirderError {
  return new GirderError("invalid-pipeline", what, {
    where: `coder ${id}`,
    remedy: "Check the components of the pipeline.",
  });
}
