/** Spark, behind Beam's job server for it: one that runs, or one that is started from its jar. */
import { GirderError } from "../../../portability/errors.js";
import type { Pipeline } from "../../pipeline/pipeline.js";
import { jarJobServer } from "../job-server/jar-job-server.js";
import { jobOptions } from "../job-server/runner-options.js";
import { sharedJobServer } from "../job-server/started-job-server.js";
import type { PipelineResult } from "../pipeline-result.js";
import { launchAt } from "../portable/launch.js";
import type { RunOptions } from "../run.js";

const JAR = "--spark-job-server-jar";
const HOW_TO_GET_IT =
  "Take beam-runners-spark-3-job-server of Maven Central, or start it as the container apache/beam_spark3_job_server and name it by " +
  "--job-endpoint=HOST:PORT.";

/** A Spark that runs in the job server itself, in place of a cluster. */
const LOCAL = "local[4]";

/** Packages of `java.base` that Spark reaches into, which Javas since 17 keep closed. */
const OPENED = [
  "java.io",
  "java.lang",
  "java.lang.invoke",
  "java.lang.reflect",
  "java.net",
  "java.nio",
  "java.util",
  "java.util.concurrent",
  "java.util.concurrent.atomic",
  "sun.nio.ch",
  "sun.nio.cs",
  "sun.security.action",
  "sun.util.calendar",
];

/**
 * Runs a pipeline to its end on Spark.
 *
 * @throws GirderError `invalid-option` where it is not said where the job server is; `not-found` where there is no such jar, or
 * no Java; otherwise see `runPortable`.
 */
export async function launchSpark(pipeline: Pipeline, options: RunOptions): Promise<PipelineResult> {
  const { jobEndpoint, sparkJobServerJar: jar, sparkMasterUrl: master } = options;
  if (master !== undefined && !/^(local(\[[\d*,\s]+\])?|(spark|mesos|k8s):\/\/\S+|yarn)$/.test(master)) {
    throw new GirderError("invalid-option", `"${master}" is no URL of a Spark.`, {
      where: "--spark-master-url",
      remedy: "Write spark://HOST:PORT, or local[4] for a Spark inside the job server.",
    });
  }
  const told = jobOptions(options, { spark_master: master });
  if (jobEndpoint !== undefined) return launchAt(pipeline, options, { jobEndpoint, options: told });
  if (jar === undefined) {
    throw new GirderError("invalid-option", "It is not said where Spark's job server is.", {
      where: "--runner=spark",
      remedy: `Name one that runs, --job-endpoint=HOST:PORT, or its jar, ${JAR}=FILE. ${HOW_TO_GET_IT}`,
    });
  }
  const { jobServerJavaLauncher, jobServerJvmProperties } = options;
  const key = JSON.stringify(["spark", jar, master, jobServerJavaLauncher, jobServerJvmProperties]);
  const server = await sharedJobServer(key, () =>
    jarJobServer(
      {
        what: "the Spark job server",
        jar,
        option: JAR,
        remedy: HOW_TO_GET_IT,
        args: [`--spark-master-url=${master ?? LOCAL}`],
        opened: OPENED,
      },
      options,
    ),
  );
  return launchAt(pipeline, options, { jobEndpoint: server.address, server, options: told });
}
