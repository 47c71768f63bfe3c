import assert from "node:assert/strict";
import { GirderError } from "../../portability/errors.js";
import { AccumulationMode_Enum } from "../../portability/gen/org/apache/beam/model/pipeline/v1/beam_runner_api_pb.js";
import { FixedWindowsPayload, GlobalWindowsPayload, StandardRequirements } from "../../portability/urns.js";
import { PORTABLE_CAPABILITIES } from "./capabilities.js";
import { plan } from "./plan.js";
import { PipelineBuilder } from "./testing.js";

/** A grouping whose panes retract. */
function retracting(): { readonly pipeline: PipelineBuilder; readonly grouped: string } {
  const pipeline = new PipelineBuilder();
  const windowFn = { urn: GlobalWindowsPayload.Enum.PROPERTIES };
  pipeline.windowing("global", { windowFn, accumulationMode: AccumulationMode_Enum.RETRACTING });
  return { pipeline, grouped: pipeline.groupByKey("group", pipeline.parDo("source", pipeline.impulse("impulse"))) };
}

const refused =
  (...texts: readonly RegExp[]) =>
  (thrown: unknown): boolean =>
    thrown instanceof GirderError && thrown.code === "unsupported" && texts.every((text) => text.test(thrown.message));

describe("panes that retract", () => {
  it("may be processed, grouped and combined on; what combines them does so after grouping", () => {
    const { pipeline, grouped } = retracting();
    pipeline.combinePerKey("sum", pipeline.parDo("map", grouped));
    pipeline.combinePerKey("lifted", "source.out");
    const { notes } = plan(pipeline.build());
    assert.deepEqual(notes, ["sum combines after grouping: of its values some are taken back."]);
  });

  it("are refused as a side input, before state, and before panes that do not retract: all at once", () => {
    const { pipeline, grouped } = retracting();
    const mapped = pipeline.parDo("map", grouped);
    pipeline.parDo("looks", "source.out", { sideInputs: { side: mapped } });
    pipeline.parDo("keeps", mapped, { payload: { stateSpecs: { s: {} } } });
    pipeline.windowing("discarding", { windowFn: { urn: FixedWindowsPayload.Enum.PROPERTIES } });
    const windowed = pipeline.parDo("windowed", mapped, { windowing: "discarding" });
    pipeline.groupByKey("regroup", windowed);
    const requirements = new Set([StandardRequirements.Enum.REQUIRES_STATEFUL_PROCESSING]);
    assert.throws(
      () =>
        plan(pipeline.build(), { ...PORTABLE_CAPABILITIES, accumulationModes: new Set([0, 1, 2, 3]), requirements }),
      refused(
        /looks: its side input side retracts/,
        /keeps: it keeps state of an input that retracts/,
        /regroup: it groups an input that retracts into panes that do not/,
      ),
    );
  });

  it("are refused where functions run in workers: none takes the kind of a value", () => {
    assert.throws(
      () => plan(retracting().pipeline.build(), PORTABLE_CAPABILITIES),
      refused(/group: retracting panes are not supported.*discarding or accumulating/s),
    );
  });
});
