/** `girder serve` that also lends transforms, for pipelines of several languages. */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { JobServer } from "../endpoint/job-server.js";
import { girderVersion, ROOT } from "../root.js";

export interface LendingServer extends AsyncDisposable {
  /** `host:port` of the job service. */
  readonly jobs: string;
  /** `host:port` of the expansion service. */
  readonly expansion: string;
  readonly pid: number;
  /** What it has written so far, with what its workers wrote. */
  log(): string;
}

/** @param programs whose transforms it lends. @throws GirderError `io` if it does not come up; on disposal if it leaves anything. */
export async function startLending(...programs: readonly string[]): Promise<LendingServer> {
  const folder = mkdtempSync(join(tmpdir(), "girder-lending-"));
  const log = join(folder, "log");
  const lending = ["--expansion-port=0", ...programs.map((program) => `--register=${program}`)];
  const server = await JobServer.start({
    command: process.execPath,
    args: (port) => [
      ...process.execArgv,
      join(ROOT, "dist/sdk/cli/main.js"),
      "serve",
      `--job-port=${port}`,
      ...lending,
    ],
    announced: /^girder: job service on (\S+)\ngirder: expansion service on (?<expansion>\S+)$/m,
    versions: { girder: girderVersion() },
    log,
  });
  return {
    jobs: server.address,
    expansion: server.told["expansion"]!,
    pid: server.pid!,
    log: () => readFileSync(log, "utf8"),
    async [Symbol.asyncDispose]() {
      const faults = await server.stop();
      rmSync(folder, { recursive: true });
      if (faults.length > 0) throw new Error(faults.join("\n"));
    },
  };
}
