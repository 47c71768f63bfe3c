/** A job service that this program has started: on a leash, so that it never outlives the program, however that ends. */
import { connect } from "node:net";
import { setTimeout as wait } from "node:timers/promises";
import { GirderError } from "../../../portability/errors.js";
import { client } from "../../../portability/fn-api/grpc.js";
import { JobService } from "../../../portability/gen/org/apache/beam/model/job_management/v1/beam_job_api_pb.js";
import { freePort } from "../../../portability/process/free-port.js";
import { describeEnding, type Ending, type Leashed, leash } from "../../../portability/process/leash.js";

/** How a job service is started. */
export interface JobServerCommand {
  /** What it is called in messages: `Prism`, `the Flink job server`. */
  readonly what: string;
  readonly program: string;
  /** Its arguments, with the port that it is to listen on. */
  args(port: number): readonly string[];
  /** Variables beside those of this process. */
  readonly env?: Readonly<Record<string, string>>;
  /** A command that is run when it has ended: see `LeashOptions`. */
  readonly afterwards?: readonly string[];
  /** How long (ms) it may take to answer. */
  readonly patience: number;
  /** What to do if it does not come up. */
  readonly remedy: string;
  /** Is told each line that it writes. */
  readonly onLine?: (line: string) => void;
}

/** How long (ms) a job service has between being asked to end and being killed. */
const GRACE = 2_000;
/** How often (ms) it is looked whether it listens. */
const LOOK = 25;
/** How long (ms) after a broken connection the end of a process may become known. */
const SETTLE = 500;

export class StartedJobServer {
  #ending: Ending | undefined;

  private constructor(
    /** `host:port` */
    readonly address: string,
    readonly command: JobServerCommand,
    readonly process: Leashed,
  ) {
    void process.ended.then((ending) => {
      this.#ending = ending;
    });
  }

  /** Starts a job service, and waits until it answers. @throws GirderError `io` if it ends, or does not answer in time. */
  static async start(command: JobServerCommand): Promise<StartedJobServer> {
    const port = await freePort();
    const { program, args, env = {}, afterwards, onLine, what, patience, remedy } = command;
    const leashed = await leash(program, args(port), {
      grace: GRACE,
      background: true,
      env: { ...process.env, ...env },
      ...(afterwards === undefined ? {} : { afterwards }),
      ...(onLine === undefined ? {} : { onLine }),
    });
    const server = new StartedJobServer(`localhost:${port}`, command, leashed);
    const over = new AbortController();
    try {
      await Promise.race([
        answers(server.address, port, patience, over.signal).catch((cause: unknown) => {
          throw new GirderError("io", `${what} does not answer within ${patience / 1000} s of its start.`, {
            where: server.address,
            remedy,
            cause,
          });
        }),
        leashed.ended.then((ending) => {
          throw server.#over(ending);
        }),
      ]);
      return server;
    } catch (thrown) {
      await leashed.end();
      throw thrown;
    } finally {
      over.abort();
    }
  }

  get isOver(): boolean {
    return this.#ending !== undefined;
  }

  /** Why it is not there any more; undefined as long as it is. Waits a moment for what may have happened just now. */
  async failure(): Promise<GirderError | undefined> {
    await Promise.race([this.process.ended, wait(SETTLE, undefined, { ref: false })]);
    return this.#ending === undefined ? undefined : this.#over(this.#ending);
  }

  #over(ending: Ending): GirderError {
    const { program, what, remedy } = this.command;
    return new GirderError("io", `${what} ${describeEnding(ending)}`, { where: program, remedy });
  }
}

/** Waits until it answers: gRPC, which tries once a second, is asked once somebody listens. */
async function answers(address: string, port: number, patience: number, over: AbortSignal): Promise<void> {
  const end = Date.now() + patience;
  while (!over.aborted && Date.now() < end && !(await listens(port))) await wait(LOOK);
  const connection = client(JobService, address);
  try {
    if (!over.aborted) await connection.ready(Math.max(end - Date.now(), 0));
  } finally {
    connection.close();
  }
}

function listens(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "localhost", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", () => resolve(false));
  });
}

/** Job services of this process, by what they were started with. */
const SHARED = new Map<string, Promise<StartedJobServer>>();

/**
 * The job service of this process that was started so: one for all its pipelines, started when the first needs it, and
 * again if it has ended.
 *
 * @throws GirderError see {@link StartedJobServer.start}, and whatever `command` throws.
 */
export async function sharedJobServer(
  key: string,
  command: () => Promise<JobServerCommand>,
): Promise<StartedJobServer> {
  const known = SHARED.get(key);
  if (known !== undefined) {
    const server = await known.catch(() => undefined);
    if (server?.isOver === false) return server;
    if (SHARED.get(key) !== known) return sharedJobServer(key, command);
  }
  const starting = command().then((each) => StartedJobServer.start(each));
  SHARED.set(key, starting);
  return starting;
}
