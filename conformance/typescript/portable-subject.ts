/** A job service, as a subject of the suite: pipelines are submitted to it, and their functions run in this process. */
import type { JsonObject } from "@bufbuild/protobuf";
import { GirderError } from "girder";
import { testPipelineOn } from "girder/testing";
import type { Endpoint, SubjectName } from "../endpoint/endpoint.js";
import { girderVersion } from "../root.js";
import type { Subject } from "./run-suite.js";

/** How runners say in a job's failure that they cannot execute it. */
const UNIMPLEMENTED = /NotImplementedError|Unable to run pipeline with requirement|UnsupportedOperationException/;

/**
 * What runners are told. With more than one instance of an operator Flink passes elements on in no order, as it may; the tests tell
 * more where there is one.
 */
const OPTIONS: Readonly<Partial<Record<SubjectName, JsonObject>>> = {
  flink: { "beam:option:parallelism:v1": "1", "beam:option:environment_cache_millis:v1": "10000" },
};

/** @param timeout Seconds that a test may take. */
export function portableSubject(name: SubjectName, { address, versions }: Endpoint, timeout: number): Subject {
  return {
    name,
    versions: { ...versions, girder: girderVersion(), node: process.versions.node },
    variant: ["LOOPBACK"],
    isForeign: name !== "girder",
    refused: (thrown) => {
      if (!(thrown instanceof GirderError)) return false;
      // In Prepare; Python's job service says so only when the job is run.
      return (thrown.code === "unsupported" && thrown.where === address) || UNIMPLEMENTED.test(thrown.message);
    },
    run: async (build) => {
      const signal = AbortSignal.timeout(timeout * 1000);
      return (await testPipelineOn(address, build, { signal, options: OPTIONS[name] ?? {} })).metrics;
    },
  };
}
