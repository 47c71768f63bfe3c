/** Beam's own local runner, Prism, as a process of ours. */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { createServer } from "node:net";
import { delimiter, join } from "node:path";
import { GirderError } from "girder";
import type { ConnectionTo } from "../../portability/fn-api/call-types.js";
import { client } from "../../portability/fn-api/grpc.js";
import { JobService } from "../../portability/gen/org/apache/beam/model/job_management/v1/beam_job_api_pb.js";

/** The release whose protos the project has. */
export const PRISM_VERSION = "2.77.0";

/** How Prism is installed, for people. */
export const HOW_TO_INSTALL = [
  "There is no prism: set PRISM to its path, or install it where it is looked for (needs Go; takes some minutes):",
  `  GOFLAGS=-mod=mod go install github.com/apache/beam/sdks/v2/go/cmd/prism@v${PRISM_VERSION}`,
].join("\n");

/** How long (ms) Prism may take to start. */
const START_TIME = 20_000;

/** Prism's path: what the environment variable `PRISM` says, or `prism` on the PATH or where Go installs programs. */
export function findPrism(): string | undefined {
  const { PRISM, PATH = "" } = process.env;
  if (PRISM !== undefined) return existsSync(PRISM) ? PRISM : undefined;
  return [...PATH.split(delimiter), ...goFolders()]
    .map((folder) => join(folder, "prism"))
    .find((path) => existsSync(path));
}

function goFolders(): string[] {
  try {
    const [bin = "", path = ""] = execFileSync("go", ["env", "GOBIN", "GOPATH"], { encoding: "utf8" }).split("\n");
    return [...(bin === "" ? [] : [bin]), ...path.split(delimiter).map((folder) => join(folder, "bin"))];
  } catch {
    // No Go: then nothing was installed with it either.
    return [];
  }
}

/** Prism, listening on a port of this machine until it is disposed of. */
export class Prism implements AsyncDisposable {
  private constructor(
    private readonly process: ChildProcess,
    readonly jobs: ConnectionTo<typeof JobService>,
  ) {}

  /** @throws GirderError `io` if it does not come up; then what it printed is on stderr. */
  static async start(path: string): Promise<Prism> {
    const port = await freePort();
    const args = [`--job_port=${port}`, "--serve_http=false", "--log_level=error", "--log_kind=text"];
    const child = spawn(path, args, { stdio: ["ignore", "ignore", "inherit"] });
    const prism = new Prism(child, client(JobService, `127.0.0.1:${port}`));
    const failed = new Promise<never>((_, reject) => {
      child.once("error", (cause) =>
        reject(new GirderError("io", "Prism could not be started.", { where: path, cause })),
      );
    });
    try {
      await Promise.race([prism.jobs.ready(START_TIME), failed]);
      return prism;
    } catch (thrown) {
      await prism[Symbol.asyncDispose]();
      throw thrown;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.jobs.close();
    if (this.process.pid === undefined || this.process.exitCode !== null) return;
    const ended = new Promise((resolve) => {
      this.process.once("exit", resolve);
    });
    this.process.kill();
    await ended;
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => resolve(typeof address === "object" && address !== null ? address.port : 0));
    });
  });
}
