import assert from "node:assert/strict";
import { create, toBinary } from "@bufbuild/protobuf";
import { GirderError } from "../../portability/errors.js";
import {
  IsBounded_Enum,
  type Pipeline,
  ReadPayloadSchema,
} from "../../portability/gen/org/apache/beam/model/pipeline/v1/beam_runner_api_pb.js";
import { StandardPTransforms } from "../../portability/urns.js";
import { PORTABLE_CAPABILITIES } from "./capabilities.js";
import { plan } from "./plan.js";
import { fusedTransforms, PipelineBuilder } from "./testing.js";

/** A deprecated read, as a part of a composite, and a ParDo behind it. */
function reading(capabilities: readonly string[], isBounded = IsBounded_Enum.BOUNDED): Pipeline {
  const builder = new PipelineBuilder();
  builder.parDo("lines", builder.impulse("read"));
  builder.composite("source", ["read"]);
  builder.tamper(({ transforms, environments }) => {
    const payload = toBinary(
      ReadPayloadSchema,
      create(ReadPayloadSchema, { source: { urn: "own:source" }, isBounded }),
    );
    const urn = StandardPTransforms.DeprecatedPrimitives.READ;
    transforms["read"] = {
      ...transforms["read"]!,
      environmentId: "main",
      spec: { ...transforms["read"]!.spec!, urn, payload },
    };
    environments["main"]!.capabilities = [...capabilities];
  });
  return builder.build();
}

const PYTHON = ["beam:version:sdk_base:apache/beam_python3.11_sdk:2.77.0"];

describe("deprecated reads", () => {
  it("begin with an impulse where their workers run them, and fuse with what follows", () => {
    const { components, roots, stages } = plan(reading(PYTHON), PORTABLE_CAPABILITIES);
    assert.deepEqual(fusedTransforms({ components, roots, stages, notes: [] }), [["read", "lines"]]);
    assert.deepEqual(
      stages.map(({ id, kind }) => [kind, id]),
      [
        ["impulse", "read/Impulse"],
        ["executable", "read"],
      ],
    );
    const { spec, inputs, outputs, uniqueName } = components.transforms["read"]!;
    assert.deepEqual([spec!.urn, uniqueName], ["beam:transform:read_from_impulse_python:v1", "read"]);
    assert.deepEqual([inputs, outputs], [{ in: "read/Impulse" }, { out: "read.out" }]);
    assert.deepEqual(components.transforms["source"]!.subtransforms, ["read/Impulse", "read"]);
  });

  it("are refused with what to do where their workers do not, or where they never end", () => {
    for (const [pipeline, text] of [
      [reading([]), /its SDK's workers do not run/],
      [reading(PYTHON, IsBounded_Enum.UNBOUNDED), /a deprecated read of an unbounded source/],
    ] as const) {
      assert.throws(
        () => plan(pipeline, PORTABLE_CAPABILITIES),
        (thrown) => {
          assert.ok(thrown instanceof GirderError && thrown.code === "unsupported");
          assert.match(thrown.message, text);
          assert.match(thrown.message, /--experiments=use_deprecated_read/);
          return true;
        },
      );
    }
    assert.throws(() => plan(reading(PYTHON)), /do not run/);
  });
});
