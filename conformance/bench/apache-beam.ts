/** Loads npm `apache-beam` from the bench's own node_modules, with the few names that the jobs use. */
import { createRequire } from "node:module";
import { resolve } from "node:path";
import type { ApacheBeam } from "./job.js";

export async function loadApacheBeam(): Promise<ApacheBeam> {
  const folder = resolve(import.meta.dirname, "..", "..", "..", "conformance", "bench");
  const require = createRequire(resolve(folder, "package.json"));
  const beam = require("apache-beam") as ApacheBeam;
  const { directRunner } = require("apache-beam/dist/src/apache_beam/runners/direct_runner") as ApacheBeam;
  return { ...beam, directRunner };
}
