import assert from "node:assert/strict";
import { create } from "@bufbuild/protobuf";
import { ByteWriter } from "../../../portability/coders/byte-writer.js";
import { writeInt64 } from "../../../portability/coders/varint-coder.js";
import {
  type MonitoringInfo,
  MonitoringInfoSchema,
} from "../../../portability/gen/org/apache/beam/model/pipeline/v1/metrics_pb.js";
import { MonitoringInfoSpecs } from "../../../portability/urns.js";
import { Pace } from "./pace.js";

function count(elements: number, urn: string = MonitoringInfoSpecs.Enum.ELEMENT_COUNT.urn): MonitoringInfo {
  const out = new ByteWriter();
  writeInt64(elements, out);
  return create(MonitoringInfoSchema, { urn, payload: out.finish() });
}

describe("the pace of a bundle", () => {
  it("is that of one that computes where it counts many elements, of all its PCollections", () => {
    assert.equal(new Pace().computes([count(500_000), count(500_000)]), true);
  });

  it("is that of one that waits where it counts few, or says nothing of elements", () => {
    assert.equal(new Pace().computes([]), false);
    assert.equal(new Pace().computes([count(1_000_000, MonitoringInfoSpecs.Enum.USER_SUM_INT64.urn)]), false);
  });

  it("is that since it was asked before", () => {
    const pace = new Pace();
    assert.equal(pace.computes([count(1_000_000)]), true);
    assert.equal(pace.computes([count(1_000_000)]), false);
    assert.equal(pace.computes([count(2_000_000)]), true);
  });
});
