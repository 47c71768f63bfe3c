/** Prism, Beam's local runner, started for this program. */
import { GirderError } from "../../../portability/errors.js";
import type { Pipeline } from "../../pipeline/pipeline.js";
import { type StartedJobServer, sharedJobServer } from "../job-server/started-job-server.js";
import type { PipelineResult } from "../pipeline-result.js";
import { launchAt } from "../portable/launch.js";
import type { RunOptions } from "../run.js";
import { findPrism } from "./find-prism.js";
import { PRISM_OPTIONS } from "./prism-options.js";

const LOG_LEVELS: readonly string[] = ["debug", "info", "warn", "error"];

/** How long (ms) Prism may take to answer: a second, on a machine that is not busy. */
const PATIENCE = 20_000;

/**
 * Runs a pipeline to its end on Prism, which is started if this process has not done so before, and ends with the process.
 *
 * @throws GirderError `not-found` where there is no Prism, with how to get it; otherwise see `runPortable`.
 */
export async function launchPrism(pipeline: Pipeline, options: RunOptions): Promise<PipelineResult> {
  if (options.jobEndpoint !== undefined) {
    throw new GirderError("invalid-option", "With --runner=prism a Prism is started; --job-endpoint is another.", {
      where: "--job-endpoint",
      remedy: "Use --runner=portable for a Prism that runs already.",
    });
  }
  const server = await startPrism(options);
  return launchAt(pipeline, options, { jobEndpoint: server.address, server });
}

/** The Prism of this process. @throws GirderError */
export async function startPrism({ prismLocation, prismLogLevel }: RunOptions): Promise<StartedJobServer> {
  const level = prismLogLevel ?? PRISM_OPTIONS.prismLogLevel.default;
  if (!LOG_LEVELS.includes(level)) {
    throw new GirderError("invalid-option", `Prism has no log level "${level}".`, {
      where: "--prism-log-level",
      remedy: `Use ${LOG_LEVELS.join(", ")}.`,
    });
  }
  const program = await findPrism(prismLocation);
  return sharedJobServer(JSON.stringify(["prism", program, level]), async () => ({
    what: "Prism",
    program,
    args: (port) => [`--job_port=${port}`, "--serve_http=false", `--log_level=${level}`, "--log_kind=text"],
    patience: PATIENCE,
    remedy:
      "See whether it starts by hand; --prism-log-level=info has it say more. It ends where it meets what it cannot do.",
    onLine: (line) => void process.stderr.write(`prism: ${line}\n`),
  }));
}
