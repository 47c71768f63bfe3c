import assert from "node:assert/strict";
import { createHash, createVerify, generateKeyPairSync } from "node:crypto";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fromBinary } from "@bufbuild/protobuf";
import { GirderError, Pipeline, type RunOptions } from "girder";
import { testStream } from "girder/testing";
import {
  ArtifactUrlPayloadSchema,
  DockerPayloadSchema,
  PipelineSchema,
} from "../../portability/gen/org/apache/beam/model/pipeline/v1/beam_runner_api_pb.js";
import { programState } from "../../sdk/runners/ambient.js";
import { accessToken } from "../../sdk/runners/dataflow/google-credentials.js";
import { launchDataflow } from "../../sdk/runners/dataflow/launch.js";
import { programSpecOf } from "../../sdk/worker/booted-worker.js";
import { violations } from "./discovery.js";
import { type Course, FakeGoogle } from "./fake-google.js";
import { build } from "./testing-pipeline.js";

/** A program whose pipeline this process builds, too. */
const PROGRAM = join(import.meta.dirname, "testing-program.js");

const NEEDED: RunOptions = {
  runner: "dataflow",
  project: "a-project",
  region: "europe-west1",
  tempLocation: "gs://a-bucket/tmp",
  sdkContainerImage: "gcr.io/a-project/girder:1",
  accessToken: "token-1",
  workerProgram: PROGRAM,
};

function pipelineOfProgram(): Pipeline {
  const pipeline = new Pipeline();
  build(pipeline.root);
  // As `run` would have counted it.
  programState().pipelines = 1;
  return pipeline;
}

describe("Dataflow", function () {
  this.timeout(60_000);
  let folder: string;
  let known: string | undefined;

  before(() => {
    folder = mkdtempSync(join(tmpdir(), "girder-dataflow-"));
    known = process.env["STORAGE_EMULATOR_HOST"];
  });

  after(() => {
    rmSync(folder, { recursive: true });
    if (known === undefined) delete process.env["STORAGE_EMULATOR_HOST"];
    else process.env["STORAGE_EMULATOR_HOST"] = known;
  });

  async function on<T>(course: Course, use: (fake: FakeGoogle, options: RunOptions) => Promise<T>): Promise<T> {
    const fake = await FakeGoogle.start(course);
    process.env["STORAGE_EMULATOR_HOST"] = fake.url;
    try {
      return await use(fake, { ...NEEDED, dataflowEndpoint: fake.url });
    } finally {
      await fake.stop();
    }
  }

  async function launched(options: RunOptions) {
    return launchDataflow(pipelineOfProgram(), options, 5);
  }

  it("is given a job that its API's description knows, and what that names", async () => {
    const messages: string[] = [];
    const states: string[] = [];
    const time = (second: number): string => `2026-11-23T00:00:0${second}Z`;
    const course: Course = {
      states: ["JOB_STATE_PENDING", "JOB_STATE_RUNNING", "JOB_STATE_RUNNING", "JOB_STATE_DONE"],
      messages: [
        { id: "1", time: time(1), messageText: "Starting", messageImportance: "JOB_MESSAGE_BASIC" },
        { id: "2", time: time(2), messageText: "Careful", messageImportance: "JOB_MESSAGE_WARNING" },
        { id: "3", time: time(2), messageText: "Detail", messageImportance: "JOB_MESSAGE_DETAILED" },
      ],
      metrics: [
        metric("seen", { scalar: 3 }),
        metric("seen", { scalar: 5 }, { tentative: "true" }),
        metric("only attempted", { scalar: "7" }, { tentative: "true" }),
        metric("size", { distribution: { count: 2, sum: 10, min: 4, max: 6 } }),
        metric("size_MAX", { scalar: 6 }),
        metric("kinds", { set: ["b", "a"] }),
        { name: { name: "ElementCount", origin: "dataflow/v1b3", context: {} }, scalar: 9 },
      ],
    };
    await on(course, async (fake, options) => {
      const result = await launched({
        ...options,
        numWorkers: 2,
        maxNumWorkers: 5,
        autoscalingAlgorithm: "THROUGHPUT_BASED",
        numberOfWorkerHarnessThreads: 4,
        workerMachineType: "n2-standard-4",
        diskSizeGb: 30,
        workerDiskType: "pd-ssd",
        network: "default",
        subnetwork: "regions/europe-west1/subnetworks/s",
        noUsePublicIps: true,
        workerZone: "europe-west1-b",
        serviceAccountEmail: "a@b.iam.gserviceaccount.com",
        dataflowKmsKey: "projects/p/locations/l/keyRings/r/cryptoKeys/k",
        flexrsGoal: "COST_OPTIMIZED",
        labels: '{"team":"data"}',
        experiments: "shuffle_mode=service,use_runner_v2",
        dataflowServiceOptions: "enable_prime",
        onMessage: ({ importance, text }) => messages.push(`${importance}: ${text}`),
        onProgress: ({ state }) => states.push(state),
      });
      assert.deepEqual(fake.wrong, []);
      assert.equal(result.state, "DONE");
      assert.deepEqual(
        Array.from(result.metrics.entries(), ({ key, cell }) => [
          key.step,
          key.name,
          JSON.stringify(plain(cell.result())),
        ]),
        [
          ["Lengths", "seen", "3"],
          ["Lengths", "only attempted", "7"],
          ["Lengths", "size", '{"count":2,"sum":10,"min":4,"max":6}'],
          ["Lengths", "kinds", '["b","a"]'],
        ],
      );
      assert.deepEqual(messages.slice(1), ["basic: Starting", "warning: Careful", "detailed: Detail"]);
      assert.match(
        messages[0] ?? "",
        /console\.cloud\.google\.com\/dataflow\/jobs\/europe-west1\/job-1\?project=a-project/,
      );
      assert.deepEqual(states, ["PENDING", "RUNNING", "DONE"]);
      assert.deepEqual(new Set(fake.seen.map(({ authorization }) => authorization)), new Set(["Bearer token-1"]));

      const { parameters } = fake.of("create")[0]!;
      const body = created(fake);
      assert.deepEqual(parameters, { projectId: "a-project", location: "europe-west1" });
      assert.equal(body.type, "JOB_TYPE_BATCH");
      assert.match(body.name, /^girder-\d+$/);
      assert.deepEqual(body.labels, { team: "data" });
      const { environment } = body;
      assert.deepEqual(environment.experiments, [
        "shuffle_mode=service",
        "use_runner_v2",
        "beam_fn_api",
        "use_unified_worker",
        "use_portable_job_submission",
      ]);
      assert.deepEqual(environment.version, { job_type: "FNAPI_BATCH", major: "8" });
      assert.equal(environment.flexResourceSchedulingGoal, "FLEXRS_COST_OPTIMIZED");
      const [pool] = environment.workerPools as [Record<string, unknown>];
      assert.deepEqual(pool["autoscalingSettings"], { maxNumWorkers: 5, algorithm: "AUTOSCALING_ALGORITHM_BASIC" });
      assert.equal(pool["ipConfiguration"], "WORKER_IP_PRIVATE");
      assert.equal(pool["workerHarnessContainerImage"], NEEDED.sdkContainerImage);

      // Whatever the job names is there, and is what it says.
      const { pipelineUrl, pipelineProtoHash } = environment.sdkPipelineOptions.options;
      const staged = fake.files.get(pipelineUrl);
      assert.ok(staged !== undefined);
      assert.equal(sha256(staged), pipelineProtoHash);
      const { components } = fromBinary(PipelineSchema, staged);
      const [id = "", used] = Object.entries(components!.environments)[0] ?? [];
      assert.ok(used !== undefined);
      assert.equal(used.urn, "beam:env:docker:v1");
      assert.equal(fromBinary(DockerPayloadSchema, used.payload).containerImage, NEEDED.sdkContainerImage);
      const [image] = pool["sdkHarnessContainerImages"] as [Record<string, unknown>];
      assert.equal(image["environmentId"], id);
      assert.ok((image["capabilities"] as string[]).length > 10);
      assert.equal(used.dependencies.length, 1);
      const { typeUrn, typePayload } = used.dependencies[0]!;
      assert.equal(typeUrn, "beam:artifact:type:url:v1");
      const artifact = fromBinary(ArtifactUrlPayloadSchema, typePayload);
      assert.equal(sha256(fake.files.get(artifact.url)!), artifact.sha256);
      assert.deepEqual(pool["packages"], [
        {
          name: "girder-program.mjs",
          location: artifact.url.replace("gs:/", "storage.googleapis.com"),
          sha256: artifact.sha256,
        },
      ]);
      // By what a worker is provisioned with it builds the same pipeline.
      assert.equal(programSpecOf(environment.sdkPipelineOptions as never)?.pipeline, 0);
    });
  });

  it("says why a job failed, in the words of the function that did", async () => {
    const message = (id: number, messageText: string) => ({
      id: `${id}`,
      time: "2026-11-23T00:00:01Z",
      messageText,
      messageImportance: "JOB_MESSAGE_ERROR",
    });
    await on(
      {
        states: ["JOB_STATE_RUNNING", "JOB_STATE_FAILED"],
        messages: [
          message(1, "SDK: [user-exception] too dear (at Lengths)\nCaused by: RangeError: too dear"),
          message(2, "Workflow failed. The work item was attempted 4 times."),
        ],
      },
      async (fake, options) => {
        await assert.rejects(launched(options), (thrown: unknown) => {
          assert.ok(thrown instanceof GirderError);
          assert.deepEqual(
            [thrown.code, thrown.where, (thrown.cause as Error).message],
            ["user-exception", "Lengths", "RangeError: too dear"],
          );
          return true;
        });
        assert.deepEqual(fake.wrong, []);
      },
    );
  });

  it("cancels and drains by the service", async () => {
    await on(
      { states: ["JOB_STATE_RUNNING"], requested: { JOB_STATE_CANCELLED: "JOB_STATE_CANCELLED" } },
      async (fake, options) => {
        const abort = new AbortController();
        const onProgress = (): void => abort.abort();
        await assert.rejects(launched({ ...options, signal: abort.signal, onProgress }), { code: "cancelled" });
        assert.deepEqual(
          fake.of("update").map(({ body }) => body),
          [{ requestedState: "JOB_STATE_CANCELLED" }],
        );
      },
    );
    await on(
      { states: ["JOB_STATE_RUNNING"], requested: { JOB_STATE_DRAINING: "JOB_STATE_DRAINED" } },
      async (fake, options) => {
        const drain = new AbortController();
        const onProgress = (): void => drain.abort();
        const { state } = await launched({ ...options, streaming: true, drain: drain.signal, onProgress });
        assert.equal(state, "DRAINED");
        const body = created(fake);
        assert.equal(body.type, "JOB_TYPE_STREAMING");
        assert.deepEqual(fake.wrong, []);
      },
    );
  });

  it("that will not drain a job has it cancelled, and says why", async () => {
    await on(
      { states: ["JOB_STATE_RUNNING"], requested: { JOB_STATE_CANCELLED: "JOB_STATE_CANCELLED" } },
      async (fake, options) => {
        const drain = AbortSignal.abort();
        await assert.rejects(launched({ ...options, drain }), {
          code: "invalid-argument",
          message: /cannot become JOB_STATE_DRAINING/,
        });
        assert.ok(fake.of("update").length >= 1);
      },
    );
  });

  it("updates the job of that name, and only one that runs", async () => {
    const update: RunOptions = {
      streaming: true,
      update: true,
      jobName: "running",
      transformNameMapping: '{"Old":"Lengths"}',
    };
    await on({ states: ["JOB_STATE_UPDATED"] }, async (fake, options) => {
      assert.equal((await launched({ ...options, ...update })).state, "UPDATED");
      const body = created(fake);
      assert.deepEqual([body.replaceJobId, body.transformNameMapping], ["job-0", { Old: "Lengths" }]);
      await assert.rejects(launched({ ...options, ...update, jobName: "another" }), {
        code: "not-found",
        message: /called another/,
      });
      assert.deepEqual(fake.wrong, []);
    });
  });

  it("that is busy is asked again; that refuses is quoted; that is not there is named within seconds", async () => {
    await on({ states: ["JOB_STATE_DONE"], statuses: [503, 429] }, async (_, options) => {
      assert.equal((await launched(options)).state, "DONE");
    });
    await on({ states: [], statuses: [403] }, async (fake, options) => {
      await assert.rejects(launched(options), {
        code: "io",
        message: /403: on purpose 403.*may use Dataflow and the bucket/,
      });
      assert.equal(fake.of("create").length, 0);
    });
    process.env["STORAGE_EMULATOR_HOST"] = "http://127.0.0.1:1";
    const begun = performance.now();
    await assert.rejects(launched(NEEDED), { code: "io", message: /cannot be reached.*127\.0\.0\.1:1/ });
    assert.ok(performance.now() - begun < 20_000);
  });

  it("says at once what is missing and wrong", async () => {
    const options: RunOptions = {
      runner: "dataflow",
      project: "My Project",
      tempLocation: "/tmp",
      numWorkers: 9,
      maxNumWorkers: 3,
      labels: "[1]",
      environmentType: "PROCESS",
      experiments: "disable_runner_v2",
      jobName: "My_Job",
    };
    await assert.rejects(launchDataflow(new Pipeline(), options), (thrown: unknown) => {
      assert.ok(thrown instanceof GirderError && thrown.code === "invalid-option");
      for (const flag of [
        "project",
        "region",
        "temp-location",
        "sdk-container-image",
        "num-workers",
        "labels",
        "environment-type",
        "experiments",
        "job-name",
      ]) {
        assert.match(thrown.what, new RegExp(`--${flag} `));
      }
      return true;
    });
  });

  it("is not given what it cannot execute", async () => {
    // A worker's program would have to build it, too: it is refused by what this process has built.
    const { dataflowPipeline } = await import("../../sdk/runners/dataflow/dataflow-pipeline.js");
    const pipeline = new Pipeline();
    pipeline.root.apply(testStream<number>().add(1, 2));
    const refused = dataflowPipeline(pipeline.toProto(), async () => new Uint8Array(), "gs://b/p");
    await assert.rejects(refused, {
      code: "unsupported",
      message: /TestStream\/Elements is a test stream.*only containers/,
    });
  });

  it("can be shown a job without being reached", async () => {
    const target = join(folder, "dry");
    delete process.env["STORAGE_EMULATOR_HOST"];
    const { accessToken: _, ...options } = NEEDED;
    const { state } = await launched({ ...options, dryRun: target });
    assert.equal(state, "STOPPED");
    assert.deepEqual(readdirSync(target).sort(), ["files", "job.json", "options.json", "pipeline.pb"]);
    const job = JSON.parse(readFileSync(join(target, "job.json"), "utf8")) as JobJson;
    assert.deepEqual(violations(job, "Job"), []);
    const { pipelineProtoHash } = job.environment.sdkPipelineOptions.options;
    assert.equal(sha256(readFileSync(join(target, "pipeline.pb"))), pipelineProtoHash);
    assert.deepEqual(readdirSync(join(target, "files")), ["girder-program.mjs"]);
  });

  describe("asks for a token", () => {
    /** Plays whoever gives tokens. */
    async function giving<T>(
      use: (url: string, asked: { path: string; form: URLSearchParams }[]) => Promise<T>,
    ): Promise<T> {
      const asked: { path: string; form: URLSearchParams }[] = [];
      const server = createServer((request, response) => {
        let text = "";
        request.on("data", (chunk: Buffer) => {
          text += String(chunk);
        });
        request.on("end", () => {
          asked.push({ path: request.url ?? "", form: new URLSearchParams(text) });
          const refuses = text.includes("bad");
          response
            .writeHead(refuses ? 400 : 200)
            .end(
              JSON.stringify(
                refuses ? { error: "invalid_grant" } : { access_token: `t${asked.length}`, expires_in: 3600 },
              ),
            );
        });
      });
      await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
      try {
        return await use(`127.0.0.1:${(server.address() as AddressInfo).port}`, asked);
      } finally {
        server.closeAllConnections();
        server.close();
      }
    }

    function file(name: string, content: object): string {
      const path = join(folder, name);
      writeFileSync(path, JSON.stringify(content));
      return path;
    }

    it("by the key of a service account, once for many calls", async () => {
      await giving(async (host, asked) => {
        const { privateKey, publicKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
        const url = `http://${host}/token`;
        const path = file("service.json", {
          type: "service_account",
          client_email: "a@b",
          private_key_id: "k",
          private_key: privateKey.export({ type: "pkcs8", format: "pem" }),
          token_uri: url,
        });
        const token = accessToken(undefined, { GOOGLE_APPLICATION_CREDENTIALS: path });
        assert.deepEqual([await token(), await token()], ["t1", "t1"]);
        assert.equal(asked[0]!.form.get("grant_type"), "urn:ietf:params:oauth:grant-type:jwt-bearer");
        const [head = "", claims = "", signature = ""] = (asked[0]!.form.get("assertion") ?? "").split(".");
        assert.ok(createVerify("RSA-SHA256").update(`${head}.${claims}`).verify(publicKey, signature, "base64url"));
        const { iss, aud, scope } = JSON.parse(String(Buffer.from(claims, "base64url"))) as Record<string, string>;
        assert.deepEqual([iss, aud, scope], ["a@b", url, "https://www.googleapis.com/auth/cloud-platform"]);
      });
    });

    it("by what a person has logged in with, and says so where that is over", async () => {
      await giving(async (host, asked) => {
        const own = { type: "authorized_user", client_id: "c", client_secret: "s", token_uri: `http://${host}/token` };
        file("application_default_credentials.json", { ...own, refresh_token: "r" });
        assert.equal(await accessToken(undefined, { CLOUDSDK_CONFIG: folder })(), "t1");
        assert.deepEqual(Object.fromEntries(asked[0]!.form), {
          grant_type: "refresh_token",
          client_id: "c",
          client_secret: "s",
          refresh_token: "r",
        });
        const bad = file("bad.json", { ...own, refresh_token: "bad" });
        await assert.rejects(accessToken(undefined, { GOOGLE_APPLICATION_CREDENTIALS: bad })(), {
          code: "io",
          message: /invalid_grant.*gcloud auth/,
        });
      });
    });

    it("of the machine, or says how to get one", async () => {
      await giving(async (host, asked) => {
        assert.equal(
          await accessToken(undefined, { CLOUDSDK_CONFIG: join(folder, "none"), GCE_METADATA_HOST: host })(),
          "t1",
        );
        assert.match(asked[0]!.path, /service-accounts\/default\/token$/);
      });
      const nowhere = { CLOUDSDK_CONFIG: join(folder, "none"), GCE_METADATA_HOST: "127.0.0.1:1" };
      await assert.rejects(accessToken(undefined, nowhere)(), {
        code: "not-found",
        message: /no credentials.*--access-token/,
      });
      const lost = { GOOGLE_APPLICATION_CREDENTIALS: join(folder, "lost.json") };
      await assert.rejects(accessToken(undefined, lost)(), { code: "not-found", message: /lost\.json/ });
      const other = file("other.json", { type: "external_account" });
      await assert.rejects(accessToken(undefined, { GOOGLE_APPLICATION_CREDENTIALS: other })(), {
        code: "unsupported",
      });
      assert.equal(await accessToken("given", lost)(), "given");
    });
  });
});

interface JobJson {
  readonly name: string;
  readonly type: string;
  readonly labels?: unknown;
  readonly replaceJobId?: string;
  readonly transformNameMapping?: unknown;
  readonly environment: {
    readonly experiments: readonly string[];
    readonly version: unknown;
    readonly flexResourceSchedulingGoal?: string;
    readonly workerPools: readonly unknown[];
    readonly sdkPipelineOptions: {
      readonly options: { readonly pipelineUrl: string; readonly pipelineProtoHash: string };
    };
  };
}

function metric(name: string, value: object, context: object = {}): object {
  return { name: { name, origin: "user", context: { step: "Lengths", namespace: "girder", ...context } }, ...value };
}

function plain(value: unknown): unknown {
  return value instanceof Set ? [...value] : value;
}

/** The job that was created. */
function created(fake: FakeGoogle): JobJson {
  return fake.of("create")[0]!.body as JobJson;
}

function sha256(content: Uint8Array): string {
  return createHash("sha256").update(content).digest("hex");
}
