import { fromBinary } from "@bufbuild/protobuf";
import { UNPACK_URN } from "../../portability/execution/packed-combine.js";
import {
  type CombinePayload,
  CombinePayloadSchema,
  type FunctionSpec,
  type ParDoPayload,
  ParDoPayloadSchema,
  type PTransform,
} from "../../portability/gen/org/apache/beam/model/pipeline/v1/beam_runner_api_pb.js";
import { StandardPTransforms } from "../../portability/urns.js";

const { Primitives, Composites, CombineComponents, SplittableParDoComponents } = StandardPTransforms;

/** URN of a deprecated read that begins with an impulse, as Python's workers know it. */
export const READ_FROM_IMPULSE_URN = "beam:transform:read_from_impulse_python:v1";

/** What a transform means to the planner, by its URN. */
export type Role =
  | "impulse"
  | "group-by-key"
  | "flatten"
  /** Only the environment can run it. */
  | "environment"
  /** `combine_per_key`: a composite that the runner rewrites. */
  | "combine"
  /** Reshuffle and redistribute: a border, whatever they contain. */
  | "redistribute"
  | "test-stream"
  /** A composite, an identity, or something this planner has never heard of. */
  | "other";

const ROLES: ReadonlyMap<string, Role> = new Map<string, Role>([
  [Primitives.IMPULSE, "impulse"],
  [Primitives.GROUP_BY_KEY, "group-by-key"],
  [Primitives.FLATTEN, "flatten"],
  [Primitives.TEST_STREAM, "test-stream"],
  [Primitives.PAR_DO, "environment"],
  [Primitives.ASSIGN_WINDOWS, "environment"],
  [Primitives.MAP_WINDOWS, "environment"],
  [Primitives.MERGE_WINDOWS, "environment"],
  [Primitives.TO_STRING, "environment"],
  ...Object.values(CombineComponents).map((urn): [string, Role] => [urn, "environment"]),
  ...Object.values(SplittableParDoComponents).map((urn): [string, Role] => [urn, "environment"]),
  [UNPACK_URN, "environment"],
  [READ_FROM_IMPULSE_URN, "environment"],
  [Composites.COMBINE_PER_KEY, "combine"],
  [Composites.RESHUFFLE, "redistribute"],
  [Composites.REDISTRIBUTE_BY_KEY, "redistribute"],
  [Composites.REDISTRIBUTE_ARBITRARILY, "redistribute"],
]);

const PAR_DO_LIKE: ReadonlySet<string> = new Set([Primitives.PAR_DO, ...Object.values(SplittableParDoComponents)]);

/** The URN of a transform, or the empty string: most composites have none. */
export function urnOf(transform: PTransform): string {
  return transform.spec?.urn ?? "";
}

export function roleOf(transform: PTransform): Role {
  return ROLES.get(urnOf(transform)) ?? "other";
}

const parDoPayloads = new WeakMap<FunctionSpec, ParDoPayload>();

/**
 * The payload of a ParDo or a part of a splittable one; undefined for every other transform.
 *
 * Parsed once per spec: every pass asks.
 *
 * @throws the parser's error if the bytes are not a ParDoPayload.
 */
export function parDoPayloadOf(transform: PTransform): ParDoPayload | undefined {
  const spec = transform.spec;
  if (spec === undefined || !PAR_DO_LIKE.has(spec.urn)) {
    return undefined;
  }
  let payload = parDoPayloads.get(spec);
  if (payload === undefined) {
    payload = fromBinary(ParDoPayloadSchema, spec.payload);
    parDoPayloads.set(spec, payload);
  }
  return payload;
}

/** The payload of a combine or of one of its components. Throws the parser's error if the bytes are something else. */
export function combinePayloadOf(transform: PTransform): CombinePayload {
  return fromBinary(CombinePayloadSchema, transform.spec?.payload ?? new Uint8Array());
}

/** True of inputs that are looked up rather than processed. */
export function isSideInput(transform: PTransform, localName: string): boolean {
  return Object.hasOwn(parDoPayloadOf(transform)?.sideInputs ?? {}, localName);
}

/** The inputs that drive a transform, as pairs of local name and PCollection id. */
export function mainInputs(transform: PTransform): [string, string][] {
  return Object.entries(transform.inputs).filter(([localName]) => !isSideInput(transform, localName));
}

/** The inputs that a transform looks up, as pairs of local name and PCollection id. */
export function sideInputs(transform: PTransform): [string, string][] {
  return Object.entries(transform.inputs).filter(([localName]) => isSideInput(transform, localName));
}

/** True of a ParDo that declares state or timers. */
export function isStateful(transform: PTransform): boolean {
  const payload = parDoPayloadOf(transform);
  return (
    payload !== undefined &&
    (Object.keys(payload.stateSpecs).length > 0 || Object.keys(payload.timerFamilySpecs).length > 0)
  );
}

/** True of the part of a splittable ParDo that makes restrictions end while a job is being drained. */
export function isTruncating(transform: PTransform): boolean {
  return urnOf(transform) === SplittableParDoComponents.TRUNCATE_SIZED_RESTRICTION;
}

/** True of the part of a splittable ParDo that runs restrictions. */
export function isSplittable(transform: PTransform): boolean {
  return urnOf(transform) === SplittableParDoComponents.PROCESS_SIZED_ELEMENTS_AND_RESTRICTIONS;
}
