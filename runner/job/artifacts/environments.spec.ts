import assert from "node:assert/strict";
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import {
  AnyOfEnvironmentPayloadSchema,
  type ArtifactInformation,
  ArtifactInformationSchema,
  type Environment,
  EnvironmentSchema,
} from "../../../portability/gen/org/apache/beam/model/pipeline/v1/beam_runner_api_pb.js";
import { StandardEnvironments } from "../../../portability/urns.js";
import { allOf, readEnvironment, replaceDependencies } from "./environments.js";

const { ANYOF, DOCKER, EXTERNAL } = StandardEnvironments.Environments;

const dependency = (name: string): ArtifactInformation => create(ArtifactInformationSchema, { typeUrn: name });

function anyOf(...environments: Environment[]): Environment {
  const payload = create(AnyOfEnvironmentPayloadSchema, { environments });
  return create(EnvironmentSchema, { urn: ANYOF, payload: toBinary(AnyOfEnvironmentPayloadSchema, payload) });
}

describe("an environment", () => {
  it("has the dependencies of what it offers to choose from; they are replaced where they stand", () => {
    const environment = anyOf(
      create(EnvironmentSchema, { urn: DOCKER, dependencies: [dependency("image")] }),
      anyOf(create(EnvironmentSchema, { urn: EXTERNAL, dependencies: [dependency("a"), dependency("b")] })),
    );
    environment.dependencies = [dependency("own")];
    const node = readEnvironment("worker", environment);
    const staged = new Map(
      allOf(node).map(({ environment: one }) => [
        one,
        one.dependencies.map(({ typeUrn }) => dependency(`staged ${typeUrn}`)),
      ]),
    );
    replaceDependencies(node, staged);
    const after = allOf(readEnvironment("worker", environment)).map(({ id, environment: { urn, dependencies } }) => {
      return { id, urn, dependencies: dependencies.map(({ typeUrn }) => typeUrn) };
    });
    assert.deepEqual(after, [
      { id: "worker", urn: ANYOF, dependencies: ["staged own"] },
      { id: "worker", urn: DOCKER, dependencies: ["staged image"] },
      { id: "worker", urn: ANYOF, dependencies: [] },
      { id: "worker", urn: EXTERNAL, dependencies: ["staged a", "staged b"] },
    ]);
  });

  it("stays as it is where nothing was staged for it", () => {
    const environment = anyOf(create(EnvironmentSchema, { urn: DOCKER, dependencies: [dependency("image")] }));
    replaceDependencies(readEnvironment("worker", environment), new Map());
    const { environments } = fromBinary(AnyOfEnvironmentPayloadSchema, environment.payload);
    assert.equal(environments[0]?.dependencies[0]?.typeUrn, "image");
  });

  it("is refused where its choices cannot be read, or never end", () => {
    const broken = create(EnvironmentSchema, { urn: ANYOF, payload: new Uint8Array([0x0a, 0xff]) });
    assert.throws(() => readEnvironment("worker", broken), /\[invalid-pipeline\].*payload of an environment.*worker/);
    let deep = create(EnvironmentSchema, { urn: EXTERNAL });
    for (let i = 0; i < 50; i++) deep = anyOf(deep);
    assert.throws(() => readEnvironment("worker", deep), /nested more than 8 deep/);
  });
});
