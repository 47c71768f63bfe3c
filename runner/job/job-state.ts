/** The states of a job, and which may follow which. */
import { JobState_Enum as JobState } from "../../portability/gen/org/apache/beam/model/job_management/v1/beam_job_api_pb.js";

export { JobState };

/** States that a job can be in here. The others of the model belong to updates. */
export type LiveState =
  | JobState.STOPPED
  | JobState.STARTING
  | JobState.RUNNING
  | JobState.CANCELLING
  | JobState.DRAINING
  | JobState.DONE
  | JobState.FAILED
  | JobState.CANCELLED
  | JobState.DRAINED;

/**
 * What may follow a state: nothing, where the job has ended. A job that is being cancelled may still come to its end by
 * itself.
 */
export const NEXT_STATES: Readonly<Record<LiveState, readonly LiveState[]>> = {
  [JobState.STOPPED]: [JobState.STARTING],
  [JobState.STARTING]: [JobState.RUNNING, JobState.FAILED],
  [JobState.RUNNING]: [JobState.CANCELLING, JobState.DRAINING, JobState.DONE, JobState.FAILED, JobState.CANCELLED],
  [JobState.DRAINING]: [JobState.CANCELLING, JobState.DRAINED, JobState.FAILED, JobState.CANCELLED],
  [JobState.CANCELLING]: [JobState.DONE, JobState.CANCELLED],
  [JobState.DONE]: [],
  [JobState.FAILED]: [],
  [JobState.CANCELLED]: [],
  [JobState.DRAINED]: [],
};

export const isTerminal = (state: LiveState): boolean => NEXT_STATES[state].length === 0;
