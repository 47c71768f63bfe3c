/** From an environment of a pipeline to what launches its workers. */

import type { Message } from "@bufbuild/protobuf";
import { fromBinary } from "@bufbuild/protobuf";
import type { GenMessage } from "@bufbuild/protobuf/codegenv2";
import { GirderError, messageOf } from "../../portability/errors.js";
import {
  AnyOfEnvironmentPayloadSchema,
  DockerPayloadSchema,
  type Environment,
  ExternalPayloadSchema,
  ProcessPayloadSchema,
} from "../../portability/gen/org/apache/beam/model/pipeline/v1/beam_runner_api_pb.js";
import { StandardEnvironments } from "../../portability/urns.js";
import { AnyOfLauncher } from "./any-of-launcher.js";
import { DockerLauncher } from "./docker/docker-launcher.js";
import type { EnvironmentOptions } from "./environment-options.js";
import { ExternalLauncher } from "./external-launcher.js";
import type { Launcher } from "./launcher.js";
import { ProcessLauncher } from "./process-launcher.js";

const { DEFAULT, DOCKER, PROCESS, EXTERNAL, ANYOF } = StandardEnvironments.Environments;

/** What is preferred among the alternatives of ANYOF: what is running already, then what starts soonest. */
const PREFERENCE: readonly string[] = [EXTERNAL, PROCESS, DOCKER];

/** How deep alternatives may lie within alternatives. */
const DEEPEST = 16;

/**
 * What launches the workers of an environment.
 *
 * Nothing is started, opened or looked for: that the pool, the program or the engine is there is found by launching.
 *
 * @throws GirderError `unsupported` for a type of environment that is not known, for a process of another operating system
 * or processor, and for DEFAULT where the options name no environment for it; `invalid-pipeline` for a payload that cannot be read or
 * lacks what it must have, and for ANYOF without an alternative that could be used here, with the reasons of all.
 */
export function launcherFor(environment: Environment, options: EnvironmentOptions = {}): Launcher {
  return launcherAt(environment, options, 0);
}

function launcherAt(environment: Environment, options: EnvironmentOptions, depth: number): Launcher {
  switch (environment.urn) {
    case EXTERNAL:
      return new ExternalLauncher(environment, payloadOf(environment, ExternalPayloadSchema), options);
    case PROCESS:
      return new ProcessLauncher(environment, payloadOf(environment, ProcessPayloadSchema), options);
    case DOCKER:
      return new DockerLauncher(environment, payloadOf(environment, DockerPayloadSchema), options);
    case ANYOF:
      return anyOf(environment, options, depth);
    case DEFAULT:
      return standIn(environment, options, depth);
    default:
      throw new GirderError(
        "unsupported",
        `Workers of the environment type ${environment.urn || '""'} are not known.`,
        {
          where: environment.urn,
          remedy: "Use --environment_type=LOOPBACK, EXTERNAL, PROCESS or DOCKER.",
        },
      );
  }
}

function anyOf(environment: Environment, options: EnvironmentOptions, depth: number): Launcher {
  const { environments } = payloadOf(environment, AnyOfEnvironmentPayloadSchema);
  const refused = (why: string): GirderError =>
    new GirderError(
      "invalid-pipeline",
      `An environment of type ANYOF has no alternative that can be used here: ${why}`,
      {
        where: environment.urn,
        remedy: "Give it an alternative of type EXTERNAL, PROCESS or DOCKER that fits the server's machine.",
      },
    );
  if (environments.length === 0) throw refused("it has none at all.");
  if (depth === DEEPEST) throw refused(`alternatives lie more than ${DEEPEST} deep within alternatives.`);
  const rank = ({ urn }: Environment): number => {
    const place = PREFERENCE.indexOf(urn);
    return place === -1 ? PREFERENCE.length : place;
  };
  const usable: Launcher[] = [];
  const reasons: string[] = [];
  for (const alternative of environments.toSorted((a, b) => rank(a) - rank(b))) {
    try {
      usable.push(launcherAt(alternative, options, depth + 1));
    } catch (thrown) {
      reasons.push(`\n- ${messageOf(thrown)}`);
    }
  }
  if (usable.length === 0) throw refused(`${reasons.join("")}\n`);
  return new AnyOfLauncher(usable);
}

function standIn(environment: Environment, options: EnvironmentOptions, depth: number): Launcher {
  const { defaultEnvironment } = options;
  if (defaultEnvironment === undefined || depth === DEEPEST || defaultEnvironment.urn === DEFAULT) {
    throw new GirderError(
      "unsupported",
      "An environment of type DEFAULT leaves its choice to the server, which has none.",
      {
        where: environment.urn,
        remedy:
          "Name the pipeline's environment (--environment_type=LOOPBACK, for instance), or start the server with a default one.",
      },
    );
  }
  // What stands for it says how a worker is started; what the worker needs and can do is known to the one who submitted.
  const { dependencies, capabilities } = environment;
  return launcherAt(
    {
      ...defaultEnvironment,
      ...(dependencies.length === 0 ? {} : { dependencies }),
      ...(capabilities.length === 0 ? {} : { capabilities }),
    },
    options,
    depth + 1,
  );
}

function payloadOf<T extends Message>(environment: Environment, schema: GenMessage<T>): T {
  try {
    return fromBinary(schema, environment.payload) as T;
  } catch (cause) {
    throw new GirderError("invalid-pipeline", `The payload of an environment cannot be read: ${messageOf(cause)}.`, {
      where: environment.urn,
      remedy: `Beam has a ${schema.typeName} there; see which SDK made it.`,
      cause,
    });
  }
}
