import assert from "node:assert/strict";
import { create } from "@bufbuild/protobuf";
import { MonitoringInfoSchema } from "../../../portability/gen/org/apache/beam/model/pipeline/v1/metrics_pb.js";
import { atKnownSteps } from "./known-steps.js";

describe("metrics of what a runner made of a step", () => {
  const of = (id: string) => create(MonitoringInfoSchema, { labels: { PTRANSFORM: id, NAME: "n" } });
  const steps = (...ids: string[]) =>
    Array.from(
      atKnownSteps(ids.map(of), { Read: {}, eOdd_processandsplit: {} }),
      ({ labels: { PTRANSFORM } }) => PTRANSFORM,
    );

  it("are the step's", () => {
    const parts = ["Read", "eRead_processandsplit", "Read/ProcessSizedElementsAndRestrictions0", "Read/Process"];
    assert.deepEqual(steps(...parts), ["Read", "Read", "Read", "Read"]);
  });

  it("stay where they are if they are of no step that is known", () => {
    assert.deepEqual(steps("eOdd_processandsplit", "eOther_processandsplit", "More"), [
      "eOdd_processandsplit",
      "eOther_processandsplit",
      "More",
    ]);
  });
});
