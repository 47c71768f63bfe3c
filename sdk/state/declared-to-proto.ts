/** States and timers as the protocol has them (`ParDoPayload`). */
import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { type Coder, type KVCoder, TimerCoder } from "../../portability/coders/index.js";
import type { TimeDomain } from "../../portability/execution/timer.js";
import {
  FunctionSpecSchema,
  type ParDoPayloadSchema,
  type StateSpec,
  StateSpecSchema,
  TimeDomain_Enum,
  type TimerFamilySpec,
  TimerFamilySpecSchema,
} from "../../portability/gen/org/apache/beam/model/pipeline/v1/beam_runner_api_pb.js";
import { StandardRequirements, StandardUserStateTypes } from "../../portability/urns.js";
import { COMBINE_FN_URN } from "../pipeline/functions.js";
import type { PCollection } from "../pipeline/pcollection.js";
import { windowCoderOf } from "../pipeline/windowing.js";
import { type Declared, EXPIRATION_FAMILY } from "./declared.js";
import type { StateParam } from "./state-param.js";

const { Enum: PROTOCOL } = StandardUserStateTypes;
const { Enum: REQUIREMENT } = StandardRequirements;

/** The fields of a ParDo's payload that say what its function declares; the pipeline is told what it requires. */
export function declaredToProto(
  input: PCollection<unknown>,
  { states, timers, doFn, finalizes }: Declared,
): MessageInitShape<typeof ParDoPayloadSchema> {
  const { pipeline } = input;
  const stateSpecs: Record<string, StateSpec> = {};
  for (const state of states.values()) stateSpecs[state.id] = stateToProto(input, state);
  const timerFamilySpecs: Record<string, TimerFamilySpec> = {};
  const addFamily = (id: string, domain: TimeDomain): void => {
    const { key } = input.coder as KVCoder<unknown, unknown>;
    timerFamilySpecs[id] = create(TimerFamilySpecSchema, {
      timeDomain: domain === "event-time" ? TimeDomain_Enum.EVENT_TIME : TimeDomain_Enum.PROCESSING_TIME,
      timerFamilyCoderId: pipeline.addCoder(new TimerCoder(key, windowCoderOf(input.windowing)) as Coder<unknown>),
    });
  };
  for (const { id, domain } of timers.values()) addFamily(id, domain);
  const expires = doFn?.onWindowExpiration !== undefined;
  if (expires) addFamily(EXPIRATION_FAMILY, "event-time");
  const requiresTimeSortedInput = doFn?.requiresTimeSortedInput === true;
  const requiresStableInput = doFn?.requiresStableInput === true;
  const required: readonly [boolean, string][] = [
    [states.size + timers.size > 0 || expires, REQUIREMENT.REQUIRES_STATEFUL_PROCESSING],
    [expires, REQUIREMENT.REQUIRES_ON_WINDOW_EXPIRATION],
    [requiresTimeSortedInput, REQUIREMENT.REQUIRES_TIME_SORTED_INPUT],
    [requiresStableInput, REQUIREMENT.REQUIRES_STABLE_INPUT],
    [finalizes, REQUIREMENT.REQUIRES_BUNDLE_FINALIZATION],
  ];
  for (const [is, urn] of required) if (is) pipeline.require(urn);
  return {
    stateSpecs,
    timerFamilySpecs,
    requestsFinalization: finalizes,
    requiresTimeSortedInput,
    requiresStableInput,
    onWindowExpirationTimerFamilySpec: expires ? EXPIRATION_FAMILY : "",
  };
}

function stateToProto({ pipeline }: PCollection<unknown>, { id, declaration }: StateParam<unknown>): StateSpec {
  const coderId = pipeline.addCoder(declaration.coder);
  const spec = (kind: MessageInitShape<typeof StateSpecSchema>["spec"], urn: string): StateSpec =>
    create(StateSpecSchema, { spec: kind!, protocol: create(FunctionSpecSchema, { urn }) });
  switch (declaration.kind) {
    case "value":
      return spec({ case: "readModifyWriteSpec", value: { coderId } }, PROTOCOL.BAG);
    case "bag":
      return spec({ case: "bagSpec", value: { elementCoderId: coderId } }, PROTOCOL.BAG);
    case "set":
      return spec({ case: "setSpec", value: { elementCoderId: coderId } }, PROTOCOL.BAG);
    case "combining": {
      // Runners need not combine: whoever executes the function has its CombineFn, too.
      const payload = Buffer.from(JSON.stringify({ transform: pipeline.where, state: id }));
      const combineFn = create(FunctionSpecSchema, { urn: COMBINE_FN_URN, payload });
      return spec({ case: "combiningSpec", value: { accumulatorCoderId: coderId, combineFn } }, PROTOCOL.BAG);
    }
    case "ordered-list":
      return spec({ case: "orderedListSpec", value: { elementCoderId: coderId } }, PROTOCOL.ORDERED_LIST);
    case "map":
    case "multimap": {
      const value = { keyCoderId: pipeline.addCoder(declaration.key), valueCoderId: coderId };
      const isMap = declaration.kind === "map";
      return spec(isMap ? { case: "mapSpec", value } : { case: "multimapSpec", value }, PROTOCOL.MULTIMAP);
    }
  }
}
