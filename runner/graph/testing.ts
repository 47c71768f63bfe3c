import { create, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import { BytesValueSchema } from "@bufbuild/protobuf/wkt";
import {
  CombinePayloadSchema,
  type Components,
  ComponentsSchema,
  FunctionSpecSchema,
  IsBounded_Enum,
  ParDoPayloadSchema,
  type Pipeline,
  PipelineSchema,
  PTransformSchema,
  type WindowingStrategySchema,
} from "../../portability/gen/org/apache/beam/model/pipeline/v1/beam_runner_api_pb.js";
import {
  FixedWindowsPayload,
  GlobalWindowsPayload,
  StandardCoders,
  StandardEnvironments,
  StandardPTransforms,
  StandardSideInputTypes,
} from "../../portability/urns.js";
import type { ExecutableStage, Plan } from "./stages.js";
import { combinePayloadOf } from "./transforms.js";

const { Primitives, Composites } = StandardPTransforms;

/** What a ParDo of a test may have. Its environment is `main` unless said otherwise. */
export interface ParDoOptions {
  /** Local names of the outputs; one output named `out` if absent. */
  readonly outputs?: readonly string[];
  /** PCollection ids by local name. */
  readonly sideInputs?: Readonly<Record<string, string>>;
  readonly environment?: string;
  readonly windowing?: string;
  readonly payload?: MessageInitShape<typeof ParDoPayloadSchema>;
}

/**
 * Builds pipelines for tests. A transform's id and name are the name it is given, the id of its output is
 * `name.out`, or `name.tag` for an output named `tag`. Elements are pairs of bytes, bounded, in the global window.
 */
export class PipelineBuilder {
  private readonly components: Components = create(ComponentsSchema, {
    environments: {
      main: { urn: StandardEnvironments.Environments.EXTERNAL },
      other: { urn: StandardEnvironments.Environments.EXTERNAL },
      go: { urn: StandardEnvironments.Environments.EXTERNAL, capabilities: ["beam:version:sdk_base:go:2.77.0"] },
    },
    coders: {
      bytes: { spec: { urn: StandardCoders.Enum.BYTES } },
      pair: { spec: { urn: StandardCoders.Enum.KV }, componentCoderIds: ["bytes", "bytes"] },
      accumulator: { spec: { urn: StandardCoders.Enum.VARINT } },
      restriction: { spec: { urn: StandardCoders.Enum.KV }, componentCoderIds: ["bytes", "bytes"] },
      window: { spec: { urn: StandardCoders.Enum.GLOBAL_WINDOW } },
    },
  });
  private readonly roots: string[] = [];
  private isBounded = IsBounded_Enum.BOUNDED;

  constructor() {
    this.windowing("global", { windowFn: { urn: GlobalWindowsPayload.Enum.PROPERTIES } });
    this.windowing("fixed", { windowFn: { urn: FixedWindowsPayload.Enum.PROPERTIES } });
  }

  windowing(id: string, strategy: MessageInitShape<typeof WindowingStrategySchema>): void {
    const components = create(ComponentsSchema, {
      windowingStrategies: { [id]: { windowCoderId: "window", ...strategy } as typeof strategy },
    });
    this.components.windowingStrategies[id] = components.windowingStrategies[id]!;
  }

  /** Makes PCollections added from here on unbounded. */
  unbounded(): this {
    this.isBounded = IsBounded_Enum.UNBOUNDED;
    return this;
  }

  impulse(name: string): string {
    return this.transform(name, { spec: { urn: Primitives.IMPULSE } });
  }

  parDo(name: string, input: string, options: ParDoOptions = {}): string {
    const sideInputs = Object.keys(options.sideInputs ?? {}).map((localName) => [
      localName,
      { accessPattern: { urn: StandardSideInputTypes.Enum.ITERABLE } },
    ]);
    const payload = create(ParDoPayloadSchema, {
      doFn: { urn: "test:dofn" },
      sideInputs: Object.fromEntries(sideInputs),
      ...options.payload,
    } as MessageInitShape<typeof ParDoPayloadSchema>);
    const outputs = options.outputs ?? ["out"];
    this.transform(
      name,
      {
        spec: { urn: Primitives.PAR_DO, payload: toBinary(ParDoPayloadSchema, payload) },
        inputs: { in: input, ...options.sideInputs },
        outputs: Object.fromEntries(outputs.map((tag) => [tag, `${name}.${tag}`])),
        environmentId: options.environment ?? "main",
      },
      options.windowing,
    );
    return `${name}.${outputs[0]}`;
  }

  groupByKey(name: string, input: string): string {
    return this.transform(name, { spec: { urn: Primitives.GROUP_BY_KEY }, inputs: { in: input } });
  }

  flatten(name: string, ...inputs: string[]): string {
    const named = Object.fromEntries(inputs.map((input, index) => [`in${index}`, input]));
    return this.transform(name, { spec: { urn: Primitives.FLATTEN }, inputs: named });
  }

  reshuffle(name: string, input: string): string {
    return this.transform(name, { spec: { urn: Composites.RESHUFFLE }, inputs: { in: input } });
  }

  /** A combine without expansion. */
  combinePerKey(name: string, input: string, windowing?: string): string {
    const payload = create(CombinePayloadSchema, {
      combineFn: { urn: "test:combine" },
      accumulatorCoderId: "accumulator",
    });
    return this.transform(
      name,
      {
        spec: { urn: Composites.COMBINE_PER_KEY, payload: toBinary(CombinePayloadSchema, payload) },
        inputs: { in: input },
        environmentId: "main",
      },
      windowing,
    );
  }

  /** Adds a root transform and its missing outputs, one named `out` by default. Returns the id of its first output. */
  transform(name: string, init: MessageInitShape<typeof PTransformSchema>, windowing = "global"): string {
    const transform = create(PTransformSchema, {
      uniqueName: name,
      outputs: { out: `${name}.out` },
      ...init,
    } as MessageInitShape<typeof PTransformSchema>);
    this.components.transforms[name] = transform;
    this.roots.push(name);
    const outputs = Object.values(transform.outputs);
    for (const output of outputs) {
      this.components.pcollections[output] ??= create(ComponentsSchema, {
        pcollections: {
          x: { uniqueName: output, coderId: "pair", isBounded: this.isBounded, windowingStrategyId: windowing },
        },
      }).pcollections["x"]!;
    }
    return outputs[0] ?? "";
  }

  /** Puts root transforms into a composite of that name, which becomes a root in their place. */
  composite(name: string, parts: readonly string[], init: MessageInitShape<typeof PTransformSchema> = {}): void {
    this.transform(name, { outputs: {}, ...init, subtransforms: [...parts] } as typeof init);
    for (const part of parts) {
      this.roots.splice(this.roots.indexOf(part), 1);
    }
  }

  /** Changes the components in ways that no SDK would. */
  tamper(change: (components: Components) => void): this {
    change(this.components);
    return this;
  }

  build(requirements: readonly string[] = []): Pipeline {
    return create(PipelineSchema, {
      components: this.components,
      rootTransformIds: [...this.roots],
      requirements: [...requirements],
    });
  }
}

/** The transforms of each executable stage of a plan, in the plan's order. */
export function fusedTransforms(plan: Plan): string[][] {
  return plan.stages.flatMap((stage) => (stage.kind === "executable" ? [[...stage.transforms]] : []));
}

/** The executable stage that runs a transform. */
export function stageOf(plan: Plan, transform: string): ExecutableStage {
  const stage = plan.stages.find((it) => it.kind === "executable" && it.transforms.includes(transform));
  if (stage?.kind !== "executable") {
    throw new Error(`no executable stage runs ${transform}`);
  }
  return stage;
}

/**
 * Two combines of Python, each behind a ParDo that gives all elements the same key.
 *
 * @param asks What their annotation says: how many may become one, or nothing for as many as there are. Default: they have none.
 */
export function combinesOfPython(asks?: string): PipelineBuilder {
  const pipeline = new PipelineBuilder();
  const a = pipeline.parDo("a", pipeline.impulse("impulse"));
  for (const name of ["Both/min", "Both/max"]) {
    const payload = { doFn: { urn: "beam:dofn:python_key_with_none:v1" } };
    const keyed = pipeline.parDo(`${name}/KeyWithVoid`, a, { payload });
    pipeline.parDo(`${name}/UnKey`, pipeline.combinePerKey(`${name}/CombinePerKey`, keyed));
  }
  pipeline.tamper(({ environments, transforms }) => {
    environments["main"]!.capabilities.push("beam:combinefn:packed_python:v1");
    for (const [id, transform] of Object.entries(transforms)) {
      if (asks !== undefined && id.startsWith("Both/")) {
        transform.annotations["beam:annotation:apply_combiner_packing:v1"] = Buffer.from(asks);
      }
      if (!id.endsWith("/CombinePerKey")) continue;
      const payload = combinePayloadOf(transform);
      const pickled = toBinary(BytesValueSchema, create(BytesValueSchema, { value: Buffer.from(id) }));
      payload.combineFn = create(FunctionSpecSchema, { urn: "beam:combinefn:pickled_python:v1", payload: pickled });
      transform.spec!.payload = toBinary(CombinePayloadSchema, payload);
    }
  });
  return pipeline;
}
