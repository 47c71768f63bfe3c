import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { client } from "../../portability/fn-api/grpc.js";
import { JobService } from "../../portability/gen/org/apache/beam/model/job_management/v1/beam_job_api_pb.js";
import { JobServer, type JobServerOptions } from "./job-server.js";

const MODULES = ["fn-api/grpc.js", "gen/org/apache/beam/model/job_management/v1/beam_job_api_pb.js"].map(
  (path) => pathToFileURL(resolve(import.meta.dirname, "../../portability", path)).href,
);

/** A job service that has one job named after its process, and ends at once when another is asked for. */
const SCRIPT = `
  const { createServer, listen, serve } = await import(${JSON.stringify(MODULES[0])});
  const { JobService } = await import(${JSON.stringify(MODULES[1])});
  const server = createServer();
  serve(server, JobService, {
    getJobs: () => ({ jobInfo: [{ jobId: String(process.pid) }] }),
    getState: () => process.exit(9),
  });
  const port = await listen(server, "127.0.0.1:" + process.argv[1]);
  console.log("some service on 127.0.0.1:" + port);`;

describe("a job service as a process of ours", () => {
  let folder: string;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), "girder-job-server-"));
  });
  after(() => rmSync(folder, { recursive: true }));

  const options = (changes: Partial<JobServerOptions> = {}): JobServerOptions => ({
    command: process.execPath,
    args: (port) => ["--input-type=module", "-e", SCRIPT, "--", String(port)],
    versions: { some: "1" },
    log: join(folder, "log"),
    ...changes,
  });

  /** The process that answers at an address. */
  async function answering(address: string): Promise<number> {
    const jobs = client(JobService, address);
    try {
      await jobs.ready(10_000);
      const { jobInfo } = await jobs.call.getJobs({});
      return Number(jobInfo[0]!.jobId);
    } finally {
      jobs.close();
    }
  }

  for (const [how, changes] of [
    ["on a port that it is told", {}],
    ["on a port that it tells", { announced: /^some service on (\S+)$/m }],
  ] as const) {
    it(`accepts jobs ${how}, and is started there again where it ends by itself`, async () => {
      const server = await JobServer.start(options(changes));
      try {
        const { address } = server;
        const first = await answering(address);
        assert.equal(first, server.pid);
        const jobs = client(JobService, address);
        await assert.rejects(jobs.call.getState({}));
        jobs.close();
        const second = await answering(address);
        assert.notEqual(second, first);
        assert.deepEqual([server.address, server.pid, server.restarts.length], [address, second, 1]);
      } finally {
        assert.deepEqual(await server.stop(), []);
      }
      assert.throws(() => process.kill(server.pid!, 0));
    });
  }

  it("that does not come up says what it wrote", async () => {
    const failing = JobServer.start(
      options({ args: () => ["-e", "console.error('no such option'); process.exit(2)"] }),
    );
    await assert.rejects(failing, { code: "io", message: /ended with 2\.[\s\S]*no such option/ });
  });
});
