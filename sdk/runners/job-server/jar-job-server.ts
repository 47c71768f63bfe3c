/** Job services of Java, in a jar with all that they need: those of Flink and Spark. */
import { existsSync } from "node:fs";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { GirderError } from "../../../portability/errors.js";
import { findProgram } from "../../../portability/process/find-program.js";
import type { RunOptions } from "../run.js";
import type { JobServerCommand } from "./started-job-server.js";

/** A jar and what is asked of it. */
export interface JarJobServer {
  /** `the Flink job server` */
  readonly what: string;
  readonly jar: string;
  /** The option that names the jar. */
  readonly option: string;
  /** What to do where there is no such jar. */
  readonly remedy: string;
  /** Arguments of its own. */
  readonly args: readonly string[];
  /** Packages of `java.base` that it reaches into. */
  readonly opened: readonly string[];
}

/** How long (ms) a job server may take to answer: seconds, and many on a busy machine. */
const PATIENCE = 120_000;

/**
 * How a job server in a jar is started.
 *
 * @throws GirderError `not-found` where there is no such jar, or no Java.
 */
export async function jarJobServer(
  { what, jar, option, remedy, args, opened }: JarJobServer,
  { jobServerJavaLauncher, jobServerJvmProperties }: RunOptions,
): Promise<JobServerCommand> {
  const path = resolve(jar);
  if (!existsSync(path)) {
    throw new GirderError("not-found", `There is no such jar: ${path}.`, { where: option, remedy });
  }
  const program = await findJava(jobServerJavaLauncher);
  const folder = await mkdtemp(join(tmpdir(), "girder-job-server-"));
  const own = (jobServerJvmProperties ?? "").split(/\s+/).filter((each) => each !== "");
  return {
    what: `${what.slice(0, 1).toUpperCase()}${what.slice(1)}`,
    program,
    args: (port) => [
      ...own,
      ...["-jar", path, "--job-host=localhost", `--job-port=${port}`, "--artifact-port=0", "--expansion-port=0"],
      ...[`--artifacts-dir=${folder}`, ...args],
    ],
    // Javas before 9 know nothing of these, and do not look here.
    env: {
      JDK_JAVA_OPTIONS: [
        process.env["JDK_JAVA_OPTIONS"] ?? "",
        ...opened.map((name) => `--add-opens=java.base/${name}=ALL-UNNAMED`),
      ]
        .join(" ")
        .trim(),
    },
    afterwards: ["rm", "-rf", folder],
    patience: PATIENCE,
    remedy: `See whether it starts by hand: java -jar ${path}. ${NEWER_JAVA}`,
  };
}

const NEWER_JAVA = "It needs a Java that its release of Beam knows: 11 or 17.";

async function findJava(launcher: string | undefined): Promise<string> {
  const home = process.env["JAVA_HOME"];
  const own = home === undefined || !existsSync(join(home, "bin", "java")) ? "java" : join(home, "bin", "java");
  try {
    return await findProgram(launcher ?? own, process.env["PATH"], "");
  } catch (cause) {
    if (!(cause instanceof GirderError) || cause.code !== "not-found") throw cause;
    throw new GirderError("not-found", "There is no Java to start a job server with.", {
      where: launcher ?? "java",
      remedy:
        "Install a Java runtime (11 or 17), set JAVA_HOME or --job-server-java-launcher, or name a job server that runs: --job-endpoint=HOST:PORT.",
      cause,
    });
  }
}
