/** PCollections whose elements may be taken back again: panes that retract, and all that is made of them. */
import { HANDLES_RETRACTIONS } from "../../portability/execution/retractions.js";
import {
  AccumulationMode_Enum,
  type Components,
  type PTransform,
} from "../../portability/gen/org/apache/beam/model/pipeline/v1/beam_runner_api_pb.js";
import type { Fault } from "./fault.js";
import { isStateful, mainInputs, roleOf, sideInputs } from "./transforms.js";

/** Ids of the PCollections that may retract: those that a retracting grouping makes, and what follows of them. */
export function retractablePCollections(components: Components, leaves: readonly string[]): ReadonlySet<string> {
  const retractable = new Set<string>();
  if (!Object.values(components.windowingStrategies).some(isRetracting)) return retractable;
  // Each round finds at least one more: a pipeline has no cycles.
  for (let before = -1; before < retractable.size; ) {
    before = retractable.size;
    for (const id of leaves) {
      const transform = components.transforms[id]!;
      const inputs = mainInputs(transform).map(([, pcollection]) => pcollection);
      if (handlesRetractions(transform)) continue;
      const groups = ["group-by-key", "combine"].includes(roleOf(transform));
      const retracts = inputs.some((it) => retractable.has(it) || (groups && retractsPanes(components, it)));
      if (retracts) for (const output of Object.values(transform.outputs)) retractable.add(output);
    }
  }
  return retractable;
}

/** What cannot take anything back. */
export function retractionFaults(components: Components, leaves: readonly string[]): Fault[] {
  const retractable = retractablePCollections(components, leaves);
  if (retractable.size === 0) return [];
  const faults: Fault[] = [];
  for (const id of leaves) {
    const transform = components.transforms[id]!;
    if (handlesRetractions(transform)) continue;
    const refuse = (what: string, remedy: string): void => {
      faults.push({ code: "unsupported", where: transform.uniqueName, what, remedy });
    };
    for (const [localName, pcollection] of sideInputs(transform)) {
      if (retractable.has(pcollection)) {
        refuse(`its side input ${localName} retracts`, "Use discarding or accumulating panes for side inputs");
      }
    }
    const input = mainInputs(transform).find(([, pcollection]) => retractable.has(pcollection))?.[1];
    if (input === undefined) continue;
    if (isStateful(transform)) {
      refuse("it keeps state of an input that retracts", "Use discarding or accumulating panes before it");
    }
    if (roleOf(transform) === "group-by-key" && !retractsPanes(components, input)) {
      refuse("it groups an input that retracts into panes that do not", "Let its panes retract, too");
    }
  }
  return faults;
}

function handlesRetractions({ annotations }: PTransform): boolean {
  return Object.hasOwn(annotations, HANDLES_RETRACTIONS);
}

function isRetracting({ accumulationMode }: { readonly accumulationMode: AccumulationMode_Enum }): boolean {
  return accumulationMode === AccumulationMode_Enum.RETRACTING;
}

function retractsPanes({ pcollections, windowingStrategies }: Components, pcollection: string): boolean {
  const strategy = windowingStrategies[pcollections[pcollection]?.windowingStrategyId ?? ""];
  return strategy !== undefined && isRetracting(strategy);
}
