/** What a worker is told of a stage: `ProcessBundleDescriptor`, with sources and sinks where elements come in and go out. */
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import type { StageDescriptor } from "../../../portability/execution/stage.js";
import type { WindowTable } from "../../../portability/execution/window-table.js";
import {
  type ProcessBundleDescriptor,
  ProcessBundleDescriptorSchema,
  RemoteGrpcPortSchema,
} from "../../../portability/gen/org/apache/beam/model/fn_execution/v1/beam_fn_api_pb.js";
import {
  type Components,
  type Environment,
  FunctionSpecSchema,
  ParDoPayloadSchema,
  type PTransform,
  PTransformSchema,
} from "../../../portability/gen/org/apache/beam/model/pipeline/v1/beam_runner_api_pb.js";
import { ApiServiceDescriptorSchema } from "../../../portability/gen/org/apache/beam/model/pipeline/v1/endpoints_pb.js";
import { StandardCoders } from "../../../portability/urns.js";
import { parDoPayloadOf } from "../../graph/transforms.js";
import { ElementCodec } from "./element-codec.js";
import { type StateLayout, stateLayoutOf, wireStateSpec } from "./state-layout.js";
import { TimerCodec } from "./timer-codec.js";
import { WindowCodec } from "./window-codec.js";
import { WireCoders } from "./wire-coders.js";

/** URNs of the Fn API that no enum holds. */
export const SOURCE_URN = "beam:runner:source:v1";
export const SINK_URN = "beam:runner:sink:v1";

/** A stage as runner and worker have agreed on it. */
export interface DescribedStage {
  readonly descriptor: ProcessBundleDescriptor;
  /** By index of the stage's inputs: the id of the source transform, and how elements are coded. */
  readonly sources: readonly Port[];
  /** By index of the stage's outputs. */
  readonly sinks: readonly Port[];
  /** By index of the stage's side inputs. */
  readonly sideInputs: readonly ElementCodec[];
  /** By index of the stage's states. */
  readonly states: readonly StateLayout[];
  /** By index of the stage's timer families. */
  readonly timers: readonly TimerCodec[];
}

export interface Port {
  readonly transform: string;
  readonly codec: ElementCodec;
  /** Of a source: whether the worker may be given tokens for values of large groups. */
  readonly takesTokens: boolean;
}

/** Codecs of PCollections, for one stage. */
export class StageCoders {
  readonly coders: WireCoders;
  readonly #windows = new Map<string, WindowCodec>();

  constructor(
    readonly components: Components,
    readonly table: WindowTable,
  ) {
    this.coders = new WireCoders(components.coders);
  }

  /** How a PCollection's elements are coded on the wire. @param keyed whether somebody groups them. */
  elements(pcollection: string, keyed: boolean): ElementCodec {
    const coder = this.coders.onWire(this.components.pcollections[pcollection]!.coderId);
    return new ElementCodec(this.coders, coder, this.windows(pcollection), keyed);
  }

  /** How windows of a PCollection are coded on the wire. */
  windows(pcollection: string): WindowCodec {
    return this.windowsOf(this.components.pcollections[pcollection]!.windowingStrategyId);
  }

  /** How windows of a windowing strategy are coded on the wire. */
  windowsOf(strategy: string): WindowCodec {
    const coder = this.coders.onWire(this.components.windowingStrategies[strategy]!.windowCoderId);
    let codec = this.#windows.get(coder);
    if (codec === undefined) {
      codec = new WindowCodec(this.coders, coder, this.table);
      this.#windows.set(coder, codec);
    }
    return codec;
  }

  /** Whether a PCollection's elements are pairs of a key and an iterable. */
  isGrouped(pcollection: string): boolean {
    return this.port(pcollection, true) !== this.port(pcollection, false);
  }

  /**
   * The id of the coder of a PCollection's elements with their windows.
   *
   * @param takesTokens Whether tokens may stand for values of large groups.
   */
  port(pcollection: string, takesTokens: boolean): string {
    const { coderId, windowingStrategyId } = this.components.pcollections[pcollection]!;
    const { windowCoderId } = this.components.windowingStrategies[windowingStrategyId]!;
    const [value, window] = [this.coders.onWire(coderId), this.coders.onWire(windowCoderId)];
    return takesTokens ? this.coders.stateBacked(value, window) : this.coders.windowedValue(value, window);
  }
}

/**
 * Describes a stage.
 *
 * @param id The descriptor's id, which no other has.
 * @param endpoint `host:port` of the runner's data and state services.
 */
export function describeStage(
  id: string,
  stage: StageDescriptor,
  windows: WindowTable,
  endpoint: string,
): DescribedStage {
  const stageCoders = new StageCoders(stage.components, windows);
  const { components } = stage;
  const { coders } = stageCoders;
  const service = create(ApiServiceDescriptorSchema, { url: endpoint });
  const port = (pcollection: string, takesTokens: boolean): Uint8Array =>
    toBinary(
      RemoteGrpcPortSchema,
      create(RemoteGrpcPortSchema, {
        apiServiceDescriptor: service,
        coderId: stageCoders.port(pcollection, takesTokens),
      }),
    );
  const canAsk = environmentOf(stage)?.capabilities.includes(StandardCoders.Enum.STATE_BACKED_ITERABLE) ?? false;
  const transforms: Record<string, PTransform> = {};
  for (const transform of stage.transforms) transforms[transform] = onWire(components.transforms[transform]!, coders);
  const sources = stage.inputs.map(({ pcollection }, i): Port => {
    const takesTokens = canAsk && stageCoders.isGrouped(pcollection);
    const transform = `source ${i} of ${id}`;
    transforms[transform] = create(PTransformSchema, {
      uniqueName: transform,
      spec: create(FunctionSpecSchema, { urn: SOURCE_URN, payload: port(pcollection, takesTokens) }),
      // A stage without transforms passes elements on, from one coder to another.
      outputs: { out: stage.transforms.length === 0 ? stage.outputs[0]!.pcollection : pcollection },
    });
    return { transform, codec: stageCoders.elements(pcollection, true), takesTokens };
  });
  const sinks = stage.outputs.map(({ pcollection, keyed }, i): Port => {
    const transform = `sink ${i} of ${id}`;
    transforms[transform] = create(PTransformSchema, {
      uniqueName: transform,
      spec: create(FunctionSpecSchema, { urn: SINK_URN, payload: port(pcollection, false) }),
      inputs: { in: pcollection },
    });
    return { transform, codec: stageCoders.elements(pcollection, keyed), takesTokens: false };
  });
  const pcollections: ProcessBundleDescriptor["pcollections"] = {};
  for (const { inputs, outputs } of Object.values(transforms)) {
    for (const pcollection of [...Object.values(inputs), ...Object.values(outputs)]) {
      const declared = components.pcollections[pcollection]!;
      // Java's worker takes elements that are windowed values themselves for the elements in them, unless they are wrapped.
      const isWindowedValue = coders.urn(declared.coderId) === StandardCoders.Enum.WINDOWED_VALUE;
      pcollections[pcollection] = isWindowedValue
        ? { ...declared, coderId: coders.onWire(declared.coderId) }
        : declared;
    }
  }
  // What comes from outside is read with the wire's coders, keys of state and windows of side inputs among it.
  for (const { pcollection } of [...stage.inputs, ...stage.sideInputs]) {
    const declared = components.pcollections[pcollection]!;
    pcollections[pcollection] = { ...declared, coderId: coders.onWire(declared.coderId) };
  }
  const windowingStrategies: ProcessBundleDescriptor["windowingStrategies"] = {};
  for (const { windowingStrategyId } of Object.values(pcollections)) {
    const strategy = components.windowingStrategies[windowingStrategyId]!;
    windowingStrategies[windowingStrategyId] = { ...strategy, windowCoderId: coders.onWire(strategy.windowCoderId) };
  }
  const states = stage.states.map(({ transform, id: state }) =>
    stateLayoutOf(parDoPayloadOf(components.transforms[transform]!)!.stateSpecs[state]!, coders),
  );
  const timers = stage.timers.map(({ transform, id: family }, index) => {
    const { timerFamilyCoderId } = parDoPayloadOf(components.transforms[transform]!)!.timerFamilySpecs[family]!;
    const [key, window] = coders.components(coders.onWire(timerFamilyCoderId)) as [string, string];
    return new TimerCodec(index, coders.skip(key), new WindowCodec(coders, window, windows));
  });
  const sideInputs = stage.sideInputs.map(({ pcollection }) => stageCoders.elements(pcollection, true));
  const descriptor = create(ProcessBundleDescriptorSchema, {
    id,
    transforms,
    pcollections,
    windowingStrategies,
    coders: coders.coders,
    environments: components.environments,
    stateApiServiceDescriptor: service,
    timerApiServiceDescriptor: service,
  });
  return { descriptor, sources, sinks, sideInputs, states, timers };
}

/** The environment of a stage's transforms; undefined for a stage that has none. */
function environmentOf({ transforms: [first], components }: StageDescriptor): Environment | undefined {
  return first === undefined ? undefined : components.environments[components.transforms[first]!.environmentId];
}

/** The transform, its payload's coders of states and timers replaced by those on the wire. */
function onWire(transform: PTransform, coders: WireCoders): PTransform {
  // The worker runs it as one: what it may be made of is nothing to it, and Java's worker refuses composites.
  const whole = transform.subtransforms.length === 0 ? transform : { ...transform, subtransforms: [] };
  const payload = parDoPayloadOf(transform);
  if (payload === undefined) return whole;
  const { stateSpecs, timerFamilySpecs } = payload;
  if (Object.keys(stateSpecs).length === 0 && Object.keys(timerFamilySpecs).length === 0) return whole;
  const rewritten = fromBinary(ParDoPayloadSchema, transform.spec!.payload);
  for (const spec of Object.values(rewritten.stateSpecs)) wireStateSpec(spec, coders);
  for (const spec of Object.values(rewritten.timerFamilySpecs)) {
    spec.timerFamilyCoderId = coders.onWire(spec.timerFamilyCoderId);
  }
  return { ...whole, spec: { ...transform.spec!, payload: toBinary(ParDoPayloadSchema, rewritten) } };
}
