import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { create, fromBinary, toBinary, toJson } from "@bufbuild/protobuf";
import { status } from "@grpc/grpc-js";
import type { GirderError } from "../../../portability/errors.js";
import { statusOf } from "../../../portability/fn-api/status.js";
import {
  AnyOfEnvironmentPayloadSchema,
  ArtifactFilePayloadSchema,
  type ArtifactInformation,
  ArtifactInformationSchema,
  ArtifactStagingToRolePayloadSchema,
  ArtifactUrlPayloadSchema,
  DeferredArtifactPayloadSchema,
  EmbeddedFilePayloadSchema,
  EnvironmentSchema,
  MavenPayloadSchema,
} from "../../../portability/gen/org/apache/beam/model/pipeline/v1/beam_runner_api_pb.js";
import { StandardArtifacts, StandardEnvironments } from "../../../portability/urns.js";
import { type Answer, pipelineWith, type ServerUnderTest, stage, startServer } from "../testing.js";

const { Types, Roles } = StandardArtifacts;
const sha256 = (bytes: string | Uint8Array): string => createHash("sha256").update(bytes).digest("hex");

function file(path: string, digest = "", stagedName = path): ArtifactInformation {
  return create(ArtifactInformationSchema, {
    typeUrn: Types.FILE,
    typePayload: toBinary(ArtifactFilePayloadSchema, create(ArtifactFilePayloadSchema, { path, sha256: digest })),
    roleUrn: Roles.STAGING_TO,
    rolePayload: toBinary(
      ArtifactStagingToRolePayloadSchema,
      create(ArtifactStagingToRolePayloadSchema, { stagedName }),
    ),
  });
}

const pathOf = (artifact: ArtifactInformation): string =>
  fromBinary(ArtifactFilePayloadSchema, artifact.typePayload).path;

function assertSame(actual: readonly ArtifactInformation[], expected: readonly ArtifactInformation[]): void {
  const json = (artifact: ArtifactInformation) => toJson(ArtifactInformationSchema, artifact);
  assert.deepEqual(actual.map(json), expected.map(json));
}

/** The content of a file is its path. */
const reads = (artifact: ArtifactInformation): Uint8Array[] => [Buffer.from(pathOf(artifact))];

describe("staging", () => {
  let folder: string;
  let under: ServerUnderTest;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "girder-staging-spec-"));
    under = await startServer({ stagingDirectory: folder });
  });
  afterEach(async () => {
    await under[Symbol.asyncDispose]();
    assert.deepEqual(await readdir(folder), []);
    await rm(folder, { recursive: true });
  });

  const prepare = (...dependencies: ArtifactInformation[]) =>
    under.jobs.prepare({ jobName: "staging", pipeline: pipelineWith(dependencies) });

  /** Files below the staging folder. */
  async function files(): Promise<string[]> {
    const [own] = await readdir(folder);
    return await readdir(join(folder, own!));
  }

  /** Runs a prepared job; the artifacts that its workers see. */
  async function run(preparationId: string): Promise<ArtifactInformation[]> {
    const { jobId } = await under.jobs.run({ preparationId });
    return under.executor.of(jobId).job.pipeline.components!.environments["worker"]!.dependencies;
  }

  async function retrieved(artifact: ArtifactInformation): Promise<string> {
    const chunks: Uint8Array[] = [];
    for await (const { data } of under.retrieval.getArtifact({ artifact })) chunks.push(data);
    return Buffer.concat(chunks).toString();
  }

  const refused = (code: GirderError["code"], grpcStatus: status, message: RegExp) => (thrown: GirderError) => {
    assert.deepEqual([thrown.code, statusOf(thrown)], [code, grpcStatus], thrown.message);
    assert.match(thrown.message, message);
    return true;
  };

  it("says where: at the address by which the client came", async () => {
    const { artifactStagingEndpoint, stagingSessionToken } = await prepare();
    assert.equal(artifactStagingEndpoint?.url, under.server.address);
    assert.notEqual(stagingSessionToken, "");
  });

  it("ends at once where there is nothing to stage", async () => {
    const { preparationId, stagingSessionToken } = await prepare();
    assert.deepEqual(await stage(under.staging, stagingSessionToken, reads), []);
    assert.deepEqual(await run(preparationId), []);
  });

  it("gets the client's files, which workers then retrieve in their roles", async () => {
    const { preparationId, stagingSessionToken } = await prepare(file("a.jar"), file("b.jar", sha256("b.jar")));
    await stage(under.staging, stagingSessionToken, reads);
    const artifacts = await run(preparationId);
    assert.deepEqual(artifacts.map(pathOf), [sha256("a.jar"), sha256("b.jar")]);
    assert.deepEqual(
      artifacts.map(({ rolePayload }) => fromBinary(ArtifactStagingToRolePayloadSchema, rolePayload).stagedName),
      ["a.jar", "b.jar"],
    );
    const { replacements } = await under.retrieval.resolveArtifacts({ artifacts });
    assertSame(replacements, artifacts);
    assert.deepEqual(await Promise.all(replacements.map(retrieved)), ["a.jar", "b.jar"]);
    // Go's workers give every artifact the role of a file that is staged somewhere.
    assert.equal(await retrieved({ ...artifacts[0]!, rolePayload: new Uint8Array([10, 1, 65]) }), "a.jar");
    const pipeline = await under.jobs.getPipeline({ jobId: preparationId });
    assertSame(pipeline.pipeline!.components!.environments["worker"]!.dependencies, artifacts);
  });

  it("does not ask for what the server has, nor twice for the same", async () => {
    const known = file("known.jar", sha256("known.jar"));
    const one = await prepare(known, known, file("unknown.jar"), file("unknown.jar"));
    const asked = await stage(under.staging, one.stagingSessionToken, reads);
    assert.deepEqual(asked.map(pathOf), ["known.jar", "unknown.jar"]);
    const two = await prepare(known);
    assert.deepEqual(await stage(under.staging, two.stagingSessionToken, reads), []);
    assert.deepEqual((await run(two.preparationId)).map(pathOf), [sha256("known.jar")]);
    assert.equal((await files()).length, 2);
  });

  it("lets the client resolve what only it understands, into any number of artifacts", async () => {
    const deferred = create(ArtifactInformationSchema, {
      typeUrn: Types.DEFERRED,
      typePayload: toBinary(DeferredArtifactPayloadSchema, create(DeferredArtifactPayloadSchema, { key: "later" })),
    });
    const { preparationId, stagingSessionToken } = await prepare(deferred, file("c.jar"));
    await stage(under.staging, stagingSessionToken, reads, (artifact) =>
      artifact.typeUrn === Types.DEFERRED ? [file("a.jar"), file("b.jar")] : [artifact],
    );
    assert.deepEqual((await run(preparationId)).map(pathOf), ["a.jar", "b.jar", "c.jar"].map(sha256));
  });

  it("asks the client for deferred artifacts, types of its own, and URLs that are not on the web", async () => {
    const own = [Types.DEFERRED, "beam:artifact:type:of_its_own:v1"].map((typeUrn) =>
      create(ArtifactInformationSchema, { typeUrn, roleUrn: "beam:artifact:role:of_its_own:v1" }),
    );
    const url = create(ArtifactInformationSchema, {
      typeUrn: Types.URL,
      typePayload: toBinary(ArtifactUrlPayloadSchema, create(ArtifactUrlPayloadSchema, { url: "gs://bucket/a.jar" })),
    });
    const { preparationId, stagingSessionToken } = await prepare(...own, url);
    const asked = await stage(under.staging, stagingSessionToken, ({ typeUrn }) => [Buffer.from(typeUrn)]);
    assertSame(asked, [...own, url]);
    const artifacts = await run(preparationId);
    assert.deepEqual(
      artifacts.map(({ typeUrn, roleUrn }) => [typeUrn, roleUrn]),
      [...own, url].map(({ roleUrn }) => [Types.FILE, roleUrn]),
    );
    assert.equal(await retrieved(artifacts[1]!), "beam:artifact:type:of_its_own:v1");
  });

  it("needs no client for what is embedded or on the web", async () => {
    const embedded = create(ArtifactInformationSchema, {
      typeUrn: Types.EMBEDDED,
      typePayload: toBinary(
        EmbeddedFilePayloadSchema,
        create(EmbeddedFilePayloadSchema, { data: Buffer.from("here") }),
      ),
      roleUrn: Roles.PIP_REQUIREMENTS_FILE,
    });
    const maven = create(ArtifactInformationSchema, {
      typeUrn: Types.MAVEN,
      typePayload: toBinary(MavenPayloadSchema, create(MavenPayloadSchema, { artifact: "org.example:tool:1" })),
    });
    const staged = await prepare(embedded, maven);
    assert.deepEqual(await stage(under.staging, staged.stagingSessionToken, reads), []);
    const [requirements, tool] = await run(staged.preparationId);
    // Workers that know files only can take it.
    assert.equal(requirements?.typeUrn, Types.FILE);
    assert.equal(requirements?.roleUrn, Roles.PIP_REQUIREMENTS_FILE);
    assert.equal(await retrieved(requirements!), "here");
    assertSame([tool!], [maven]);
    const bare = await prepare(embedded);
    assert.equal(await retrieved((await run(bare.preparationId))[0]!), "here");
  });

  it("stages for the environments that an environment offers to choose from", async () => {
    const { DOCKER, ANYOF } = StandardEnvironments.Environments;
    const docker = create(EnvironmentSchema, { urn: DOCKER, dependencies: [file("a.jar")] });
    const pipeline = pipelineWith();
    pipeline.components!.environments["worker"] = create(EnvironmentSchema, {
      urn: ANYOF,
      payload: toBinary(
        AnyOfEnvironmentPayloadSchema,
        create(AnyOfEnvironmentPayloadSchema, { environments: [docker] }),
      ),
    });
    const { preparationId, stagingSessionToken } = await under.jobs.prepare({ pipeline });
    await stage(under.staging, stagingSessionToken, reads);
    const { jobId } = await under.jobs.run({ preparationId });
    const { payload } = under.executor.of(jobId).job.pipeline.components!.environments["worker"]!;
    const [choice] = fromBinary(AnyOfEnvironmentPayloadSchema, payload).environments;
    assert.deepEqual(choice?.dependencies.map(pathOf), [sha256("a.jar")]);
    assert.equal(await retrieved(choice!.dependencies[0]!), "a.jar");
  });

  it("takes files of any size a chunk at a time", async function () {
    this.timeout(30_000);
    const chunk = Buffer.alloc(1 << 20, "0123456789abcdef");
    const CHUNKS = 64;
    const hash = createHash("sha256");
    for (let i = 0; i < CHUNKS; i++) hash.update(chunk);
    const digest = hash.digest("hex");
    const { preparationId, stagingSessionToken } = await prepare(file("large", digest));
    await stage(under.staging, stagingSessionToken, function* () {
      for (let i = 0; i < CHUNKS; i++) yield chunk;
    });
    const [artifact] = await run(preparationId);
    const back = createHash("sha256");
    for await (const { data } of under.retrieval.getArtifact({ artifact: artifact! })) {
      assert.ok(data.length <= 1 << 20);
      back.update(data);
    }
    assert.equal(back.digest("hex"), digest);
  });

  const HOSTILE = [
    "../../../../tmp/girder-escaped",
    "/tmp/girder-escaped",
    "..\\..\\girder-escaped",
    "a/../../girder-escaped",
    "con\u0000trol",
    "~/.ssh/authorized_keys",
    "file:///tmp/girder-escaped",
    "C:\\girder-escaped",
    `${"x".repeat(5_000)}`,
    "",
    ".",
    "__proto__",
  ];

  it("builds no path of what comes from outside", async () => {
    const { preparationId, stagingSessionToken } = await prepare(...HOSTILE.map((name) => file(name)));
    await stage(under.staging, stagingSessionToken, reads);
    const artifacts = await run(preparationId);
    assert.deepEqual(artifacts.map(pathOf), HOSTILE.map(sha256));
    for (const name of await files()) assert.match(name, /^\d+$/);
    assert.equal((await files()).length, HOSTILE.length);
    assert.deepEqual(
      (await readdir(tmpdir())).filter((name) => name.includes("escaped")),
      [],
    );
    for (const path of [...HOSTILE, "1", "../1", sha256("x"), "/etc/hostname"]) {
      await assert.rejects(retrieved(file(path)), refused("not-found", status.NOT_FOUND, /No job that runs has this/));
    }
  });

  it("is refused for a token that nobody has, or no longer", async () => {
    const unknown = refused("not-found", status.NOT_FOUND, /no job to stage artifacts for/);
    await assert.rejects(stage(under.staging, "wrong", reads), unknown);
    await assert.rejects(stage(under.staging, "", reads), unknown);
    const { preparationId, stagingSessionToken } = await prepare();
    await run(preparationId);
    await assert.rejects(stage(under.staging, stagingSessionToken, reads), unknown);
  });

  it("fails for a content with another digest, and can then be tried again", async () => {
    const { preparationId, stagingSessionToken } = await prepare(file("a.jar"), file("b.jar", sha256("b.jar")));
    await assert.rejects(
      stage(under.staging, stagingSessionToken, () => [Buffer.from("something else")]),
      refused("corrupt-file", status.DATA_LOSS, /SHA-256 digest of "b\.jar"/),
    );
    await assert.rejects(
      under.jobs.run({ preparationId }),
      refused("invalid-argument", status.INVALID_ARGUMENT, /not been staged: "a\.jar", "b\.jar"/),
    );
    await stage(under.staging, stagingSessionToken, reads);
    assert.deepEqual((await run(preparationId)).map(pathOf), [sha256("a.jar"), sha256("b.jar")]);
  });

  it("fails where an answer is none to what was asked", async () => {
    const { preparationId, stagingSessionToken: stagingToken } = await prepare(file("a.jar"));
    const { reverseArtifactRetrievalService: reverse } = under.staging;
    const resolvedAs = (artifact: ArtifactInformation): Answer => {
      return { response: { case: "resolveArtifactResponse", value: { replacements: [artifact] } } };
    };
    const broken = create(ArtifactInformationSchema, {
      typeUrn: Types.FILE,
      typePayload: new Uint8Array([0x0a, 0xff]),
    });
    const nothing: Answer = {};
    const resolved = resolvedAs(file("a.jar"));
    const chunk: Answer = { response: { case: "getArtifactResponse", value: { data: new Uint8Array(3) } } };
    const cases: [Answer[], RegExp][] = [
      [[{ stagingToken }, nothing], /asked to resolve artifacts, and answered nothing/],
      [[{ stagingToken }, chunk], /asked to resolve artifacts, and answered getArtifactResponse/],
      [[{ stagingToken }, resolved, resolved], /asked for an artifact, and answered resolveArtifactResponse/],
      [[{ stagingToken }, resolved, nothing], /asked for an artifact, and answered nothing/],
      [[{ stagingToken }, resolvedAs(broken)], /payload of an artifact cannot be read/],
      [[{ stagingToken }], /ended before everything was staged/],
      [[{ stagingToken }, resolved, chunk], /ended before everything was staged/],
    ];
    for (const [answers, message] of cases) {
      await assert.rejects(
        async () => {
          for await (const _ of reverse(answers));
        },
        refused("invalid-argument", status.INVALID_ARGUMENT, message),
        String(message),
      );
    }
    assert.deepEqual(await files(), []);
    await assert.rejects(run(preparationId), { code: "invalid-argument" });
  });

  it("leaves nothing of a client that goes in the middle of a file", async () => {
    const { stagingSessionToken: stagingToken } = await prepare(file("a.jar"));
    const gone = new AbortController();
    const replacements = [file("a.jar")];
    async function* half(): AsyncGenerator<Answer> {
      yield { stagingToken };
      yield { response: { case: "resolveArtifactResponse", value: { replacements } } };
      yield { response: { case: "getArtifactResponse", value: { data: new Uint8Array(10_000) } } };
      while ((await files()).length === 0) await new Promise((resolve) => setImmediate(resolve));
      gone.abort();
      await new Promise(() => undefined);
    }
    await assert.rejects(
      async () => {
        for await (const _ of under.staging.reverseArtifactRetrievalService(half(), { signal: gone.signal }));
      },
      { code: "cancelled" },
    );
    while ((await files()).length > 0) await new Promise((resolve) => setImmediate(resolve));
  });

  it("is taken over by a client that comes back", async () => {
    const { preparationId, stagingSessionToken } = await prepare(file("a.jar"));
    async function* hanging(): AsyncGenerator<Answer> {
      yield { stagingToken: stagingSessionToken };
      await new Promise(() => undefined);
    }
    const first = under.staging.reverseArtifactRetrievalService(hanging())[Symbol.asyncIterator]();
    assert.equal((await first.next()).value?.request.case, "resolveArtifact");
    await stage(under.staging, stagingSessionToken, reads);
    await assert.rejects(first.next(), refused("cancelled", status.CANCELLED, /Another client stages/));
    assert.deepEqual((await run(preparationId)).map(pathOf), [sha256("a.jar")]);
  });

  it("is over when the job is run: not before", async () => {
    const { preparationId, stagingSessionToken } = await prepare(file("a.jar"));
    await stage(under.staging, stagingSessionToken, async function* (artifact) {
      await assert.rejects(
        under.jobs.run({ preparationId }),
        refused("invalid-argument", status.INVALID_ARGUMENT, /when the server has ended the stream/),
      );
      yield* reads(artifact);
    });
    assert.equal((await run(preparationId)).length, 1);
  });

  it("keeps files until the job is forgotten, and gives them to workers until it has ended", async () => {
    const { preparationId, stagingSessionToken } = await prepare(file("a.jar"));
    await stage(under.staging, stagingSessionToken, reads);
    const [artifact] = await run(preparationId);
    under.executor.of(preparationId).finish();
    for await (const _ of under.jobs.getStateStream({ jobId: preparationId }));
    assert.equal((await files()).length, 1);
    await assert.rejects(retrieved(artifact!), { code: "not-found" });
  });
});
