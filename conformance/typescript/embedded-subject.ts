/** The embedded runner, as a subject of the suite. */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { type TestPipelineOptions, testPipeline } from "girder/testing";
import type { Subject } from "./run-suite.js";

/** The embedded runner; bundles may be disturbed by `options`. */
export function embeddedSubject(options: TestPipelineOptions = {}): Subject {
  const manifest = fileURLToPath(import.meta.resolve("girder/package.json"));
  const { version } = JSON.parse(readFileSync(manifest, "utf8")) as { readonly version: string };
  return {
    name: "embedded",
    versions: { girder: version, node: process.versions.node },
    run: async (build) => (await testPipeline(build, options)).metrics,
  };
}
