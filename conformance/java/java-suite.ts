/** Beam's ValidatesRunner tests in Java, as they are published. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { GirderError } from "girder";
import { cacheFolder } from "../driver/cache.js";
import type { DriverOptions } from "../driver/driver-options.js";
import { runProgram, type SuiteProgram } from "../driver/run-program.js";
import type { Suite, SuiteRun } from "../driver/suite.js";
import { FLINK_OPTIONS, flinkBeamVersion } from "../flink/flink.js";
import type { TestResult } from "../report/report.js";
import { ROOT } from "../root.js";
import { categoriesOfTest } from "./categories.js";
import { builtClassPath, javaVersion } from "./class-path.js";

const PROJECT = join(ROOT, "conformance", "java");

/** Tests wait rather than work: the client asks for the state of a job every three seconds. */
const SHARDS = 4;

/** Heap of a process that runs tests: some have elements of 100 MB. */
const HEAP = "-Xmx2g";

export const javaSuite: Suite = {
  name: "java",
  parts: [],
  environments: ["LOOPBACK"],
  // Keys of 100 MB.
  timeout: 180,
  tunable: false,
  async setUp(options) {
    const flink = options.subject === "flink";
    const of = flinkBeamVersion();
    const properties = flink ? { "beam.version": of, "beam.portability.version": of } : {};
    const classPath = await builtClassPath(PROJECT, cacheFolder(flink ? "java-for-flink" : "java"), properties);
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
  const { folder, leaveOut, names, shard, only, timeout, subject } = run;
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
    ...(subject === "flink" ? FLINK_OPTIONS : []),
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
