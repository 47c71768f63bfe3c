/** The arguments that Beam's contract has for the program that boots a worker. */
import type { WorkerToLaunch } from "./launcher.js";

/**
 * All five flags, each as one word and without quotes: the boot programs of Beam's SDKs need only `id` and
 * `provision_endpoint`, and ask for the rest there, but older ones and those of others do not.
 */
export function bootArguments({ id, endpoints }: WorkerToLaunch): string[] {
  return [
    `--id=${id}`,
    `--provision_endpoint=${endpoints.provision}`,
    `--control_endpoint=${endpoints.control}`,
    `--logging_endpoint=${endpoints.logging}`,
    `--artifact_endpoint=${endpoints.artifact}`,
  ];
}
