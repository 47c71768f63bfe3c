/** Java for specs: whether it is there, and what Maven makes of our projects. */
import { spawnSync } from "node:child_process";

/** The version of Beam whose SQL and expansion service are published, with all they are made of. */
export const SQL_VERSION = "2.65.0";

/**
 * Whether specs use Java: only where the environment variable `GIRDER_JAVA` says so, because Maven then downloads some 300 MB once, and
 * where there are a JDK and Maven.
 */
export function hasJava(): boolean {
  if (!process.env["GIRDER_JAVA"]) return false;
  return ["java", "javac", "mvn"].every((tool) => spawnSync(tool, ["--version"]).status === 0);
}

/** Why specs with Java are skipped, where they are. */
export const NO_JAVA = "Java is not used: set GIRDER_JAVA=1 where there are a JDK and Maven";
