/** The job service of Beam's Python SDK, which runs pipelines with that SDK's FnApiRunner. */
import { pythonOfSuite } from "../python/interpreter.js";
import { JobServer } from "./job-server.js";

/** Python's job service as a process of ours. @throws GirderError `io` if it does not come up. */
export async function startPythonJobService(log: string): Promise<JobServer> {
  const python = await pythonOfSuite();
  return await JobServer.start({
    command: python.path,
    args: (port) => ["-m", "apache_beam.runners.portability.local_job_service_main", "--port", String(port)],
    versions: python.versions,
    log,
  });
}
