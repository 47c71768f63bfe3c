/** The expansion service in a jar. */
import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { GirderError } from "../../portability/errors.js";
import { findProgram } from "../../portability/process/find-program.js";
import type { JarService } from "./expansion-service.js";
import type { ServiceCommand } from "./started-service.js";

/** @throws GirderError `not-found` where there is no such jar, or no Java. */
export async function jarCommand(
  { jar, java, args = [], workers = "service" }: JarService,
  port: number,
): Promise<ServiceCommand> {
  const path = resolve(jar);
  if (!existsSync(path)) {
    throw new GirderError("not-found", "There is no such jar.", {
      where: path,
      remedy:
        "Name a jar with an expansion service and all that it needs, such as beam-sdks-java-io-expansion-service of Maven Central.",
    });
  }
  const home = process.env["JAVA_HOME"];
  const own = home === undefined || !existsSync(join(home, "bin", "java")) ? "java" : join(home, "bin", "java");
  const program = await findProgram(java ?? own, process.env["PATH"], "Install a Java runtime, or set JAVA_HOME.");
  const pool = workers === "service" ? ["--alsoStartLoopbackWorker"] : [];
  const all = ["-jar", path, String(port), `--filesToStage=${path}`, ...pool, ...args];
  return { program, args: all, what: `the expansion service of ${jar}` };
}
