/** How the values of each kind of state are coded, as far as the runner must tell them apart. */
import type { StateSpec } from "../../../portability/gen/org/apache/beam/model/pipeline/v1/beam_runner_api_pb.js";
import type { Skip } from "./skip.js";
import type { WireCoders } from "./wire-coders.js";

/** Where one value ends and the next begins, for the kinds of state of which the runner must know; else undefined. */
export interface StateLayout {
  readonly value: Skip | undefined;
}

/** @param spec A state spec as it was submitted. */
export function stateLayoutOf({ spec }: StateSpec, coders: WireCoders): StateLayout {
  switch (spec.case) {
    case "orderedListSpec":
      return { value: coders.skip(coders.onWire(spec.value.elementCoderId)) };
    case "mapSpec":
    case "multimapSpec":
      return { value: coders.skip(coders.onWire(spec.value.valueCoderId)) };
    default:
      return { value: undefined };
  }
}

/** Replaces the coders of a state spec by those on the wire, in place. */
export function wireStateSpec({ spec }: StateSpec, coders: WireCoders): void {
  switch (spec.case) {
    case "readModifyWriteSpec":
      spec.value.coderId = coders.onWire(spec.value.coderId);
      break;
    case "bagSpec":
    case "setSpec":
    case "orderedListSpec":
      spec.value.elementCoderId = coders.onWire(spec.value.elementCoderId);
      break;
    case "combiningSpec":
      spec.value.accumulatorCoderId = coders.onWire(spec.value.accumulatorCoderId);
      break;
    case "mapSpec":
    case "multimapSpec":
      spec.value.keyCoderId = coders.onWire(spec.value.keyCoderId);
      spec.value.valueCoderId = coders.onWire(spec.value.valueCoderId);
      break;
    default:
      break;
  }
}
