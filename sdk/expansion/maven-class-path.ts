/** Class paths that Maven puts together. */
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { GirderError } from "../../portability/errors.js";
import { cacheFolder } from "../../portability/process/cache-folder.js";
import { findProgram } from "../../portability/process/find-program.js";
import { describeEnding, leash } from "../../portability/process/leash.js";

const GOAL = "org.apache.maven.plugins:maven-dependency-plugin:3.6.1:build-classpath";
/** Maven downloads what it has not yet: how long (ms) that may take. */
const PATIENCE = 600_000;
/** How long (ms) it has between being asked to end and being killed. */
const GRACE = 2_000;
const SERVICE = "org.apache.beam:beam-sdks-java-expansion-service";
/** What Java's workers measure objects with. Where it is missing they hang, and no artifact of Beam depends on it. */
const MEASURES_OBJECTS = "io.github.stephankoelle:jamm:0.4.1";
/** Maven's own words for what it cannot do begin so; the first of them say what, the others how to see more. */
const MAVEN_ERROR = /^\[ERROR\]\s+(.*)$/;

/**
 * The files of artifacts and of all they depend on, with an expansion service: kept between programs, and asked for again where one of
 * them is gone.
 *
 * @param artifacts `group:artifact:version`.
 * @throws GirderError `invalid-argument` for what is no artifact; `not-found` without Maven; `io` with Maven's reason if it fails.
 */
export async function mavenClassPath(artifacts: readonly string[], say: (line: string) => void): Promise<string[]> {
  const all = completed(artifacts);
  const pom = pomOf(all);
  const folder = cacheFolder("class-paths");
  const kept = join(folder, createHash("sha256").update(`${homedir()}\n${pom}`).digest("hex"));
  if (existsSync(kept)) {
    const files = readFileSync(kept, "utf8").split("\n");
    if (files.every((file) => existsSync(file))) return files;
  }
  const program = await findProgram(
    "mvn",
    process.env["PATH"],
    "Install Maven, or give the service as { jar } or { classPath }.",
  );
  say(`Maven resolves ${artifacts.join(", ")}`);
  const work = mkdtempSync(join(tmpdir(), "girder-maven-"));
  try {
    writeFileSync(join(work, "pom.xml"), pom);
    const output = join(work, "class-path");
    await runMaven(
      program,
      ["-q", "-B", "-Dstyle.color=never", "-f", join(work, "pom.xml"), GOAL, `-Dmdep.outputFile=${output}`],
      artifacts,
    );
    const files = readFileSync(output, "utf8").trim().split(delimiter);
    mkdirSync(folder, { recursive: true });
    // Of several programs that do so at once, each leaves a whole file.
    writeFileSync(`${kept}.${process.pid}`, files.join("\n"));
    renameSync(`${kept}.${process.pid}`, kept);
    return files;
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/** With what a service needs that nobody names: the service itself, in the version of the Beam that is named. */
function completed(artifacts: readonly string[]): readonly string[] {
  for (const artifact of artifacts) {
    if (/^[\w.-]+:[\w.-]+:[\w.-]+$/.test(artifact)) continue;
    throw new GirderError("invalid-argument", `"${artifact}" is no artifact of Maven.`, {
      remedy: "Write it as group:artifact:version: org.apache.beam:beam-sdks-java-extensions-sql:2.65.0.",
    });
  }
  const has = (name: string): boolean => artifacts.some((artifact) => artifact.startsWith(`${name}:`));
  const beam = artifacts.find((artifact) => artifact.startsWith("org.apache.beam:"))?.split(":")[2];
  const service = has(SERVICE) || beam === undefined ? [] : [`${SERVICE}:${beam}`];
  return [...artifacts, ...service, ...(has("io.github.stephankoelle:jamm") ? [] : [MEASURES_OBJECTS])];
}

function pomOf(artifacts: readonly string[]): string {
  const dependencies = artifacts.map((artifact) => {
    const [group, name, version] = artifact.split(":");
    return `    <dependency><groupId>${group}</groupId><artifactId>${name}</artifactId><version>${version}</version></dependency>`;
  });
  return [
    '<project xmlns="http://maven.apache.org/POM/4.0.0">',
    "  <modelVersion>4.0.0</modelVersion>",
    "  <groupId>girder</groupId><artifactId>expansion-service</artifactId><version>1</version>",
    "  <dependencies>",
    ...dependencies,
    "  </dependencies>",
    "</project>",
    "",
  ].join("\n");
}

async function runMaven(program: string, args: readonly string[], artifacts: readonly string[]): Promise<void> {
  const failed = (why: string): GirderError =>
    new GirderError("io", `Maven does not put a class path together: ${why}`, {
      where: artifacts.join(", "),
      remedy: "See that the artifacts are published in that version, and that Maven reaches its repositories.",
    });
  const said: string[] = [];
  const onLine = (line: string): void => {
    const [, words] = MAVEN_ERROR.exec(line) ?? [];
    if (words) said.push(words);
  };
  const maven = await leash(program, args, { grace: GRACE, onLine });
  const late = new AbortController();
  const waited = wait(PATIENCE, undefined, { signal: late.signal, ref: false }).catch(() => undefined);
  const ending = await Promise.race([maven.ended, waited]);
  late.abort();
  await maven.end();
  if (ending === undefined) throw failed(`it took more than ${PATIENCE / 60_000} minutes.`);
  if (ending.code !== 0) throw failed(said[0] ?? describeEnding(ending));
}
