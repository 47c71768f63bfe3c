import assert from "node:assert/strict";
import { fromBinary } from "@bufbuild/protobuf";
import {
  CombinePayloadSchema,
  ParDoPayloadSchema,
} from "../../../portability/gen/org/apache/beam/model/pipeline/v1/beam_runner_api_pb.js";
import { StandardPTransforms } from "../../../portability/urns.js";
import { sum } from "../../combiners/sum.js";
import { Pipeline } from "../../pipeline/pipeline.js";
import { combinePerKey } from "../../transforms/combine.js";
import { create } from "../../transforms/create.js";
import { withKeys } from "../../transforms/key-values.js";
import { redistribute } from "../../transforms/reshuffle.js";
import { takenApart } from "./taken-apart.js";

describe("transforms that some runners do not know", () => {
  const pipeline = new Pipeline();
  const keyed = pipeline.root.apply(create([1, 2])).apply(withKeys(() => "k"));
  keyed.apply("Sum", combinePerKey(sum)).apply("Spread", redistribute());
  const before = pipeline.toProto().components!.transforms;
  const { transforms } = takenApart(pipeline.toProto()).components!;

  function partOf(id: string) {
    const whole = transforms[id]!;
    assert.deepEqual({ ...whole, subtransforms: [] }, before[id]);
    const [part, ...others] = whole.subtransforms.map((each) => transforms[each]!);
    assert.deepEqual(others, []);
    const { inputs, outputs, environmentId, uniqueName } = part!;
    assert.deepEqual([inputs, outputs, environmentId], [whole.inputs, whole.outputs, whole.environmentId]);
    assert.ok(uniqueName.startsWith(`${whole.uniqueName}/`));
    return { whole, part: part! };
  }

  it("are made of a ParDo with the function, where grouped values are combined", () => {
    const { whole, part } = partOf("Sum/CombineValues");
    assert.equal(part.spec!.urn, StandardPTransforms.Primitives.PAR_DO);
    const { combineFn } = fromBinary(CombinePayloadSchema, whole.spec!.payload);
    assert.deepEqual(fromBinary(ParDoPayloadSchema, part.spec!.payload).doFn, combineFn);
  });

  it("are made of a Reshuffle, where elements are redistributed", () => {
    assert.equal(partOf("Spread").part.spec!.urn, StandardPTransforms.Composites.RESHUFFLE);
  });

  it("are all: others stay as they are", () => {
    const changed = Object.keys(transforms).filter((id) => transforms[id] !== before[id] && !(id in before));
    assert.deepEqual(changed.sort(), ["Spread/Reshuffle", "Sum/CombineValues/ParDo"]);
    for (const id of ["Sum", "Sum/GroupByKey"]) assert.deepEqual(transforms[id], before[id]);
  });
});
