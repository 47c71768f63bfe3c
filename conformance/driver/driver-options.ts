/** Options of `npm run conformance -- python|go|java`. */
import { parseArgs } from "node:util";
import { GirderError } from "girder";
import { SUBJECTS, type SubjectName } from "../endpoint/endpoint.js";

export const ENVIRONMENTS = ["LOOPBACK", "EXTERNAL", "PROCESS"] as const;
export type EnvironmentName = (typeof ENVIRONMENTS)[number];

export interface DriverOptions {
  /** Whose job service is started, or listens at `endpoint`. Default `girder`. */
  readonly subject: SubjectName;
  /** The job service that is running, `host:port`. One is started if absent. */
  readonly endpoint: string | undefined;
  /** Only tests whose names match. */
  readonly only: RegExp | undefined;
  /** Only this part of the suite. */
  readonly part: string | undefined;
  /** Where the SDK's functions run. Default LOOPBACK: in the process of the tests. */
  readonly environment: EnvironmentName;
  /** The Python SDK's experiment `pre_optimize`: which optimisations of the pipeline it does itself. */
  readonly preOptimize: string | undefined;
  readonly streaming: boolean;
  /** Seconds that a test may take. Default: what the suite's slowest needs on a busy machine. */
  readonly timeout: number;
  /** How many programs run tests side by side. Default 1; of the Java suite 4, whose tests wait rather than work. */
  readonly shards: number | undefined;
  /** The file that the report is written to. */
  readonly json: string | undefined;
  readonly writeScoreboard: boolean;
  readonly writeKnownFailures: boolean;
}

/**
 * @param timeout The suite's own limit of a test, in seconds.
 * @throws GirderError `invalid-option`.
 */
export function parseDriverOptions(args: readonly string[], timeout: number): DriverOptions {
  const values = parsed(args);
  // The name of a subject in place of an address: that of its job service, which is started.
  const named = SUBJECTS.find((each) => each === values.endpoint);
  return {
    subject: named ?? oneOf(SUBJECTS, "subject", values.subject),
    endpoint: named === undefined ? values.endpoint : undefined,
    only: values.only === undefined ? undefined : patternOf(values.only),
    part: values.part,
    environment: oneOf(ENVIRONMENTS, "environment", values.environment),
    preOptimize: values["pre-optimize"],
    streaming: values.streaming,
    timeout: values.timeout === undefined ? timeout : positive("timeout", values.timeout),
    shards: values.shards === undefined ? undefined : positive("shards", values.shards),
    json: values.json,
    writeScoreboard: values["write-scoreboard"],
    writeKnownFailures: values["write-known-failures"],
  };
}

function parsed(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        subject: { type: "string", default: "girder" },
        endpoint: { type: "string" },
        only: { type: "string" },
        part: { type: "string" },
        environment: { type: "string", default: "LOOPBACK" },
        "pre-optimize": { type: "string" },
        streaming: { type: "boolean", default: false },
        timeout: { type: "string" },
        shards: { type: "string" },
        json: { type: "string" },
        "write-scoreboard": { type: "boolean", default: false },
        "write-known-failures": { type: "boolean", default: false },
      },
    }).values;
  } catch (cause) {
    throw new GirderError("invalid-option", cause instanceof Error ? cause.message : String(cause), { cause });
  }
}

function oneOf<T extends string>(names: readonly T[], option: string, value: string): T {
  const found = names.find((name) => name === value);
  if (found !== undefined) return found;
  throw new GirderError("invalid-option", `--${option} is ${value}.`, { remedy: `Use one of: ${names.join(", ")}.` });
}

function positive(option: string, value: string): number {
  const number = Number(value);
  if (Number.isInteger(number) && number > 0) return number;
  throw new GirderError("invalid-option", `--${option} is ${value}.`, { remedy: "Use a whole number above zero." });
}

function patternOf(only: string): RegExp {
  try {
    return new RegExp(only);
  } catch (cause) {
    throw new GirderError("invalid-option", `--only is ${only}, which is no regular expression.`, { cause });
  }
}

/** What a run's results are filed and compared under: the environment, and what is not as usual. */
export function variantOf({ environment, preOptimize, streaming }: DriverOptions): string[] {
  return [
    environment,
    ...(preOptimize === undefined ? [] : [`pre-optimize-${preOptimize}`]),
    ...(streaming ? ["streaming"] : []),
  ];
}

/** The variant of an ordinary run. */
export const USUAL_VARIANT: readonly string[] = ["LOOPBACK"];
