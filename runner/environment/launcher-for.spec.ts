import assert from "node:assert/strict";
import { create } from "@bufbuild/protobuf";
import { ArtifactInformationSchema } from "../../portability/gen/org/apache/beam/model/pipeline/v1/beam_runner_api_pb.js";
import { launcherFor } from "./launcher-for.js";
import { anyOf, byDefault, docker, external, ofUrn, processOf } from "./testing/environments.js";
import { failure } from "./testing/failures.js";

const POOL = external({ endpoint: { url: "localhost:1" } });
const PROCESS = processOf({ command: "boot" });
const CONTAINER = docker("image");
const ELSEWHERE = processOf({ command: "boot", os: "plan9" });

describe("launcherFor", () => {
  it("takes the environment types of the model, and opens nothing", () => {
    for (const environment of [POOL, PROCESS, CONTAINER]) {
      assert.equal(launcherFor(environment).environment, environment);
    }
  });

  it("refuses types that it does not know", () => {
    assert.throws(
      () => launcherFor(ofUrn("beam:env:embedded_python:v1")),
      failure("unsupported", /embedded_python/, /LOOPBACK/),
    );
    assert.throws(() => launcherFor(ofUrn("")), failure("unsupported", /""/));
  });

  it("refuses payloads that cannot be read", () => {
    for (const environment of [POOL, PROCESS, CONTAINER, anyOf(POOL)]) {
      const payload = Uint8Array.of(0xff, 0xff, 0xff);
      assert.throws(
        () => launcherFor({ ...environment, payload }),
        failure("invalid-pipeline", /cannot be read/, /Payload/),
      );
    }
  });

  it("refuses payloads that lack what they must have", () => {
    assert.throws(() => launcherFor(external({})), failure("invalid-pipeline", /does not say where/));
    assert.throws(() => launcherFor(processOf({})), failure("invalid-pipeline", /no command/));
    for (const image of ["", "--privileged"]) {
      assert.throws(() => launcherFor(docker(image)), failure("invalid-pipeline", /does not name its image/));
    }
  });

  it("refuses pools that want authentication", () => {
    const endpoint = {
      url: "localhost:1",
      authentication: { urn: "beam:authentication:oauth2_client_credentials_grant:v1" },
    };
    assert.throws(() => launcherFor(external({ endpoint })), failure("unsupported", /oauth2/));
  });

  it("refuses processes of other operating systems and processors; knows ours by all its names", () => {
    assert.throws(() => launcherFor(ELSEWHERE), failure("unsupported", /for plan9; this is/));
    assert.throws(() => launcherFor(processOf({ command: "boot", arch: "z80" })), failure("unsupported", /for z80/));
    const os = { linux: ["linux", "Linux"], darwin: ["darwin", "macOS", "Mac OS X"] }[process.platform as string] ?? [];
    const arch = { x64: ["amd64", "x86_64", "x64"], arm64: ["arm64", "aarch64"] }[process.arch as string] ?? [];
    for (const name of os) launcherFor(processOf({ command: "boot", os: name }));
    for (const name of arch) launcherFor(processOf({ command: "boot", arch: name }));
  });

  describe("for ANYOF", () => {
    it("prefers a pool, then a process, then a container", () => {
      assert.deepEqual(launcherFor(anyOf(CONTAINER, PROCESS, POOL)).environment, POOL);
      assert.deepEqual(launcherFor(anyOf(CONTAINER, PROCESS)).environment, PROCESS);
      assert.deepEqual(
        launcherFor(anyOf(byDefault(), CONTAINER), { defaultEnvironment: PROCESS }).environment,
        CONTAINER,
      );
    });

    it("leaves out what cannot be used here", () => {
      assert.deepEqual(launcherFor(anyOf(ofUrn("x"), ELSEWHERE, external({}), CONTAINER)).environment, CONTAINER);
    });

    it("refuses when nothing is left, with all reasons", () => {
      assert.throws(() => launcherFor(anyOf()), failure("invalid-pipeline", /none at all/));
      const nothing = anyOf(ofUrn("beam:env:x:v1"), anyOf(ELSEWHERE), byDefault());
      const reasons = [/beam:env:x:v1/, /plan9/, /DEFAULT/];
      assert.throws(() => launcherFor(nothing), failure("invalid-pipeline", ...reasons));
    });

    it("does not follow alternatives for ever", () => {
      let deep = POOL;
      for (let i = 0; i < 20; i++) deep = anyOf(deep);
      assert.throws(() => launcherFor(deep), failure("invalid-pipeline", /deep/));
    });
  });

  describe("for DEFAULT", () => {
    it("refuses where the server has none", () => {
      assert.throws(() => launcherFor(byDefault()), failure("unsupported", /DEFAULT/, /default one/));
      const itself = { defaultEnvironment: byDefault() };
      assert.throws(() => launcherFor(byDefault(), itself), failure("unsupported", /DEFAULT/));
      const round = { defaultEnvironment: anyOf(byDefault()) };
      assert.throws(() => launcherFor(byDefault(), round), failure("invalid-pipeline", /DEFAULT/));
    });

    it("takes the server's, with the capabilities and dependencies that the pipeline knows of", () => {
      assert.deepEqual(launcherFor(byDefault(), { defaultEnvironment: PROCESS }).environment, PROCESS);
      const dependencies = [create(ArtifactInformationSchema, { typeUrn: "beam:artifact:type:file:v1" })];
      const { environment } = launcherFor(byDefault({ capabilities: ["c"], dependencies }), {
        defaultEnvironment: PROCESS,
      });
      assert.deepEqual([environment.urn, environment.payload], [PROCESS.urn, PROCESS.payload]);
      assert.deepEqual([environment.capabilities, environment.dependencies], [["c"], dependencies]);
    });
  });
});
