/** Flink, behind Beam's job server for it: one that runs, or one that is started from its jar. */
import { GirderError } from "../../../portability/errors.js";
import type { Pipeline } from "../../pipeline/pipeline.js";
import { jarJobServer } from "../job-server/jar-job-server.js";
import { jobOptions } from "../job-server/runner-options.js";
import { sharedJobServer } from "../job-server/started-job-server.js";
import type { PipelineResult } from "../pipeline-result.js";
import { launchAt } from "../portable/launch.js";
import type { RunOptions } from "../run.js";
import { OPENED_FOR_FLINK } from "./opened-for-flink.js";

const JAR = "--flink-job-server-jar";
const HOW_TO_GET_IT =
  "Build Beam's job server for your Flink (./gradlew :runners:flink:1.19:job-server:shadowJar in Beam's sources), or start it as the " +
  "container apache/beam_flink1.19_job_server and name it by --job-endpoint=HOST:PORT.";

/** A Flink that runs in the job server itself, in place of a cluster. */
const LOCAL = "[local]";

/**
 * Runs a pipeline to its end on Flink.
 *
 * @throws GirderError `invalid-option` where it is not said where the job server is; `not-found` where there is no such jar, or
 * no Java; otherwise see `runPortable`.
 */
export async function launchFlink(pipeline: Pipeline, options: RunOptions): Promise<PipelineResult> {
  const { flinkJobServerJar: jar } = options;
  const jobEndpoint = options.jobEndpoint ?? options.flinkJobServerEndpoint;
  const master = options.flinkMaster === undefined ? undefined : masterOf(options.flinkMaster);
  const told = flinkOptions(options, master);
  if (jobEndpoint !== undefined) return launchAt(pipeline, options, { jobEndpoint, options: told });
  if (jar === undefined) {
    throw new GirderError("invalid-option", "It is not said where Flink's job server is.", {
      where: "--runner=flink",
      remedy: `Name one that runs, --job-endpoint=HOST:PORT, or its jar, ${JAR}=FILE. ${HOW_TO_GET_IT}`,
    });
  }
  const { jobServerJavaLauncher, jobServerJvmProperties } = options;
  const key = JSON.stringify(["flink", jar, master, jobServerJavaLauncher, jobServerJvmProperties]);
  const server = await sharedJobServer(key, () =>
    jarJobServer(
      {
        what: "the Flink job server",
        jar,
        option: JAR,
        remedy: HOW_TO_GET_IT,
        args: [`--flink-master=${master ?? LOCAL}`],
        opened: OPENED_FOR_FLINK,
      },
      options,
    ),
  );
  return launchAt(pipeline, options, { jobEndpoint: server.address, server, options: told });
}

/** Of Flink's own options, those that were given. A master that is not given is for the job server to say. */
function flinkOptions(options: RunOptions, master: string | undefined): ReturnType<typeof jobOptions> {
  return jobOptions(options, {
    flink_master: master,
    parallelism: options.parallelism,
    max_parallelism: options.maxParallelism,
    checkpointing_interval: options.checkpointingInterval,
    savepoint_path: options.savepointPath,
    state_backend: options.stateBackend,
    state_backend_storage_path: options.stateBackendStoragePath,
    object_reuse: options.objectReuse === true ? true : undefined,
    environment_cache_millis: options.environmentCacheMillis,
    max_bundle_size: options.maxBundleSize,
    max_bundle_time_mills: options.maxBundleTime,
  });
}

/** @throws GirderError `invalid-option` */
function masterOf(master: string): string {
  if (["[local]", "[auto]", "[collection]"].includes(master) || /^(https?:\/\/)?[^[\s/]+:\d+\/?$/.test(master))
    return master;
  throw new GirderError("invalid-option", `"${master}" is no address of a Flink.`, {
    where: "--flink-master",
    remedy: "Write HOST:PORT of Flink's REST interface, [local] or [auto].",
  });
}
