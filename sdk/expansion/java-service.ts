/** Expansion services of the Java SDK. */
import { existsSync } from "node:fs";
import { delimiter, join, resolve } from "node:path";
import { GirderError } from "../../portability/errors.js";
import { findProgram } from "../../portability/process/find-program.js";
import type { ClassPathService, JarService, JavaService, MavenService } from "./expansion-service.js";
import { mavenClassPath } from "./maven-class-path.js";
import type { ServiceCommand } from "./started-service.js";

/** Of `beam-sdks-java-expansion-service`. */
const SERVICE_CLASS = "org.apache.beam.sdk.expansion.service.ExpansionService";
/** Of `beam-sdks-java-harness`. */
const WORKER_CLASS = "org.apache.beam.fn.harness.FnHarness";
const ALLOWED_CLASSES = "--javaClassLookupAllowlistFile=";

/**
 * @param say Is told what takes long.
 * @param pool The address of the pool of its workers, where it has one.
 * @throws GirderError `not-found` where there is no such jar, no Java, or no Maven where it is needed; `io` where Maven fails.
 */
export async function javaCommand(
  service: JavaService,
  port: number,
  say: (line: string) => void,
  pool?: string,
): Promise<ServiceCommand> {
  const { java, args = [] } = service;
  const { files, launch, what } = await runnable(service, say);
  const home = process.env["JAVA_HOME"];
  const own = home === undefined || !existsSync(join(home, "bin", "java")) ? "java" : join(home, "bin", "java");
  const program = await findProgram(java ?? own, process.env["PATH"], "Install a Java runtime, or set JAVA_HOME.");
  // Files that travel are hashed for each transform: where none does, one stands for all.
  const staged = `--filesToStage=${(pool === undefined ? files : files.slice(0, 1)).join(",")}`;
  const allowed = args.some((arg) => arg.startsWith(ALLOWED_CLASSES)) ? [] : [`${ALLOWED_CLASSES}*`];
  const environment =
    pool === undefined ? [] : ["--defaultEnvironmentType=EXTERNAL", `--defaultEnvironmentConfig=${pool}`];
  return {
    program,
    args: [...launch, String(port), staged, ...allowed, ...environment, ...args],
    what,
    worker: { program, args: ["-cp", files.join(delimiter), WORKER_CLASS], idVariable: "HARNESS_ID" },
  };
}

interface Runnable {
  readonly files: readonly string[];
  /** Java's arguments in front of the service's. */
  readonly launch: readonly string[];
  readonly what: string;
}

async function runnable(service: JavaService, say: (line: string) => void): Promise<Runnable> {
  if ("jar" in service) return ofJar(service);
  if ("classPath" in service) return ofClassPath(service);
  return ofMaven(service, say);
}

function ofJar({ jar }: JarService): Runnable {
  const path = resolve(jar);
  if (!existsSync(path)) {
    throw new GirderError("not-found", "There is no such jar.", {
      where: path,
      remedy:
        "Name a jar with an expansion service and all that it needs, such as beam-sdks-java-io-expansion-service of Maven Central, " +
        "or have one put together of its parts: { maven: [...] }.",
    });
  }
  return { files: [path], launch: ["-jar", path], what: `the expansion service of ${jar}` };
}

function ofClassPath({ classPath, main = SERVICE_CLASS }: ClassPathService): Runnable {
  const files = classPath.map((file) => resolve(file));
  const missing = files.filter((file) => !existsSync(file));
  if (files.length === 0 || missing.length > 0) {
    throw new GirderError(
      "not-found",
      files.length === 0 ? "The class path is empty." : `${missing.length} of the class path's files do not exist.`,
      {
        where: missing[0] ?? "classPath",
        remedy: "Name jars and folders of classes, with beam-sdks-java-expansion-service among them.",
      },
    );
  }
  return { files, launch: ["-cp", files.join(delimiter), main], what: `the expansion service of ${classPath[0]}` };
}

async function ofMaven({ maven, main = SERVICE_CLASS }: MavenService, say: (line: string) => void): Promise<Runnable> {
  const files = await mavenClassPath(maven, say);
  return { files, launch: ["-cp", files.join(delimiter), main], what: `the expansion service of ${maven.join(", ")}` };
}
