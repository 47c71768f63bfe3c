/** Beam's ValidatesRunner tests in Java, as they are published. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { GirderError } from "girder";
import { cacheFolder, madeOnce } from "../driver/cache.js";
import type { DriverOptions } from "../driver/driver-options.js";
import { filesBelow } from "../driver/files-below.js";
import { runProgram, type SuiteProgram } from "../driver/run-program.js";
import { runTool } from "../driver/run-tool.js";
import type { Suite, SuiteRun } from "../driver/suite.js";
import type { TestResult } from "../report/report.js";
import { ROOT } from "../root.js";
import { categoriesOfTest } from "./categories.js";

const PROJECT = join(ROOT, "conformance", "java");

/** Tests wait rather than work: the client asks for the state of a job every three seconds. */
const SHARDS = 4;

/** Heap of a process that runs tests: some have elements of 100 MB. */
const HEAP = "-Xmx2g";

export const javaSuite: Suite = {
  name: "java",
  parts: [],
  environments: ["LOOPBACK"],
  tunable: false,
  async setUp(options) {
    const classPath = await builtClassPath(PROJECT, cacheFolder("java"));
    const [tests] = classPath.flatMap((path) => /beam-sdks-java-core-([\d.]+)-tests\.jar$/.exec(path)?.[1] ?? []);
    const [portability] = classPath.flatMap(
      (path) => /beam-runners-portability-java-([\d.]+)\.jar$/.exec(path)?.[1] ?? [],
    );
    return {
      versions: {
        "beam-java": tests ?? "unknown",
        "beam-runners-portability-java": portability ?? "unknown",
        java: await javaVersion(),
      },
      run: (endpoint, run) => runShards(classPath, endpoint, options, run),
    };
  },
};

/**
 * The class path of a Maven project: its classes first, then all it depends on.
 *
 * @param folder Where it is built and kept until the project changes.
 * @throws GirderError `io` if Maven is missing or fails.
 */
export async function builtClassPath(project: string, folder: string): Promise<string[]> {
  const classes = join(folder, "target", "classes");
  const list = join(folder, "class-path");
  const version = filesBelow(project, /\.(java|xml)$/)
    .map((path) => readFileSync(path, "utf8"))
    // Paths of jars are those of this user's repository.
    .join("\n");
  await madeOnce(folder, `${homedir()}\n${version}`, async () => {
    console.error(`The Java project is built in ${folder}, which takes some minutes.`);
    const goals = ["compile", "dependency:build-classpath", `-Dmdep.outputFile=${list}`];
    await runTool("mvn", ["-q", "-B", "-f", join(project, "pom.xml"), `-Doutput=${join(folder, "target")}`, ...goals]);
  });
  return [classes, ...readFileSync(list, "utf8").trim().split(delimiter)];
}

async function javaVersion(): Promise<string> {
  return /^openjdk (\S+)|^java (\S+)/m.exec(await runTool("java", ["--version"]))?.[1] ?? "unknown";
}

async function runShards(
  classPath: readonly string[],
  endpoint: string,
  options: DriverOptions,
  run: SuiteRun,
): Promise<TestResult[]> {
  const { timeout } = options;
  const folder = mkdtempSync(join(tmpdir(), "girder-java-"));
  const shards = run.names === undefined ? (options.shards ?? SHARDS) : 1;
  try {
    const all = await Promise.all(
      Array.from({ length: shards }, (_, i) =>
        runProgram({
          timeout,
          log: run.log,
          onResult: run.onResult,
          program: (leaveOut) =>
            javaProgram(classPath, endpoint, {
              ...options,
              folder,
              leaveOut,
              names: run.names,
              shard: `${i}/${shards}`,
            }),
        }),
      ),
    );
    return all
      .flat()
      .map((result) => ({ ...result, categories: categoriesOfTest(result.categories ?? []) }))
      .sort((a, b) => (a.name < b.name ? -1 : 1));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

interface JavaRun extends DriverOptions {
  /** For files that the program reads. */
  readonly folder: string;
  readonly leaveOut: readonly string[];
  readonly names: readonly string[] | undefined;
  readonly shard: string;
}

function javaProgram(classPath: readonly string[], endpoint: string, run: JavaRun): SuiteProgram {
  const { folder, leaveOut, names, shard, only, timeout } = run;
  const jar = classPath.find((path) => path.endsWith("-tests.jar"));
  if (jar === undefined) throw new GirderError("not-found", "Core's jar of tests is not on the class path.");
  const fileOf = (name: string, lines: readonly string[]): string => {
    const path = join(folder, `${name}-${shard.replace("/", "-")}`);
    writeFileSync(path, lines.join("\n"));
    return path;
  };
  const pipelineOptions = [
    "--runner=TestUniversalRunner",
    "--experiments=beam_fn_api",
    "--defaultEnvironmentType=LOOPBACK",
    `--jobEndpoint=${endpoint}`,
    // What would be staged by default is the class path, and the worker is in this very process.
    `--filesToStage=${fileOf("nothing", [])}`,
  ];
  return {
    // Java has no way to open a descriptor that is a socket, as pipes of Node are.
    results: 1,
    command: "java",
    args: [
      HEAP,
      `-Djava.util.logging.config.file=${join(PROJECT, "logging.properties")}`,
      `-DbeamTestPipelineOptions=${JSON.stringify(pipelineOptions)}`,
      `-Dsuite.jar=${jar}`,
      `-Dsuite.timeout=${timeout}`,
      `-Dsuite.shard=${shard}`,
      `-Dsuite.leaveOut=${fileOf("leave-out", leaveOut)}`,
      ...(only === undefined ? [] : [`-Dsuite.only=${only.source}`]),
      ...(names === undefined ? [] : [`-Dsuite.names=${fileOf("names", names)}`]),
      ...["-cp", classPath.join(delimiter), "girder.conformance.ValidatesRunnerSuite"],
    ],
    cwd: folder,
    env: {},
  };
}
