/** Expands in a worker what the expansion service has expanded, so that its functions are there. */
import { readFileSync } from "node:fs";
import { create, fromBinary } from "@bufbuild/protobuf";
import { ExpansionRequestSchema } from "../../portability/gen/org/apache/beam/model/job_management/v1/beam_expansion_api_pb.js";
import { EnvironmentSchema } from "../../portability/gen/org/apache/beam/model/pipeline/v1/beam_runner_api_pb.js";
import type { FunctionTable } from "../pipeline/functions.js";
import { registry } from "./registered-transforms.js";

/** @param file in which each line is a request, behind the serial number by which it was expanded. */
export function expandedAgain(file: string): FunctionTable {
  const { expand, ...registered } = registry();
  for (const line of readFileSync(file, "utf8").split("\n").filter(Boolean)) {
    const [serial = "", request = ""] = line.split(" ");
    expand(
      registered,
      fromBinary(ExpansionRequestSchema, Buffer.from(request, "base64")),
      serial,
      create(EnvironmentSchema),
    );
  }
  return registered.functions;
}
