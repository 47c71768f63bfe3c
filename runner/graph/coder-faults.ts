/** What is wrong with the coders of a pipeline. */
import type {
  Coder,
  Components,
  ParDoPayload,
  StateSpec,
} from "../../portability/gen/org/apache/beam/model/pipeline/v1/beam_runner_api_pb.js";
import { StandardCoders } from "../../portability/urns.js";

const { Enum: URN } = StandardCoders;

/** How many components the coders must have into which the runner looks. */
const COMPONENTS: ReadonlyMap<string, number> = new Map([
  [URN.KV, 2],
  [URN.TIMER, 2],
  [URN.ITERABLE, 1],
  [URN.LENGTH_PREFIX, 1],
  [URN.NULLABLE, 1],
  [URN.SHARDED_KEY, 1],
  [URN.CUSTOM_WINDOW, 1],
]);

export class CoderFaults {
  readonly #known = new Map<string, string | undefined>();
  /** The coders that are being looked at, each a part of the one before. */
  readonly #outer: string[] = [];

  constructor(readonly coders: Components["coders"]) {}

  /** What is wrong with a coder or a part of it, as the end of a sentence; undefined if nothing is. */
  of(id: string): string | undefined {
    if (this.#known.has(id)) return this.#known.get(id);
    const coder = this.coders[id];
    if (coder === undefined) return `the coder ${id} does not exist`;
    const begun = this.#outer.indexOf(id);
    if (begun >= 0) {
      // What is in a coder that the runner does not know is nothing to it.
      const isKnown = this.#outer.slice(begun).every((it) => COMPONENTS.has(urnOf(this.coders[it]!)));
      return isKnown ? `the coder ${id} contains itself` : undefined;
    }
    const expected = COMPONENTS.get(urnOf(coder)) ?? 0;
    let fault: string | undefined;
    if (coder.componentCoderIds.length < expected) {
      fault = `the coder ${id} has ${coder.componentCoderIds.length} components instead of ${expected}`;
    }
    this.#outer.push(id);
    for (const part of coder.componentCoderIds) fault ??= this.of(part);
    this.#outer.pop();
    this.#known.set(id, fault);
    return fault;
  }

  /** What is wrong with the coders of a ParDo's state, timers and restrictions. */
  *ofParDo({ stateSpecs, timerFamilySpecs, restrictionCoderId }: ParDoPayload): Generator<string, void, undefined> {
    const ids = Object.values(stateSpecs).flatMap(codersOf);
    for (const { timerFamilyCoderId } of Object.values(timerFamilySpecs)) {
      const coder = this.coders[timerFamilyCoderId];
      if (coder !== undefined && urnOf(coder) !== URN.TIMER) yield `the coder ${timerFamilyCoderId} is none of timers`;
      ids.push(timerFamilyCoderId);
    }
    if (restrictionCoderId !== "") ids.push(restrictionCoderId);
    for (const id of ids) {
      const fault = this.of(id);
      if (fault !== undefined) yield fault;
    }
  }
}

function urnOf(coder: Coder): string {
  return coder.spec?.urn ?? "";
}

function codersOf({ spec }: StateSpec): string[] {
  switch (spec.case) {
    case "readModifyWriteSpec":
      return [spec.value.coderId];
    case "bagSpec":
    case "setSpec":
    case "orderedListSpec":
      return [spec.value.elementCoderId];
    case "combiningSpec":
      return [spec.value.accumulatorCoderId];
    case "mapSpec":
    case "multimapSpec":
      return [spec.value.keyCoderId, spec.value.valueCoderId];
    case undefined:
      return [];
  }
}
