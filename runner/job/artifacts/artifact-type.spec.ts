import assert from "node:assert/strict";
import { create, type DescMessage, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import {
  ArtifactFilePayloadSchema,
  type ArtifactInformation,
  ArtifactInformationSchema,
  ArtifactStagingToRolePayloadSchema,
  ArtifactUrlPayloadSchema,
  DeferredArtifactPayloadSchema,
  EmbeddedFilePayloadSchema,
  MavenPayloadSchema,
  PyPIPayloadSchema,
} from "../../../portability/gen/org/apache/beam/model/pipeline/v1/beam_runner_api_pb.js";
import { StandardArtifacts } from "../../../portability/urns.js";
import { artifactKey, artifactName, artifactType } from "./artifact-type.js";

const { Types, Roles } = StandardArtifacts;

function artifact<Desc extends DescMessage>(
  typeUrn: string,
  schema: Desc,
  payload: MessageInitShape<Desc>,
  stagedName?: string,
): ArtifactInformation {
  const typePayload = toBinary(schema, create(schema, payload));
  if (stagedName === undefined) return create(ArtifactInformationSchema, { typeUrn, typePayload });
  const rolePayload = toBinary(
    ArtifactStagingToRolePayloadSchema,
    create(ArtifactStagingToRolePayloadSchema, { stagedName }),
  );
  return create(ArtifactInformationSchema, { typeUrn, typePayload, roleUrn: Roles.STAGING_TO, rolePayload });
}

describe("an artifact", () => {
  const sha256 = "0123456789abcdef".repeat(4);

  it("of each type has its bytes with it, on the network, or with its client", () => {
    const data = new Uint8Array([1, 2]);
    const url = "https://example.org/a.jar";
    const cases: [ArtifactInformation, object][] = [
      [
        artifact(Types.FILE, ArtifactFilePayloadSchema, { path: "/a", sha256: sha256.toUpperCase() }),
        { kind: "client", sha256 },
      ],
      [artifact(Types.FILE, ArtifactFilePayloadSchema, { path: "/a" }), { kind: "client", sha256: "" }],
      [artifact(Types.URL, ArtifactUrlPayloadSchema, { url, sha256 }), { kind: "url", url, sha256 }],
      [
        artifact(Types.URL, ArtifactUrlPayloadSchema, { url: "file:///a" }),
        { kind: "client", url: "file:///a", sha256: "" },
      ],
      [artifact(Types.EMBEDDED, EmbeddedFilePayloadSchema, { data }), { kind: "embedded", data }],
      [
        artifact(Types.PYPI, PyPIPayloadSchema, { artifactId: "six", version: "1" }),
        { kind: "pypi", project: "six", version: "1" },
      ],
      [
        artifact(Types.MAVEN, MavenPayloadSchema, { artifact: "a:b:1" }),
        { kind: "maven", coordinates: "a:b:1", repository: "" },
      ],
      [artifact(Types.DEFERRED, DeferredArtifactPayloadSchema, { key: "k" }), { kind: "client", sha256: "" }],
      [artifact("beam:artifact:type:of_its_own:v7", ArtifactFilePayloadSchema, {}), { kind: "client", sha256: "" }],
    ];
    for (const [one, expected] of cases) assert.deepEqual(artifactType(one), expected, one.typeUrn);
  });

  it("is refused where its payload is not of its type, or its digest is none", () => {
    for (const typeUrn of Object.values(Types)) {
      const broken = create(ArtifactInformationSchema, { typeUrn, typePayload: new Uint8Array([0x0a, 0x20, 0xff]) });
      assert.throws(() => artifactType(broken), { code: "invalid-pipeline" }, typeUrn);
      assert.match(artifactName(broken), /^\(beam:artifact/);
    }
    const wrong = artifact(Types.FILE, ArtifactFilePayloadSchema, { path: "/a", sha256: "../../etc/passwd" });
    assert.throws(() => artifactType(wrong), /"\.\.\/\.\.\/etc\/passwd" is not the SHA-256 digest/);
  });

  it("is named by where it is staged to, or by its payload, however it is named", () => {
    const payload = { path: "/tmp/x-123.jar" };
    assert.equal(artifactName(artifact(Types.FILE, ArtifactFilePayloadSchema, payload, "x.jar")), '"x.jar"');
    assert.equal(artifactName(artifact(Types.FILE, ArtifactFilePayloadSchema, payload)), '"/tmp/x-123.jar"');
    assert.equal(artifactName(artifact(Types.PYPI, PyPIPayloadSchema, { artifactId: "six" })), '"six"');
    assert.equal(artifactName(artifact(Types.MAVEN, MavenPayloadSchema, { artifact: "a:b:1" })), '"a:b:1"');
    assert.equal(artifactName(artifact(Types.EMBEDDED, EmbeddedFilePayloadSchema, {})), `(${Types.EMBEDDED})`);
    const hostile = artifactName(
      artifact(Types.FILE, ArtifactFilePayloadSchema, { path: `\n\u001b[31m${"x".repeat(9_999)}` }),
    );
    assert.ok(hostile.length < 300 && !hostile.includes("\n") && !hostile.includes("\u001b"));
  });

  it("is the same in whatever role", () => {
    const payload = { path: "/a" };
    const one = artifactKey(artifact(Types.FILE, ArtifactFilePayloadSchema, payload, "a"));
    assert.equal(one, artifactKey(artifact(Types.FILE, ArtifactFilePayloadSchema, payload)));
    assert.notEqual(one, artifactKey(artifact(Types.URL, ArtifactFilePayloadSchema, payload)));
    assert.notEqual(one, artifactKey(artifact(Types.FILE, ArtifactFilePayloadSchema, { path: "/b" })));
  });
});
