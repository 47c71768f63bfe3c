import { fromBinary } from "@bufbuild/protobuf";
import { TestStreamPayloadSchema } from "../../portability/gen/org/apache/beam/model/pipeline/v1/beam_runner_api_pb.js";
import { ComponentAdditions } from "./component-additions.js";
import { mainInputsOf, type Plan, type PlanStage } from "./stages.js";

/**
 * Where the elements of a test stream are coded otherwise than its output says, lets an environment read them by the one
 * coder and write them by the other: a stage without transforms does just that.
 */
export function transcodeTestStreams(plan: Plan): Plan {
  const additions = new ComponentAdditions(plan.components);
  const stages = plan.stages.flatMap((stage): PlanStage[] => {
    if (stage.kind !== "test-stream") return [stage];
    const { coderId } = fromBinary(TestStreamPayloadSchema, plan.components.transforms[stage.transform]!.spec!.payload);
    const transcoders: PlanStage[] = [];
    const outputs = stage.outputs.map((output) => {
      const declared = plan.components.pcollections[output]!;
      const environment = environmentOfReader(plan, output);
      if (declared.coderId === coderId || environment === undefined) return output;
      const raw = additions.pcollection(`${output}/Scripted`, { ...declared, coderId });
      transcoders.push({
        kind: "executable",
        id: `${stage.id}/Transcode ${output}`,
        environment,
        transforms: [],
        inputs: [{ pcollection: raw, consumers: [] }],
        outputs: [output],
        sideInputs: [],
        stateful: false,
        splittable: false,
        truncating: false,
      });
      return raw;
    });
    return [{ ...stage, outputs }, ...transcoders];
  });
  return { ...plan, components: additions.applied(), stages };
}

/** An environment in which the PCollection is read, if it is read anywhere, however many flattens and groupings later. */
function environmentOfReader({ stages }: Plan, pcollection: string): string | undefined {
  const readers = stages.filter(
    (stage) =>
      mainInputsOf(stage).includes(pcollection) ||
      (stage.kind === "executable" && stage.sideInputs.some((it) => it.pcollection === pcollection)),
  );
  for (const reader of readers) {
    if (reader.kind === "executable") return reader.environment;
    if (reader.kind !== "group-by-key" && reader.kind !== "flatten") continue;
    const found = environmentOfReader({ stages } as Plan, reader.output);
    if (found !== undefined) return found;
  }
  return undefined;
}
