/** Beam's job server for Flink, with a Flink in the same process: what a cluster would execute, on this machine. */
import { readFileSync, rmSync } from "node:fs";
import { delimiter, join } from "node:path";
import { freePort } from "../../portability/process/free-port.js";
import { OPENED_FOR_FLINK } from "../../sdk/runners/flink/opened-for-flink.js";
import { cacheFolder } from "../driver/cache.js";
import { JobServer } from "../endpoint/job-server.js";
import { builtClassPath, javaVersion } from "../java/class-path.js";
import { ROOT } from "../root.js";

const PROJECT = join(ROOT, "conformance", "flink");

/** The release of Beam that the job server is of: what is tested on it should be of the same. */
export function flinkBeamVersion(): string {
  const project = readFileSync(join(PROJECT, "pom.xml"), "utf8");
  return /<beam\.version>(.+)<\/beam\.version>/.exec(project)?.[1] ?? "unknown";
}

/** Ms for which workers are kept when a job has ended: less than the default, with which some tests wait for ever. */
const KEEP_WORKERS = 10_000;

/** Flink's job server as a process of ours. @throws GirderError `io` if it cannot be set up or does not come up. */
export async function startFlink(log: string): Promise<JobServer> {
  const classPath = await builtClassPath(PROJECT, cacheFolder("flink"));
  const [flink] = classPath.flatMap((path) => /flink-runtime-([\d.]+)\.jar$/.exec(path)?.[1] ?? []);
  // What clients stage is of no use once the job server has ended.
  rmSync(cacheFolder("flink-staging"), { recursive: true });
  const staging = cacheFolder("flink-staging");
  const [artifacts, expansion] = [await freePort(), await freePort()];
  return await JobServer.start({
    command: "java",
    args: (port) => [
      "-Xmx3g",
      ...OPENED_FOR_FLINK.map((name) => `--add-opens=java.base/${name}=ALL-UNNAMED`),
      "-Dio.netty.tryReflectionSetAccessible=true",
      "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
      ...["-cp", classPath.join(delimiter), "org.apache.beam.runners.flink.FlinkJobServerDriver"],
      ...["--flink-master=[local]", "--job-host=localhost", `--job-port=${port}`],
      ...[`--artifact-port=${artifacts}`, `--expansion-port=${expansion}`, `--artifacts-dir=${staging}`],
    ],
    versions: { flink: flink ?? "unknown", "beam-runners-flink": flinkBeamVersion(), java: await javaVersion() },
    log,
  });
}

/** Options of pipelines that run on it. */
export const FLINK_OPTIONS: readonly string[] = [`--environmentCacheMillis=${KEEP_WORKERS}`];
