/** What a job on Dataflow needs to know, of a program's options: all that is wrong with them is said at once. */
import { GirderError } from "../../../portability/errors.js";
import { RUNNER_OPTIONS } from "../pipeline-options.js";
import type { RunOptions } from "../run.js";
import { DATAFLOW_OPTIONS } from "./dataflow-options.js";

export interface DataflowSettings {
  readonly project: string;
  readonly region: string;
  readonly jobName: string;
  /** `gs://BUCKET/PATH` of this job alone. */
  readonly stagingLocation: string;
  /** `gs://BUCKET/PATH` */
  readonly tempLocation: string;
  readonly image: string;
  readonly streaming: boolean;
  readonly experiments: readonly string[];
  readonly serviceOptions: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
  readonly transformNameMapping: Readonly<Record<string, string>>;
  /** URL without a slash at its end. */
  readonly endpoint: string;
  /** By which the service knows a request that comes again. */
  readonly requestId: string;
  readonly options: RunOptions;
}

/** What stands for one job among others of its name. */
export interface JobIdentity {
  readonly now: Date;
  readonly random: number;
}

/** What Dataflow's portable runner is asked for: without them it would expect a worker of its own kind. */
const EXPERIMENTS = ["beam_fn_api", "use_runner_v2", "use_unified_worker", "use_portable_job_submission"];
const STREAMING_EXPERIMENTS = ["enable_streaming_engine", "enable_windmill_service"];
/** What would take that back. */
const REFUSED_EXPERIMENTS = ["disable_runner_v2", "disable_prime_runner_v2", "disable_portable_runner"];

const PROJECT = /^[a-z][-a-z0-9:.]+[a-z0-9]$/;
const JOB_NAME = /^[a-z]([-a-z0-9]{0,1022}[a-z0-9])?$/;
const LOCATION = /^gs:\/\/[a-z0-9][-_.a-z0-9]+[a-z0-9](\/.*)?$/;

/**
 * The settings of a job.
 *
 * @param unbounded Whether the pipeline has a source without end.
 * @throws GirderError `invalid-option` with everything that is missing or wrong.
 */
export function dataflowSettings(
  options: RunOptions,
  unbounded: boolean,
  { now, random }: JobIdentity = { now: new Date(), random: Math.random() },
): DataflowSettings {
  const problems: string[] = [];
  const say = (flag: string, what: string): void => void problems.push(`${flag} ${what}`);
  const { project = "", region = "", tempLocation, stagingLocation, sdkContainerImage: image = "" } = options;
  const streaming = unbounded || options.streaming === true;
  const stamp = now.toISOString().replace(/\D/g, "");
  const isNamed = options.jobName !== undefined && options.jobName !== RUNNER_OPTIONS.jobName.default;
  const jobName = isNamed ? options.jobName! : `girder-${stamp}`;

  if (project === "") say("--project", "is missing: the Google Cloud project of the job");
  else if (!PROJECT.test(project))
    say("--project", `"${project}" is no id of a project (its number or title will not do)`);
  if (region === "") say("--region", "is missing: such as europe-west1");
  if (tempLocation === undefined && stagingLocation === undefined)
    say("--temp-location", "is missing: gs://BUCKET/PATH");
  for (const [flag, value] of [
    ["--temp-location", tempLocation] as const,
    ["--staging-location", stagingLocation] as const,
  ]) {
    if (value !== undefined && !LOCATION.test(value)) say(flag, `"${value}" is not gs://BUCKET/PATH`);
  }
  if (image === "") say("--sdk-container-image", "is missing: an image with this program's worker, in a registry");
  if (!JOB_NAME.test(jobName)) say("--job-name", `"${jobName}" is not made of small letters, digits and -`);
  if (options.jobEndpoint !== undefined) say("--job-endpoint", "is not Dataflow's; --dataflow-endpoint is");
  if (
    options.environmentType !== undefined &&
    !["LOOPBACK", "DOCKER"].includes(options.environmentType.toUpperCase())
  ) {
    say("--environment-type", `${options.environmentType} is not to be had: functions run in --sdk-container-image`);
  }
  for (const name of ["numWorkers", "maxNumWorkers", "numberOfWorkerHarnessThreads", "diskSizeGb"] as const) {
    const value = options[name];
    if (value !== undefined && !(Number.isInteger(value) && value > 0))
      say(flagOf(name), `${value} is no whole number above 0`);
  }
  const { numWorkers = 0, maxNumWorkers = Number.POSITIVE_INFINITY } = options;
  if (numWorkers > maxNumWorkers)
    say("--num-workers", `${numWorkers} are more than --max-num-workers, ${maxNumWorkers}`);
  oneOf("autoscalingAlgorithm", ["NONE", "THROUGHPUT_BASED"], options, say);
  oneOf("flexrsGoal", ["COST_OPTIMIZED", "SPEED_OPTIMIZED"], options, say);
  if (options.workerRegion !== undefined && options.workerZone !== undefined)
    say("--worker-region", "and --worker-zone exclude each other");
  const given = list(options.experiments);
  for (const each of given)
    if (REFUSED_EXPERIMENTS.some((one) => each.startsWith(one)))
      say("--experiments", `${each}: this SDK runs on the portable runner only`);
  if (options.transformNameMapping !== undefined && options.update !== true)
    say("--transform-name-mapping", "is for --update");
  if (options.update === true && !streaming) say("--update", "is for streaming jobs");
  if (options.update === true && !isNamed) say("--job-name", "is missing: that of the job to --update");
  const endpoint = (options.dataflowEndpoint ?? DATAFLOW_OPTIONS.dataflowEndpoint.default).replace(/\/+$/, "");
  if (!/^https?:\/\/[^/]/.test(endpoint)) say("--dataflow-endpoint", `"${endpoint}" is no URL`);
  const labels = textMap("--labels", options.labels, say);
  const transformNameMapping = textMap("--transform-name-mapping", options.transformNameMapping, say);

  if (problems.length > 0) {
    throw new GirderError("invalid-option", `The job cannot be made for Dataflow: ${problems.join("; ")}.`, {
      where: "--runner=dataflow",
      remedy:
        "Give what is missing and correct the rest; --help says what each is. --dry-run=FOLDER shows the job without submitting it.",
    });
  }
  const location = (text: string): string => `${text.replace(/\/+$/, "")}/${jobName}.${stamp}`;
  return {
    project,
    region,
    jobName,
    stagingLocation: location((stagingLocation ?? tempLocation)!),
    tempLocation: location((tempLocation ?? stagingLocation)!),
    image,
    streaming,
    experiments: [...new Set([...given, ...EXPERIMENTS, ...(streaming ? STREAMING_EXPERIMENTS : [])])],
    serviceOptions: list(options.dataflowServiceOptions),
    labels,
    transformNameMapping,
    endpoint,
    requestId: `${stamp}-${Math.floor(random * 9000) + 1000}`,
    options,
  };
}

type Say = (flag: string, what: string) => void;

function flagOf(name: string): string {
  return `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}

function oneOf(
  name: "autoscalingAlgorithm" | "flexrsGoal",
  of: readonly string[],
  options: RunOptions,
  say: Say,
): void {
  const value = options[name];
  if (value !== undefined && !of.includes(value)) say(flagOf(name), `is ${of.join(" or ")}, not ${value}`);
}

function list(text: string | undefined): string[] {
  return (text ?? "").split(",").flatMap((each) => (each.trim() === "" ? [] : [each.trim()]));
}

function textMap(flag: string, text: string | undefined, say: Say): Readonly<Record<string, string>> {
  if (text === undefined) return {};
  try {
    const value = JSON.parse(text) as unknown;
    const isMap = typeof value === "object" && value !== null && !Array.isArray(value);
    if (isMap && Object.values(value).every((each) => typeof each === "string")) return value as Record<string, string>;
  } catch {
    // Said below.
  }
  say(flag, `${text} is no JSON object of texts`);
  return {};
}
