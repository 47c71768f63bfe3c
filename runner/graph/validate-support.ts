import {
  AccumulationMode_Enum,
  type Components,
  type ParDoPayload,
  type PTransform,
} from "../../portability/gen/org/apache/beam/model/pipeline/v1/beam_runner_api_pb.js";
import { StandardRequirements } from "../../portability/urns.js";
import type { Capabilities } from "./capabilities.js";
import type { Fault } from "./fault.js";
import { isBoundedRead, isDeprecatedRead } from "./read-from-impulse.js";
import { retractionFaults } from "./retractable.js";
import { isStateful, mainInputs, parDoPayloadOf, roleOf, urnOf } from "./transforms.js";

const { Enum: Requirement } = StandardRequirements;

/** Ways out that hold for most of what is not supported. */
const ANOTHER_RUNNER = "Do without it, or run the pipeline on another runner";

/** What an author calls the things that requirements stand for. */
const REQUIREMENT_NAMES: Readonly<Record<string, string>> = {
  [Requirement.REQUIRES_STATEFUL_PROCESSING]: "state or timers",
  [Requirement.REQUIRES_BUNDLE_FINALIZATION]: "bundle finalization",
  [Requirement.REQUIRES_STABLE_INPUT]: "stable input",
  [Requirement.REQUIRES_TIME_SORTED_INPUT]: "time-sorted input",
  [Requirement.REQUIRES_SPLITTABLE_DOFN]: "a splittable DoFn",
  [Requirement.REQUIRES_ON_WINDOW_EXPIRATION]: "a callback on window expiration",
};

/**
 * What a pipeline asks for beyond the runner's capabilities. Says nothing about references that lead nowhere.
 *
 * @param leaves ids of the transforms that would run.
 * @param requirements URNs that the pipeline declares; one that a transform is already named for is not repeated.
 */
export function supportFaults(
  components: Components,
  leaves: readonly string[],
  requirements: readonly string[],
  capabilities: Capabilities,
): Fault[] {
  const check = new SupportCheck(components, capabilities);
  for (const id of leaves) {
    check.leaf(components.transforms[id]!);
  }
  check.requirements(requirements);
  // Payloads that cannot be parsed are reported as contradictions; what they would say is not looked at.
  const legible = leaves.filter((id) => readable(() => mainInputs(components.transforms[id]!)) !== undefined);
  return [...check.faults, ...retractionFaults(components, legible)];
}

class SupportCheck {
  readonly faults: Fault[] = [];
  private readonly environments = new Set<string>();
  private readonly windowings = new Set<string>();
  private readonly reportedRequirements = new Set<string>();

  constructor(
    private readonly components: Components,
    private readonly capabilities: Capabilities,
  ) {}

  leaf(transform: PTransform): void {
    const where = transform.uniqueName;
    const urn = urnOf(transform);
    if (isDeprecatedRead(transform)) {
      this.deprecatedRead(transform);
      return;
    }
    if (!this.capabilities.transforms.has(urn)) {
      const what =
        urn === "" ? "it has no URN and no subtransforms" : `transforms of the kind ${urn} are not supported`;
      this.fault(where, what, "Use a transform that its SDK expands into standard ones, or run it on another runner");
      return;
    }
    this.environment(transform);
    this.parDo(transform);
    for (const pcollection of [...Object.values(transform.inputs), ...Object.values(transform.outputs)]) {
      this.windowFn(where, pcollection);
    }
    if (roleOf(transform) === "group-by-key" || roleOf(transform) === "combine") {
      this.triggering(transform);
    }
  }

  private deprecatedRead(transform: PTransform): void {
    const environment = this.components.environments[transform.environmentId];
    const runs = environment !== undefined && this.capabilities.deprecatedReads(environment);
    if (runs && readable(() => isBoundedRead(transform)) !== false) return;
    this.fault(
      transform.uniqueName,
      runs
        ? "it is a deprecated read of an unbounded source"
        : "it is a deprecated read, which its SDK's workers do not run",
      "Let its SDK expand it: leave out --experiments=use_deprecated_read and beam_fn_api_use_deprecated_read",
    );
  }

  requirements(requirements: readonly string[]): void {
    for (const urn of requirements) {
      if (!this.capabilities.requirements.has(urn) && !this.reportedRequirements.has(urn)) {
        this.fault("", `it requires ${REQUIREMENT_NAMES[urn] ?? urn}, which is not supported`, ANOTHER_RUNNER);
      }
    }
  }

  private environment(transform: PTransform): void {
    const id = transform.environmentId;
    const environment = this.components.environments[id];
    const runs = roleOf(transform) === "environment" || roleOf(transform) === "combine";
    if (!runs || environment === undefined || this.environments.has(id)) {
      return;
    }
    this.environments.add(id);
    if (!this.capabilities.environments.has(environment.urn)) {
      this.fault(
        transform.uniqueName,
        `environments of the kind ${environment.urn || "(none)"} are not supported`,
        `Choose one of ${[...this.capabilities.environments].join(", ")}`,
      );
    }
  }

  private parDo(transform: PTransform): void {
    const payload = readable(() => parDoPayloadOf(transform));
    if (payload === undefined) {
      return;
    }
    for (const urn of requirementsOf(transform, payload)) {
      if (!this.capabilities.requirements.has(urn)) {
        this.reportedRequirements.add(urn);
        this.fault(transform.uniqueName, `it uses ${REQUIREMENT_NAMES[urn]}, which is not supported`, ANOTHER_RUNNER);
      }
    }
    for (const [localName, sideInput] of Object.entries(payload.sideInputs)) {
      const urn = sideInput.accessPattern?.urn ?? "";
      if (!this.capabilities.sideInputs.has(urn)) {
        this.fault(
          transform.uniqueName,
          `its side input ${localName} is accessed as ${urn || "(nothing)"}, which is not supported`,
          `Use one of ${[...this.capabilities.sideInputs].join(", ")}`,
        );
      }
    }
  }

  private windowFn(where: string, pcollection: string): void {
    const id = this.components.pcollections[pcollection]?.windowingStrategyId ?? "";
    const windowFn = this.components.windowingStrategies[id]?.windowFn;
    if (windowFn === undefined || this.windowings.has(id)) {
      return;
    }
    this.windowings.add(id);
    if (!this.capabilities.windowFns.has(windowFn.urn) && !this.capabilities.customWindowFns) {
      this.fault(
        where,
        `the window function ${windowFn.urn} is not supported`,
        `Use one of ${[...this.capabilities.windowFns].join(", ")}`,
      );
    }
  }

  private triggering(transform: PTransform): void {
    const input = readable(() => mainInputs(transform)[0]?.[1]);
    const id = this.components.pcollections[input ?? ""]?.windowingStrategyId ?? "";
    const windowing = this.components.windowingStrategies[id];
    if (windowing === undefined) {
      return;
    }
    if (!this.capabilities.accumulationModes.has(windowing.accumulationMode)) {
      // A mode that is newer than this runner has a number only.
      const { accumulationMode } = windowing;
      const mode = AccumulationMode_Enum[accumulationMode]?.toLowerCase() ?? `mode-${accumulationMode}`;
      this.fault(transform.uniqueName, `${mode} panes are not supported`, "Use discarding or accumulating panes");
    }
  }

  private fault(where: string, what: string, remedy: string): void {
    this.faults.push({ code: "unsupported", where, what, remedy });
  }
}

/** The requirements that one ParDo implies, declared by its pipeline or not. */
function requirementsOf(transform: PTransform, payload: ParDoPayload): string[] {
  const implied: [boolean, string][] = [
    [isStateful(transform), Requirement.REQUIRES_STATEFUL_PROCESSING],
    [payload.requestsFinalization, Requirement.REQUIRES_BUNDLE_FINALIZATION],
    [payload.requiresStableInput, Requirement.REQUIRES_STABLE_INPUT],
    [payload.requiresTimeSortedInput, Requirement.REQUIRES_TIME_SORTED_INPUT],
    [payload.restrictionCoderId !== "", Requirement.REQUIRES_SPLITTABLE_DOFN],
    [payload.onWindowExpirationTimerFamilySpec !== "", Requirement.REQUIRES_ON_WINDOW_EXPIRATION],
  ];
  return implied.flatMap(([uses, urn]) => (uses ? [urn] : []));
}

/** Undefined where a payload cannot be parsed, which is reported as a contradiction. */
function readable<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}
