/** A job service under the options of a program. */
import type { JsonObject } from "@bufbuild/protobuf";
import { GirderError } from "../../../portability/errors.js";
import type { Pipeline } from "../../pipeline/pipeline.js";
import { defaultImage } from "../default-image.js";
import { jobOptions } from "../job-server/runner-options.js";
import { RUNNER_OPTIONS } from "../pipeline-options.js";
import type { PipelineResult } from "../pipeline-result.js";
import type { RunOptions } from "../run.js";
import type { ServiceProcess } from "./job-client.js";
import { type EnvironmentChoice, runPortable } from "./portable.js";

/**
 * Runs a pipeline to its end on a job service that runs.
 *
 * @throws GirderError `invalid-option` for an option that is missing or says nothing; otherwise see {@link runPortable}.
 */
export async function launchPortable(pipeline: Pipeline, options: RunOptions): Promise<PipelineResult> {
  const { jobEndpoint } = options;
  if (jobEndpoint === undefined) {
    throw new GirderError("invalid-option", "It is not said where the job service is.", {
      where: "--job-endpoint",
      remedy: "Write --job-endpoint=HOST:PORT; girder serve starts one.",
    });
  }
  return launchAt(pipeline, options, { jobEndpoint, options: jobOptions(options) });
}

/** A job service, and what it is told. */
export interface JobService {
  /** `host:port` */
  readonly jobEndpoint: string;
  /** Its process, where that is ours. */
  readonly server?: ServiceProcess;
  /** Options as it takes them: `beam:option:NAME:v1`. Default: those that are every runner's. */
  readonly options?: JsonObject;
}

/** Runs a pipeline to its end on a job service. @throws GirderError see {@link launchPortable} */
export async function launchAt(
  pipeline: Pipeline,
  given: RunOptions,
  { jobEndpoint, server, options = jobOptions(given) }: JobService,
): Promise<PipelineResult> {
  if (!ADDRESS.test(jobEndpoint)) {
    throw new GirderError(
      "invalid-option",
      `It is not said where the job service is: "${jobEndpoint}" is no HOST:PORT.`,
      {
        where: "--job-endpoint",
        remedy: "Write HOST:PORT.",
      },
    );
  }
  const { jobName, workerProgram, workerExternal, signal, drain, onMessage, onProgress } = given;
  return runPortable(pipeline, {
    jobEndpoint,
    environment: environmentOf(given),
    options,
    ...(server === undefined ? {} : { server }),
    ...(jobName === undefined ? {} : { jobName }),
    ...(signal === undefined ? {} : { signal }),
    ...(drain === undefined ? {} : { drain }),
    ...(onMessage === undefined ? {} : { onMessage }),
    ...(onProgress === undefined ? {} : { onProgress }),
    ...(workerProgram === undefined ? {} : { program: workerProgram }),
    ...(workerExternal === undefined ? {} : { external: workerExternal.split(",").filter((name) => name !== "") }),
  });
}

const ADDRESS = /^.+:\d+$/;

/** @throws GirderError `invalid-option` */
function environmentOf({ environmentType, environmentConfig }: RunOptions): EnvironmentChoice {
  const type = (environmentType ?? RUNNER_OPTIONS.environmentType.default).toUpperCase();
  switch (type) {
    case "LOOPBACK":
      return { type };
    case "EXTERNAL":
      if (environmentConfig !== undefined && ADDRESS.test(environmentConfig)) return { type, pool: environmentConfig };
      throw new GirderError("invalid-option", "It is not said where the worker pool is.", {
        where: "--environment-config",
        remedy: "Write --environment-config=HOST:PORT; girder worker-pool starts one.",
      });
    case "PROCESS":
      return { type, ...(environmentConfig === undefined ? {} : processOf(environmentConfig)) };
    case "DOCKER":
      return { type, image: environmentConfig ?? defaultImage() };
    default:
      throw new GirderError("invalid-option", `There is no environment "${environmentType}".`, {
        where: "--environment-type",
        remedy: "Use LOOPBACK, EXTERNAL, PROCESS or DOCKER.",
      });
  }
}

function processOf(config: string): { readonly command?: string; readonly env?: Readonly<Record<string, string>> } {
  try {
    const { command, env = {} } = JSON.parse(config) as { readonly command?: unknown; readonly env?: unknown };
    const isEnv =
      typeof env === "object" && env !== null && Object.values(env).every((value) => typeof value === "string");
    if ((command === undefined || typeof command === "string") && isEnv) {
      return { ...(command === undefined ? {} : { command }), env: env as Record<string, string> };
    }
  } catch {
    // Said below, with all other ways to get it wrong.
  }
  throw new GirderError("invalid-option", `${config} does not say how a worker is started.`, {
    where: "--environment-config",
    remedy: `Write it as JSON: --environment-config='{"command": "/usr/local/bin/girder-worker", "env": {}}'.`,
  });
}
