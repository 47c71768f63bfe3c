/** Girder's own job service: `girder serve`, built of this checkout. */
import { join } from "node:path";
import { girderVersion, ROOT } from "../root.js";
import { JobServer } from "./job-server.js";

/** `girder serve` on a port of its choice, as a process of ours. @throws GirderError `io` if it does not come up. */
export function startGirder(log: string): Promise<JobServer> {
  return JobServer.start({
    command: process.execPath,
    args: (port) => [join(ROOT, "sdk/cli/girder.js"), "serve", "--job-port", String(port)],
    announced: /^girder: job service on (\S+)$/m,
    versions: { girder: girderVersion(), node: process.versions.node },
    log,
  });
}
