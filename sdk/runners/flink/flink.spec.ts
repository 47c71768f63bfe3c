import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createServer, listen, serve, shutdown } from "../../../portability/fn-api/grpc.js";
import {
  JobService,
  JobState_Enum as JobState,
} from "../../../portability/gen/org/apache/beam/model/job_management/v1/beam_job_api_pb.js";
import { create } from "../../transforms/create.js";
import { StandIn } from "../job-server/testing/stand-in.js";
import { type RunOptions, run } from "../run.js";

interface Logged {
  readonly pid?: number;
  readonly args?: readonly string[];
  readonly java?: string;
  readonly options?: Readonly<Record<string, unknown>>;
}

/** Runs a pipeline with a Java that only stands in for one. */
async function runWithJar(options: RunOptions): Promise<Logged[]> {
  using java = new StandIn("java", "done", "--job-port");
  const jar = join(java.folder, "job-server.jar");
  writeFileSync(jar, "");
  const name = options.runner === "flink" ? { flinkJobServerJar: jar } : { sparkJobServerJar: jar };
  await run((root) => void root.apply(create([1])), { jobServerJavaLauncher: java.program, ...name, ...options });
  const lines = readFileSync(java.log, "utf8").split("\n");
  const logged = lines.filter((line) => line !== "").map((line) => JSON.parse(line) as Logged);
  for (const { pid } of logged) if (pid !== undefined) process.kill(pid);
  return logged;
}

describe("the runners flink and spark", () => {
  it("start a job server of a jar, and tell it and the job what they were told", async () => {
    const [start, job] = await runWithJar({
      runner: "flink",
      parallelism: 4,
      maxParallelism: 128,
      checkpointingInterval: 60_000,
      objectReuse: true,
      streaming: true,
      maxBundleSize: 100,
      maxBundleTime: 50,
      jobServerJvmProperties: "-Xmx1g  -Dx=y",
      runnerOptions: '{"shutdownSourcesAfterIdleMs": 1000, "auto_balance_write_files_sharding_enabled": true}',
    });
    const { args = [], java = "" } = start!;
    assert.deepEqual(args.slice(0, 3), ["-Xmx1g", "-Dx=y", "-jar"]);
    assert.match(args[3]!, /job-server\.jar$/);
    const rest = args.slice(4).map((each) => each.replace(/=.*(\d{4,5}|girder-job-server-.*)$/, "=…"));
    assert.deepEqual(rest, [
      "--job-host=localhost",
      "--job-port=…",
      "--artifact-port=0",
      "--expansion-port=0",
      "--artifacts-dir=…",
      "--flink-master=[local]",
    ]);
    assert.match(java, /--add-opens=java\.base\/java\.util=ALL-UNNAMED/);
    assert.deepEqual(job!.options, {
      "beam:option:job_name:v1": "girder",
      "beam:option:streaming:v1": true,
      "beam:option:parallelism:v1": "4",
      "beam:option:max_parallelism:v1": "128",
      "beam:option:checkpointing_interval:v1": "60000",
      "beam:option:object_reuse:v1": true,
      "beam:option:max_bundle_size:v1": "100",
      "beam:option:max_bundle_time_mills:v1": "50",
      "beam:option:shutdown_sources_after_idle_ms:v1": "1000",
      "beam:option:auto_balance_write_files_sharding_enabled:v1": true,
    });
  });

  it("have the job server, or a job server that runs, use the master that is named", async () => {
    const [start, job] = await runWithJar({ runner: "flink", flinkMaster: "host:8081" });
    assert.equal(start!.args!.at(-1), "--flink-master=host:8081");
    assert.equal(job!.options!["beam:option:flink_master:v1"], "host:8081");
    const [spark, sparkJob] = await runWithJar({ runner: "spark", sparkMasterUrl: "spark://host:7077" });
    assert.equal(spark!.args!.at(-1), "--spark-master-url=spark://host:7077");
    assert.equal(sparkJob!.options!["beam:option:spark_master:v1"], "spark://host:7077");
    assert.equal((await runWithJar({ runner: "spark" }))[0]!.args!.at(-1), "--spark-master-url=local[4]");
  });

  it("take a job server that runs", async () => {
    const server = createServer();
    const seen: unknown[] = [];
    serve(server, JobService, {
      prepare: ({ pipelineOptions }) => {
        seen.push(pipelineOptions);
        return { preparationId: "p" };
      },
      run: () => ({ jobId: "j" }),
      getStateStream: () => [{ state: JobState.DONE }],
      getMessageStream: () => [],
      getJobMetrics: () => ({}),
    });
    const address = `127.0.0.1:${await listen(server, "127.0.0.1:0")}`;
    try {
      const build = (root: Parameters<Parameters<typeof run>[0]>[0]): void => void root.apply(create([1]));
      await run(build, { runner: "flink", flinkJobServerEndpoint: address });
      await run(build, { runner: "flink", jobEndpoint: address, flinkMaster: "[auto]" });
      await run(build, { runner: "spark", jobEndpoint: address });
    } finally {
      await shutdown(server, 100);
    }
    // Its own master is not overridden by a default.
    assert.deepEqual(seen, [
      { "beam:option:job_name:v1": "girder" },
      { "beam:option:job_name:v1": "girder", "beam:option:flink_master:v1": "[auto]" },
      { "beam:option:job_name:v1": "girder" },
    ]);
  });

  it("say what is missing, and the ways out", async () => {
    using folder = new StandIn("java", "done", "--job-port");
    const jar = join(folder.folder, "a.jar");
    writeFileSync(jar, "");
    const cases: readonly (readonly [RunOptions, string, RegExp])[] = [
      [{ runner: "flink" }, "invalid-option", /--job-endpoint=HOST:PORT, or its jar, --flink-job-server-jar/],
      [{ runner: "spark" }, "invalid-option", /--spark-job-server-jar.*beam-runners-spark-3-job-server/],
      [{ runner: "flink", flinkJobServerJar: "/no/such.jar" }, "not-found", /no such jar: \/no\/such\.jar.*shadowJar/],
      [{ runner: "spark", sparkJobServerJar: "/no/such.jar" }, "not-found", /no such jar/],
      [
        { runner: "flink", flinkJobServerJar: jar, jobServerJavaLauncher: "/no/java" },
        "not-found",
        /no Java.*\/no\/java.*JAVA_HOME/,
      ],
      [
        { runner: "flink", jobEndpoint: "h:1", flinkMaster: "moon" },
        "invalid-option",
        /"moon" is no address.*\[local\]/,
      ],
      [{ runner: "spark", jobEndpoint: "h:1", sparkMasterUrl: "moon" }, "invalid-option", /"moon" is no URL/],
      [{ runner: "flink", jobEndpoint: "h:1", runnerOptions: "{" }, "invalid-option", /not an object of options/],
    ];
    for (const [options, code, message] of cases) {
      await assert.rejects(
        run((root) => void root.apply(create([1])), options),
        { code, message },
      );
    }
  });

  it("say the last words of a job server that does not start", async () => {
    using java = new StandIn("java", "does not start", "--job-port");
    const jar = join(java.folder, "a.jar");
    writeFileSync(jar, "");
    const options = { runner: "flink", flinkJobServerJar: jar, jobServerJavaLauncher: java.program };
    await assert.rejects(
      run((root) => void root.apply(create([1])), options),
      {
        code: "io",
        message: /The Flink job server ended with exit code 3.*no such luck.*11 or 17/s,
      },
    );
  });
});
