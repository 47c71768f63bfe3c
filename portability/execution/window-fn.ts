/** The four standard window functions as plain values, and their protos (`standard_window_fns.proto`). */
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import {
  type Duration as DurationProto,
  DurationSchema,
  type Timestamp,
  TimestampSchema,
} from "@bufbuild/protobuf/wkt";
import { GirderError } from "../errors.js";
import { type FunctionSpec, FunctionSpecSchema } from "../gen/org/apache/beam/model/pipeline/v1/beam_runner_api_pb.js";
import {
  FixedWindowsPayloadSchema,
  SessionWindowsPayloadSchema,
  SlidingWindowsPayloadSchema,
} from "../gen/org/apache/beam/model/pipeline/v1/standard_window_fns_pb.js";
import * as urns from "../urns.js";
import type { Duration } from "./time.js";

/** All lengths in ms. `offset` shifts where windows begin, from the epoch. */
export type StandardWindowFn =
  | { readonly kind: "global" }
  | { readonly kind: "fixed"; readonly size: Duration; readonly offset: Duration }
  | { readonly kind: "sliding"; readonly size: Duration; readonly period: Duration; readonly offset: Duration }
  | { readonly kind: "sessions"; readonly gap: Duration };

const URN = {
  global: urns.GlobalWindowsPayload.Enum.PROPERTIES,
  fixed: urns.FixedWindowsPayload.Enum.PROPERTIES,
  sliding: urns.SlidingWindowsPayload.Enum.PROPERTIES,
  sessions: urns.SessionWindowsPayload.Enum.PROPERTIES,
} as const;

export function windowFnToProto(fn: StandardWindowFn): FunctionSpec {
  return create(FunctionSpecSchema, { urn: URN[fn.kind], payload: payload(fn) });
}

function payload(fn: StandardWindowFn): Uint8Array {
  switch (fn.kind) {
    case "global":
      return new Uint8Array();
    case "fixed":
      return toBinary(
        FixedWindowsPayloadSchema,
        create(FixedWindowsPayloadSchema, { size: length(fn.size), offset: instant(fn.offset) }),
      );
    case "sliding":
      return toBinary(
        SlidingWindowsPayloadSchema,
        create(SlidingWindowsPayloadSchema, {
          size: length(fn.size),
          period: length(fn.period),
          offset: instant(fn.offset),
        }),
      );
    case "sessions":
      return toBinary(SessionWindowsPayloadSchema, create(SessionWindowsPayloadSchema, { gapSize: length(fn.gap) }));
  }
}

/**
 * The standard window function that a spec names; undefined if it names another.
 *
 * @throws GirderError `invalid-pipeline` for a payload whose sizes make no windows.
 */
export function windowFnFromProto(spec: FunctionSpec): StandardWindowFn | undefined {
  switch (spec.urn) {
    case URN.global:
      return { kind: "global" };
    case URN.fixed: {
      const { size, offset } = fromBinary(FixedWindowsPayloadSchema, spec.payload);
      return { kind: "fixed", size: positive("size", size), offset: millis(offset) };
    }
    case URN.sliding: {
      const { size, period, offset } = fromBinary(SlidingWindowsPayloadSchema, spec.payload);
      return {
        kind: "sliding",
        size: positive("size", size),
        period: positive("period", period),
        offset: millis(offset),
      };
    }
    case URN.sessions:
      return { kind: "sessions", gap: positive("gap", fromBinary(SessionWindowsPayloadSchema, spec.payload).gapSize) };
    default:
      return undefined;
  }
}

function length(ms: Duration): DurationProto {
  return create(DurationSchema, split(ms));
}

function instant(ms: Duration): Timestamp {
  return create(TimestampSchema, split(ms));
}

function split(ms: Duration): { seconds: bigint; nanos: number } {
  const seconds = Math.floor(ms / 1000);
  return { seconds: BigInt(seconds), nanos: (ms - seconds * 1000) * 1_000_000 };
}

function millis(proto: DurationProto | Timestamp | undefined): Duration {
  return proto === undefined ? 0 : Number(proto.seconds) * 1000 + Math.floor(proto.nanos / 1_000_000);
}

function positive(what: string, proto: DurationProto | undefined): Duration {
  const ms = millis(proto);
  if (!(ms > 0)) throw new GirderError("invalid-pipeline", `A window function has a ${what} of ${ms} ms.`);
  return ms;
}
