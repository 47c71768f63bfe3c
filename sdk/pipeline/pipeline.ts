/**
 * Pipelines: what transforms are applied to, and the Beam `Pipeline` proto that comes of it.
 *
 * There is one representation. Applying a transform writes its proto; running the pipeline hands that proto to a runner,
 * whichever it is.
 */
import { create } from "@bufbuild/protobuf";
import type { Coder } from "../../portability/coders/coder.js";
import { CoderTable, ForeignCoder, JS_VALUE_CODER } from "../../portability/coders/index.js";
import { GirderError } from "../../portability/errors.js";
import { PACKED_COMBINE_FN_URN } from "../../portability/execution/packed-combine.js";
import {
  type Components,
  ComponentsSchema,
  type Environment,
  EnvironmentSchema,
  type FunctionSpec,
  FunctionSpecSchema,
  IsBounded_Enum,
  type PCollection as PCollectionProto,
  PCollectionSchema,
  type Pipeline as PipelineProto,
  PipelineSchema,
  type PTransform as PTransformProto,
  PTransformSchema,
  type WindowingStrategy as WindowingStrategyProto,
} from "../../portability/gen/org/apache/beam/model/pipeline/v1/beam_runner_api_pb.js";
import { StandardEnvironments, StandardPTransforms } from "../../portability/urns.js";
import {
  type CustomWindowFn,
  checkWindowFn,
  PlacedWindowFn,
  WINDOW_FN_URN,
  windowFnSource,
} from "../windowing/custom-window-fn.js";
import { callSite, withSite } from "./call-site.js";
import { collections } from "./collections.js";
import type { ElementFunction } from "./do-fn.js";
import { addParDo } from "./element-wise.js";
import { ForeignComponents, type ForeignExpansion } from "./foreign-components.js";
import { ForeignReader } from "./foreign-reader.js";
import { FunctionTable } from "./functions.js";
import { PCollection } from "./pcollection.js";
import type { PInput, PTransform, PValue } from "./pvalue.js";
import { mergeResourceHints, type ResourceHints, resourceHintsToProto } from "./resource-hints.js";
import { Root } from "./root.js";
import { type WindowingStrategy, windowCoderOf, windowingKey, windowingToProto } from "./windowing.js";

/** Id of the environment in which a program's functions run, behind the pipeline's namespace. */
const ENVIRONMENT_ID = "typescript";

/** What this program's environment can do beyond the model: `Environment.capabilities`. */
const CAPABILITIES = [PACKED_COMBINE_FN_URN, StandardPTransforms.SplittableParDoComponents.TRUNCATE_SIZED_RESTRICTION];

/** What makes a transform a primitive, or a composite that runners know. */
export interface PrimitiveSpec {
  readonly urn: string;
  /** Or what makes it, once all coders are known: called when the pipeline is made a proto. */
  readonly payload?: Uint8Array | (() => Uint8Array);
  readonly inputs: Readonly<Record<string, PCollection<unknown>>>;
  /** Coder of each output by its tag. */
  readonly outputs: Readonly<Record<string, Coder<unknown> | undefined>>;
  readonly windowing: WindowingStrategy;
  readonly bounded: boolean;
  /** Whether this program's environment executes it. */
  readonly inEnvironment: boolean;
}

/** A transform while it is being applied. */
interface Scope {
  readonly proto: PTransformProto;
  readonly children: Set<string>;
  /** Its own, and those of the transforms it is part of. */
  hints: ResourceHints;
}

/** How a pipeline is built that is to become part of another one. */
export interface PipelineSettings {
  /** Begins the ids of all components. Default: none. Names of transforms are given their own way, see `applyTo`. */
  readonly namespace?: string;
  /** Where its functions are kept. Default: a table of its own. */
  readonly functions?: FunctionTable;
}

export class Pipeline {
  readonly root = new Root(this);
  /** The functions that the proto names. */
  readonly functions: FunctionTable;
  /** What other SDKs have made of transforms of this pipeline. */
  readonly foreign = new ForeignComponents();
  /** Id of the environment in which this program's functions run. */
  readonly environmentId: string;
  readonly #namespace: string;
  readonly #coders: CoderTable;
  readonly #windowings: Record<string, WindowingStrategyProto> = {};
  readonly #windowingIds = new Map<string, string>();
  readonly #transforms: Record<string, PTransformProto> = {};
  readonly #sites = new Map<string, Error>();
  readonly #pcollections = new Map<string, PCollection<unknown>>();
  /** What makes the payloads that depend on coders. */
  readonly #latePayloads = new Map<PTransformProto, () => Uint8Array>();
  /** Transforms that other SDKs have expanded: their inputs and outputs are called as they call them. */
  readonly #expanded = new Set<PTransformProto>();
  readonly #rootIds: string[] = [];
  readonly #rootNames = new Set<string>();
  readonly #scopes: Scope[] = [];
  /** Resource hints of each environment but the plain one, by its id. */
  readonly #environments = new Map<string, Record<string, Uint8Array>>();
  /** URNs of what a runner must know of to execute this pipeline: `Pipeline.requirements`. */
  readonly #requirements = new Set<string>();
  readonly #windowFns = new Map<object, PlacedWindowFn>();
  readonly #failureActions: (() => Promise<void>)[] = [];

  constructor({ namespace = "", functions = new FunctionTable() }: PipelineSettings = {}) {
    this.functions = functions;
    this.#namespace = namespace;
    this.#coders = new CoderTable(namespace);
    this.environmentId = `${namespace}${ENVIRONMENT_ID}`;
  }

  /** Applies a source to the pipeline's root. */
  apply<O extends PValue>(transform: PTransform<Root, O>): O;
  apply<O extends PValue>(name: string, transform: PTransform<Root, O>): O;
  apply<O extends PValue>(...args: [PTransform<Root, O>] | [string, PTransform<Root, O>]): O {
    return this.applyTo(this.root, ...args);
  }

  /**
   * Applies a transform to an input.
   *
   * A name that the author gives must be new among its siblings; a transform's own name is made so by a number, in the
   * order of application, which is the same each time the program runs.
   *
   * @throws GirderError `duplicate-name`
   */
  applyTo<I extends PInput, O extends PValue>(input: I, ...args: [PTransform<I, O>] | [string, PTransform<I, O>]): O {
    const [given, transform] = args.length === 2 ? args : [undefined, args[0]];
    // Its stack is read only when an error needs it.
    const site = new Error();
    try {
      return this.#apply(input, given, transform, site);
    } catch (thrown) {
      throw withSite(thrown, () => callSite(site));
    }
  }

  #apply<I extends PInput, O extends PValue>(
    input: I,
    given: string | undefined,
    transform: PTransform<I, O>,
    site: Error,
  ): O {
    if (typeof transform !== "function") {
      throw new GirderError("invalid-argument", `apply was given ${String(transform)} for a transform.`, {
        where: given ?? this.where,
        remedy: "A transform is a function from its input to its output.",
      });
    }
    const uniqueName = this.#name(given, transform.name);
    const proto = create(PTransformSchema, { uniqueName });
    const parent = this.#scopes.at(-1);
    if (parent === undefined) this.#rootIds.push(uniqueName);
    else parent.proto.subtransforms.push(uniqueName);
    this.#transforms[uniqueName] = proto;
    this.#sites.set(uniqueName, site);
    this.#scopes.push({ proto, children: new Set(), hints: parent?.hints ?? {} });
    try {
      const output = transform(input);
      if (!this.#expanded.has(proto) && (proto.spec === undefined || proto.subtransforms.length > 0)) {
        for (const [name, { id }] of collections(input)) proto.inputs[name] ??= id;
        for (const [name, { id }] of collections(output)) proto.outputs[name] ??= id;
      }
      return output;
    } finally {
      this.#scopes.pop();
    }
  }

  #name(given: string | undefined, own: string): string {
    const parent = this.#scopes.at(-1);
    const siblings = parent?.children ?? this.#rootNames;
    const prefix = parent === undefined ? "" : `${parent.proto.uniqueName}/`;
    let name = given ?? (own === "" ? "Transform" : own);
    if (siblings.has(name)) {
      if (given !== undefined) {
        throw new GirderError("duplicate-name", `Two transforms are named "${given}".`, {
          where: `${prefix}${given}`,
          remedy: "Give one of them another name, or none.",
        });
      }
      let number = 2;
      while (siblings.has(`${name}_${number}`)) number++;
      name = `${name}_${number}`;
    }
    siblings.add(name);
    return `${prefix}${name}`;
  }

  /** Full name of the transform being applied; the empty string outside of any. */
  get where(): string {
    return this.#scopes.at(-1)?.proto.uniqueName ?? "";
  }

  /** `file:line:column` where the author applied a transform, if known. */
  siteOf(transform: string): string | undefined {
    const site = this.#sites.get(transform);
    return site && callSite(site);
  }

  /** Gives the transform being applied a URN. Its outputs are new PCollections. */
  primitive(spec: PrimitiveSpec): Record<string, PCollection<unknown>> {
    const proto = this.#current().proto;
    if (typeof spec.payload === "function") {
      this.describe(spec.urn);
      this.#latePayloads.set(proto, spec.payload);
    } else this.describe(spec.urn, spec.payload);
    if (spec.inEnvironment) this.inEnvironment();
    for (const [name, { id, coder }] of Object.entries(spec.inputs)) {
      const foreign = spec.inEnvironment && coder !== undefined ? ForeignCoder.in(coder) : undefined;
      if (foreign !== undefined) throw foreign.unreadable(proto.uniqueName);
      proto.inputs[name] = id;
    }
    const outputs: Record<string, PCollection<unknown>> = {};
    for (const [tag, coder] of Object.entries(spec.outputs)) {
      const id = `${proto.uniqueName}.${tag}`;
      const pcollection = new PCollection<unknown>(this, id, spec.windowing, spec.bounded, coder);
      this.#pcollections.set(id, pcollection);
      proto.outputs[tag] = id;
      outputs[tag] = pcollection;
    }
    return outputs;
  }

  /** Gives the transform being applied a URN, whatever its subtransforms: a composite that runners know. */
  describe(urn: string, payload: Uint8Array = new Uint8Array()): void {
    this.#current().proto.spec = create(FunctionSpecSchema, { urn, payload });
  }

  /** Says that this program's environment executes the transform being applied. */
  inEnvironment(): void {
    const { proto, hints } = this.#current();
    proto.environmentId = this.#environmentWith(hints);
  }

  /** The id of the environment with these hints. */
  #environmentWith(hints: ResourceHints): string {
    if (Object.keys(hints).length === 0) return this.environmentId;
    const proto = resourceHintsToProto(hints);
    const same = (other: Record<string, Uint8Array>): boolean =>
      Object.keys(other).length === Object.keys(proto).length &&
      Object.entries(proto).every(
        ([urn, value]) => other[urn] !== undefined && Buffer.compare(other[urn], value) === 0,
      );
    for (const [id, other] of this.#environments) if (same(other)) return id;
    const id = `${this.environmentId}_${this.#environments.size + 2}`;
    this.#environments.set(id, proto);
    return id;
  }

  /** Says what the transform being applied, and all that is applied inside it from now on, need of a machine. */
  requireResources(hints: ResourceHints): void {
    const scope = this.#current();
    scope.hints = mergeResourceHints(scope.hints, hints);
  }

  /** The proto of the transform being applied, for what is said about it beside its function: annotations, display data. */
  get current(): PTransformProto {
    return this.#current().proto;
  }

  /** A ParDo with one output. */
  parDo<U>(
    input: PCollection<unknown>,
    step: ElementFunction,
    coder: Coder<U> | undefined,
    windowing: WindowingStrategy = input.windowing,
  ): PCollection<U> {
    const outputs = { out: coder as Coder<unknown> | undefined };
    return addParDo(this, input, step, outputs, windowing)["out"] as PCollection<U>;
  }

  /** Keeps a function of the transform being applied. */
  addFunction(urn: string, fn: object, source: string): FunctionSpec {
    return this.functions.add(urn, this.#current().proto.uniqueName, fn, source);
  }

  /**
   * An author's window function as this pipeline names it: after the transform that it is applied by first.
   *
   * @throws GirderError `invalid-argument`, `nondeterministic-key` for one that is none.
   */
  placedWindowFn(fn: CustomWindowFn<never>): PlacedWindowFn {
    let placed = this.#windowFns.get(fn);
    if (placed === undefined) {
      checkWindowFn(fn);
      placed = new PlacedWindowFn(fn, this.addFunction(WINDOW_FN_URN, fn, windowFnSource(fn)));
      this.#windowFns.set(fn, placed);
    }
    return placed;
  }

  /** Adds a coder to the pipeline's components; returns its id. */
  addCoder(coder: Coder<unknown>): string {
    return this.#coders.add(coder);
  }

  /** Says that a runner must know of something to execute this pipeline. @param urn of `StandardRequirements`. */
  require(urn: string): void {
    this.#requirements.add(urn);
  }

  /** Says what is to be done where a run of the pipeline fails in this process: transforms remove what they left. */
  onFailure(action: () => Promise<void>): void {
    this.#failureActions.push(action);
  }

  /** Does what transforms have asked for with {@link onFailure}. What goes wrong there is passed over: the job has failed. */
  async failed(): Promise<void> {
    await Promise.allSettled(this.#failureActions.map((action) => action()));
  }

  #current(): Scope {
    const scope = this.#scopes.at(-1);
    if (scope === undefined) throw new GirderError("internal", "a primitive was made outside of apply");
    return scope;
  }

  /**
   * The pipeline as Beam runners take it.
   *
   * @param environment Where its functions run. Default: `beam:env:default:v1`, for the runner to choose.
   */
  toProto(environment?: Environment): PipelineProto {
    for (const [transform, payload] of this.#latePayloads) transform.spec!.payload = payload();
    const pcollections: Record<string, PCollectionProto> = {};
    for (const [id, pcollection] of this.#pcollections) pcollections[id] = this.#pcollectionProto(pcollection);
    const plain = environment ?? this.#plainEnvironment();
    const environments: Record<string, Environment> = { [this.environmentId]: plain };
    for (const [id, hints] of this.#environments) {
      environments[id] = create(EnvironmentSchema, { ...plain, resourceHints: { ...plain.resourceHints, ...hints } });
    }
    return create(PipelineSchema, {
      components: this.foreign.mergedWith(
        create(ComponentsSchema, {
          transforms: this.#transforms,
          pcollections,
          windowingStrategies: this.#windowings,
          coders: this.#coders.coders,
          environments,
        }),
      ),
      rootTransformIds: this.#rootIds,
      requirements: [...new Set([...this.#requirements, ...this.foreign.requirements])].sort(),
    });
  }

  #pcollectionProto({ id, coder, windowing, bounded }: PCollection<unknown>): PCollectionProto {
    return create(PCollectionSchema, {
      uniqueName: id,
      coderId: this.#coders.add(coder ?? JS_VALUE_CODER),
      windowingStrategyId: this.#windowingId(windowing),
      isBounded: bounded ? IsBounded_Enum.BOUNDED : IsBounded_Enum.UNBOUNDED,
    });
  }

  /** The id of a windowing strategy among the components. */
  #windowingId(windowing: WindowingStrategy): string {
    const key = windowingKey(windowing);
    let id = this.#windowingIds.get(key);
    if (id === undefined) {
      id = `${this.#namespace}windowing_${this.#windowingIds.size + 1}_${windowing.windowFn.kind}`;
      this.#windowingIds.set(key, id);
      const coderId = this.#coders.add(windowCoderOf(windowing) as Coder<unknown>);
      this.#windowings[id] = windowingToProto(windowing, coderId, this.environmentId);
    }
    return id;
  }

  /** A namespace for the components of the next transform that another SDK expands. */
  foreignNamespace(): string {
    return `${this.#namespace}external_${this.foreign.expansions + 1}`;
  }

  /** What describes PCollections to another SDK: their components, with those that they refer to, and nothing else. */
  describeCollections(inputs: Iterable<PCollection<unknown>>, coders: Iterable<Coder<unknown>> = []): Components {
    const described = create(ComponentsSchema);
    const { components } = this.foreign;
    const addCoder = (id: string): void => {
      if (Object.hasOwn(described.coders, id)) return;
      const coder = (components.coders[id] ?? this.#coders.coders[id])!;
      described.coders[id] = coder;
      coder.componentCoderIds.forEach(addCoder);
    };
    for (const coder of coders) addCoder(this.addCoder(coder));
    for (const input of inputs) {
      const proto = components.pcollections[input.id] ?? this.#pcollectionProto(input);
      const { coderId, windowingStrategyId } = proto;
      const windowing = (components.windowingStrategies[windowingStrategyId] ?? this.#windowings[windowingStrategyId])!;
      described.pcollections[input.id] = proto;
      described.windowingStrategies[windowingStrategyId] = windowing;
      addCoder(coderId);
      addCoder(windowing.windowCoderId);
      const { environmentId } = windowing;
      if (environmentId !== "") {
        described.environments[environmentId] = components.environments[environmentId] ?? this.#plainEnvironment();
      }
    }
    return described;
  }

  /** Takes in PCollections of other SDKs, with what they refer to. */
  adoptCollections(
    components: Components,
    ids: Readonly<Record<string, string>>,
  ): Record<string, PCollection<unknown>> {
    this.foreign.add(components);
    return this.#collections(components, ids);
  }

  #collections(components: Components, ids: Readonly<Record<string, string>>): Record<string, PCollection<unknown>> {
    const read = new ForeignReader(components);
    return Object.fromEntries(
      Object.entries(ids).map(([tag, id]) => {
        const { coder, windowing, bounded } = read.pcollection(id);
        return [tag, new PCollection<unknown>(this, id, windowing, bounded, coder)];
      }),
    );
  }

  /**
   * Takes in what another SDK has made of the transform being applied.
   *
   * @param request What it was given.
   * @returns its outputs, by their tags.
   * @throws GirderError `invalid-pipeline` for components that contradict each other, or this pipeline's.
   */
  adoptExpansion(
    request: Components,
    { transform, components, requirements }: ForeignExpansion,
    inputs: Readonly<Record<string, PCollection<unknown>>>,
  ): Record<string, PCollection<unknown>> {
    const { proto } = this.#current();
    const added = this.foreign.expanded(proto.uniqueName, request, transform, components, requirements);
    this.#expanded.add(proto);
    const { uniqueName: _, inputs: given, ...rest } = transform;
    Object.assign(proto, rest, { inputs: Object.keys(given).length > 0 ? given : proto.inputs });
    const own = new Map(Object.values(inputs).map((input) => [input.id, input]));
    const foreign = Object.entries(transform.outputs).filter(([, id]) => !own.has(id));
    const outputs = this.#collections(added, Object.fromEntries(foreign));
    return Object.fromEntries(
      Object.entries(transform.outputs).map(([tag, id]) => [tag, own.get(id) ?? outputs[tag]!]),
    );
  }

  #plainEnvironment(): Environment {
    const urn = StandardEnvironments.Environments.DEFAULT;
    return create(EnvironmentSchema, { urn, capabilities: [...CAPABILITIES] });
  }
}
