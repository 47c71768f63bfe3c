/** What specs need of other languages, and whether it is there. */
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

/** Whether specs use Go: only where the environment variable `GIRDER_GO` says so, because it downloads and builds its SDK once. */
export function hasGo(): boolean {
  return Boolean(process.env["GIRDER_GO"]) && spawnSync("go", ["version"]).status === 0;
}

/** Why specs with Go are skipped, where they are. */
export const NO_GO = "Go is not used: set GIRDER_GO=1 where there is one";
