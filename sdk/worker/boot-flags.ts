/** The flags that Beam's contract has for programs that boot a worker. */
import { parseArgs } from "node:util";
import { GirderError } from "../../portability/errors.js";
import type { StartWorkerRequest } from "../../portability/gen/org/apache/beam/model/fn_execution/v1/beam_fn_api_pb.js";

export interface BootFlags {
  /** By which the worker says who it is. */
  readonly id: string;
  /** `host:port` of the runner's services; empty where they are to be asked for. */
  readonly provision: string;
  readonly control: string;
  readonly logging: string;
  readonly artifact: string;
  /** Folder for what outlives the worker's process, but not the machine. */
  readonly semiPersistDir: string;
}

/** @throws GirderError `invalid-option` where the flags do not say who the worker is, or where its runner is. */
export function bootFlags(argv: readonly string[]): BootFlags {
  const flag = { type: "string", default: "" } as const;
  const { values } = parseArgs({
    args: [...argv],
    strict: false,
    options: {
      id: flag,
      provision_endpoint: flag,
      control_endpoint: flag,
      logging_endpoint: flag,
      artifact_endpoint: flag,
      semi_persist_dir: { type: "string", default: "/tmp" },
    },
  });
  const text = (name: string): string => {
    const value = values[name];
    // Some runners quote them as if a shell were to read them.
    return typeof value === "string" ? value.replace(/^(['"])(.*)\1$/, "$2") : "";
  };
  const flags: BootFlags = {
    id: text("id"),
    provision: text("provision_endpoint"),
    control: text("control_endpoint"),
    logging: text("logging_endpoint"),
    artifact: text("artifact_endpoint"),
    semiPersistDir: text("semi_persist_dir"),
  };
  if (flags.id === "") throw missing("--id", "By it the worker says who it is.");
  if (flags.provision === "" && flags.control === "") {
    throw missing("--provision_endpoint", "By it the worker finds its runner.");
  }
  return flags;
}

/** The flags of a worker that a pool is asked for. @throws GirderError `invalid-argument` if it is not told where its runner is. */
export function bootFlagsOf(request: StartWorkerRequest): BootFlags {
  const { workerId, controlEndpoint, loggingEndpoint, artifactEndpoint, provisionEndpoint } = request;
  const flags = {
    id: workerId,
    provision: provisionEndpoint?.url ?? "",
    control: controlEndpoint?.url ?? "",
    logging: loggingEndpoint?.url ?? "",
    artifact: artifactEndpoint?.url ?? "",
    semiPersistDir: "",
  };
  if (flags.provision === "" && flags.control === "") {
    throw new GirderError("invalid-argument", "The worker is not told where its runner is.");
  }
  return flags;
}

/** The flags as another worker of the same runner is given them. */
export function bootArguments(
  { provision, control, logging, artifact, semiPersistDir }: BootFlags,
  id: string,
): string[] {
  const given = {
    id,
    provision_endpoint: provision,
    control_endpoint: control,
    logging_endpoint: logging,
    artifact_endpoint: artifact,
    semi_persist_dir: semiPersistDir,
  };
  return Object.entries(given).flatMap(([name, value]) => (value === "" ? [] : [`--${name}=${value}`]));
}

function missing(flag: string, why: string): GirderError {
  return new GirderError("invalid-option", `${flag} is missing. ${why}`, {
    where: flag,
    remedy: "Workers are started by runners: submit a pipeline with --runner=portable --environment-type=PROCESS.",
  });
}
