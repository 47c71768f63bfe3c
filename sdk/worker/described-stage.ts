/** What a runner describes to a worker (`ProcessBundleDescriptor`), as a stage of the harness and the ports around it. */
import { create, fromBinary } from "@bufbuild/protobuf";
import { GirderError } from "../../portability/errors.js";
import type { StageDescriptor, StageInput, StageSideInput } from "../../portability/execution/stage.js";
import type { TimerFamily } from "../../portability/execution/timer.js";
import type { StateSpec } from "../../portability/execution/user-state.js";
import {
  type ProcessBundleDescriptor,
  RemoteGrpcPortSchema,
} from "../../portability/gen/org/apache/beam/model/fn_execution/v1/beam_fn_api_pb.js";
import {
  ComponentsSchema,
  type ParDoPayload,
  ParDoPayloadSchema,
  type PTransform,
  TimeDomain_Enum,
} from "../../portability/gen/org/apache/beam/model/pipeline/v1/beam_runner_api_pb.js";
import { FnApiTransforms, StandardPTransforms } from "../../portability/urns.js";

const { DATA_SOURCE, DATA_SINK } = FnApiTransforms.Runner;
const { Primitives, SplittableParDoComponents } = StandardPTransforms;
const PAR_DO_LIKE: ReadonlySet<string> = new Set([Primitives.PAR_DO, ...Object.values(SplittableParDoComponents)]);

/** Where elements come into a stage, or leave it. */
export interface Port {
  /** Id of the source or sink, by which messages of the data stream name it. */
  readonly transform: string;
  readonly pcollection: string;
  /** Id of the coder of elements with their windows. */
  readonly coder: string;
  /** `host:port` of the data service. */
  readonly endpoint: string;
}

export interface DescribedStage {
  readonly stage: StageDescriptor;
  /** By index of the stage's inputs. */
  readonly sources: readonly Port[];
  /** By index of the stage's outputs. */
  readonly sinks: readonly Port[];
  /** `host:port` of the state service; empty where there is none. */
  readonly stateEndpoint: string;
  /** `host:port` of the service on which timers travel; empty where there is none. */
  readonly timerEndpoint: string;
}

/** @throws GirderError `invalid-pipeline` for a descriptor that contradicts itself. */
export function describedStage(descriptor: ProcessBundleDescriptor): DescribedStage {
  const { id, transforms, pcollections, windowingStrategies, coders, environments } = descriptor;
  const sources: Port[] = [];
  const sinks: Port[] = [];
  const inner: [string, PTransform][] = [];
  for (const [transformId, transform] of Object.entries(transforms)) {
    switch (transform.spec?.urn) {
      case DATA_SOURCE:
        sources.push(portOf(transformId, transform, transform.outputs));
        break;
      case DATA_SINK:
        sinks.push(portOf(transformId, transform, transform.inputs));
        break;
      default:
        inner.push([transformId, transform]);
    }
  }
  const payloads = new Map<string, ParDoPayload>();
  for (const [transformId, { spec }] of inner) {
    if (spec !== undefined && PAR_DO_LIKE.has(spec.urn)) {
      payloads.set(transformId, fromBinary(ParDoPayloadSchema, spec.payload));
    }
  }
  const isSide = (transform: string, localName: string): boolean =>
    Object.hasOwn(payloads.get(transform)?.sideInputs ?? {}, localName);
  const inputs = sources.map(({ pcollection }): StageInput => {
    const consumers = inner.flatMap(([transform, { inputs: read }]) =>
      Object.entries(read).flatMap(([localName, from]) =>
        from === pcollection && !isSide(transform, localName) ? [{ transform, localName }] : [],
      ),
    );
    return { pcollection, consumers };
  });
  const sideInputs: StageSideInput[] = [];
  const states: StateSpec[] = [];
  const timers: TimerFamily[] = [];
  for (const [transform, payload] of payloads) {
    for (const localName of Object.keys(payload.sideInputs)) {
      const pcollection = transforms[transform]!.inputs[localName];
      if (pcollection === undefined) throw contradiction(id, `side input ${localName} of ${transform}`);
      sideInputs.push({ transform, localName, pcollection });
    }
    for (const state of Object.keys(payload.stateSpecs)) states.push({ transform, id: state });
    for (const [family, spec] of Object.entries(payload.timerFamilySpecs)) {
      timers.push({
        transform,
        id: family,
        domain: spec.timeDomain === TimeDomain_Enum.PROCESSING_TIME ? "processing-time" : "event-time",
        onWindowExpiration: family === payload.onWindowExpirationTimerFamilySpec,
      });
    }
  }
  const stage: StageDescriptor = {
    id,
    components: create(ComponentsSchema, { transforms, pcollections, windowingStrategies, coders, environments }),
    transforms: inOrder(id, inner, isSide),
    inputs,
    outputs: sinks.map(({ pcollection }) => ({ pcollection, keyed: false })),
    sideInputs,
    states,
    timers,
  };
  return {
    stage,
    sources,
    sinks,
    stateEndpoint: descriptor.stateApiServiceDescriptor?.url ?? "",
    timerEndpoint: descriptor.timerApiServiceDescriptor?.url ?? "",
  };
}

function portOf(transform: string, { spec }: PTransform, ends: Readonly<Record<string, string>>): Port {
  const { coderId, apiServiceDescriptor } = fromBinary(RemoteGrpcPortSchema, spec!.payload);
  const [pcollection, ...more] = Object.values(ends);
  if (pcollection === undefined || more.length > 0) throw contradiction(transform, "one PCollection");
  return { transform, pcollection, coder: coderId, endpoint: apiServiceDescriptor?.url ?? "" };
}

/** Producers before consumers. */
function inOrder(
  stage: string,
  transforms: readonly (readonly [string, PTransform])[],
  isSide: (transform: string, localName: string) => boolean,
): string[] {
  const producers = new Map<string, string[]>();
  for (const [id, { outputs }] of transforms) {
    for (const pcollection of Object.values(outputs)) {
      producers.set(pcollection, [...(producers.get(pcollection) ?? []), id]);
    }
  }
  const byId = new Map(transforms);
  const done = new Set<string>();
  const open = new Set<string>();
  const visit = (id: string): void => {
    if (done.has(id)) return;
    if (open.has(id)) throw contradiction(stage, `an order: ${id} reads what it outputs`);
    open.add(id);
    for (const [localName, pcollection] of Object.entries(byId.get(id)!.inputs)) {
      if (!isSide(id, localName)) for (const producer of producers.get(pcollection) ?? []) visit(producer);
    }
    done.add(id);
  };
  for (const [id] of transforms) visit(id);
  return [...done];
}

function contradiction(where: string, what: string): GirderError {
  return new GirderError("invalid-pipeline", `The runner's description of a stage lacks ${what}.`, { where });
}
