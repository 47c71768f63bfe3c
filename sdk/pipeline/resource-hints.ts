/** What a transform needs of the machine it runs on. */
import { GirderError } from "../../portability/errors.js";
import { StandardResourceHints } from "../../portability/urns.js";

/** Hints for the runner; one that cannot follow them ignores them. */
export interface ResourceHints {
  /** Least memory of a worker, bytes. */
  readonly minRamBytes?: number;
  /** Least number of CPUs of a worker. */
  readonly cpuCount?: number;
  /** Most bundles that a worker is given at a time. */
  readonly maxActiveBundlesPerWorker?: number;
  /** Accelerator, in the runner's own words, such as `type:nvidia-tesla-t4;count:1;install-nvidia-driver`. */
  readonly accelerator?: string;
}

const URNS: Readonly<Record<keyof ResourceHints, string>> = {
  minRamBytes: StandardResourceHints.Enum.MIN_RAM_BYTES,
  cpuCount: StandardResourceHints.Enum.CPU_COUNT,
  maxActiveBundlesPerWorker: StandardResourceHints.Enum.MAX_ACTIVE_BUNDLES_PER_WORKER,
  accelerator: StandardResourceHints.Enum.ACCELERATOR,
};

/** @throws GirderError `invalid-argument` for a hint that does not exist, or a number that is not positive and whole. */
export function checkResourceHints(hints: ResourceHints, where: string): void {
  for (const [name, value] of Object.entries(hints)) {
    const valid =
      name === "accelerator"
        ? typeof value === "string" && value !== ""
        : name in URNS && Number.isSafeInteger(value) && value > 0;
    if (valid) continue;
    throw new GirderError("invalid-argument", `The resource hint ${name} cannot be ${String(value)}.`, {
      where,
      remedy: `Hints are ${Object.keys(URNS).join(", ")}: positive whole numbers, and the accelerator a string.`,
    });
  }
}

/** What holds where a transform with hints is part of another one with hints: the greater need, and the nearer accelerator. */
export function mergeResourceHints(outer: ResourceHints, inner: ResourceHints): ResourceHints {
  const merged: { -readonly [K in keyof ResourceHints]: ResourceHints[K] } = { ...outer, ...inner };
  const both = (name: "minRamBytes" | "cpuCount" | "maxActiveBundlesPerWorker", pick: typeof Math.max): void => {
    const [a, b] = [outer[name], inner[name]];
    if (a !== undefined && b !== undefined) merged[name] = pick(a, b);
  };
  both("minRamBytes", Math.max);
  both("cpuCount", Math.max);
  both("maxActiveBundlesPerWorker", Math.min);
  return merged;
}

/** The hints as an `Environment` of the model carries them: by URN, in ASCII. In one order for equal hints. */
export function resourceHintsToProto(hints: ResourceHints): Record<string, Uint8Array> {
  const proto: Record<string, Uint8Array> = {};
  for (const [name, urn] of Object.entries(URNS)) {
    const value = hints[name as keyof ResourceHints];
    if (value !== undefined) proto[urn] = new TextEncoder().encode(String(value));
  }
  return proto;
}
