/** Class paths of our Maven projects. */
import { readFileSync } from "node:fs";
import { homedir } from "node:os";
import { delimiter, join } from "node:path";
import { madeOnce } from "../driver/cache.js";
import { filesBelow } from "../driver/files-below.js";
import { runTool } from "../driver/run-tool.js";

/**
 * The class path of a Maven project: its classes first, then all it depends on.
 *
 * @param folder Where it is built and kept until the project changes.
 * @param properties Properties of the project that differ from what it says.
 * @throws GirderError `io` if Maven is missing or fails.
 */
export async function builtClassPath(
  project: string,
  folder: string,
  properties: Readonly<Record<string, string>> = {},
): Promise<string[]> {
  const list = join(folder, "class-path");
  // The paths of jars are those of this user's repository.
  const version = [homedir(), JSON.stringify(properties)].concat(
    filesBelow(project, /\.(java|xml)$/).map((path) => readFileSync(path, "utf8")),
  );
  await madeOnce(folder, version.join("\n"), async () => {
    console.error(`${project} is built in ${folder}, which takes some minutes.`);
    const goals = ["compile", "dependency:build-classpath", `-Dmdep.outputFile=${list}`];
    const all = Object.entries({ ...properties, output: join(folder, "target") });
    await runTool("mvn", ["-q", "-B", "-f", join(project, "pom.xml"), ...all.map(([k, v]) => `-D${k}=${v}`), ...goals]);
  });
  return [join(folder, "target", "classes"), ...readFileSync(list, "utf8").trim().split(delimiter)];
}

export async function javaVersion(): Promise<string> {
  return /^(?:openjdk|java) (\S+)/m.exec(await runTool("java", ["--version"]))?.[1] ?? "unknown";
}
