/** Drains a job: a program can submit one that is to be drained, but the Go SDK has nothing to drain it with. */
import { client } from "../../portability/fn-api/grpc.js";
import {
  JobService,
  JobState_Enum as JobState,
} from "../../portability/gen/org/apache/beam/model/job_management/v1/beam_job_api_pb.js";

/** Ms between two looks at the jobs. */
const INTERVAL = 100;

/**
 * Drains a job once it is running.
 *
 * @param prefix What its name begins with. The Go SDK calls jobs of its tests after them, with a number behind.
 * @param signal Ends the waiting for it.
 * @throws what the job service answers: a runner need not be able to drain.
 */
export async function drainJob(endpoint: string, prefix: string, signal: AbortSignal): Promise<void> {
  const jobs = client(JobService, endpoint);
  try {
    while (!signal.aborted) {
      const { jobInfo } = await jobs.call.getJobs({});
      const found = jobInfo.find(({ jobName, state }) => jobName.startsWith(prefix) && state === JobState.RUNNING);
      if (found !== undefined) {
        await jobs.call.drain({ jobId: found.jobId });
        return;
      }
      await new Promise((resolve) => setTimeout(resolve, INTERVAL));
    }
  } finally {
    jobs.close();
  }
}
