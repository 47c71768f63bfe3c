/** Ids of a pipeline that are names of what every JavaScript object has. */
import { create } from "@bufbuild/protobuf";
import {
  ComponentsSchema,
  type Pipeline,
} from "../../portability/gen/org/apache/beam/model/pipeline/v1/beam_runner_api_pb.js";

/**
 * Makes the maps of a pipeline hold what was submitted and nothing else: a reference to a coder called `constructor` leads
 * nowhere unless there is one.
 */
export function ownIdsOnly(pipeline: Pipeline): void {
  pipeline.components ??= create(ComponentsSchema);
  const { transforms, pcollections, windowingStrategies, coders, environments } = pipeline.components;
  const maps: object[] = [transforms, pcollections, windowingStrategies, coders, environments];
  for (const { inputs, outputs } of Object.values(transforms)) maps.push(inputs, outputs);
  for (const map of maps) Object.setPrototypeOf(map, null);
}
