/** What the operator of a server may say about how workers are launched. */
import type { Environment } from "../../portability/gen/org/apache/beam/model/pipeline/v1/beam_runner_api_pb.js";

export interface EnvironmentOptions {
  /** What stands for environments of type DEFAULT, which leave the choice to the runner. Default: nothing; they are refused. */
  readonly defaultEnvironment?: Environment;
  /**
   * How long (ms) a worker has between being asked to end and being killed. Default: 3,000, so that a server that is
   * asked to end is gone within 5 s.
   */
  readonly grace?: number;
  /** How long (ms) a worker pool may take to answer. Default: 15,000. Reaching it may take as long, but 5,000 at most. */
  readonly poolTimeout?: number;
  readonly docker?: DockerOptions;
  /** Is told what processes and containers write to their outputs, line by line. It must not throw. Default: nobody is. */
  readonly onOutput?: (workerId: string, line: string) => void;
}

export interface DockerOptions {
  /** The Docker command-line client. Default: `docker` on the PATH. It finds its engine and credentials as it always does. */
  readonly program?: string;
  /** Further arguments of `docker run`, such as `--volume` or `--memory`. Default: none. */
  readonly runArguments?: readonly string[];
}

export const DEFAULT_GRACE = 3_000;
export const DEFAULT_POOL_TIMEOUT = 15_000;
