/** An expansion service that this program has started: on a leash, so that it never outlives the program. */
import { appendFileSync } from "node:fs";
import { connect } from "node:net";
import { setTimeout as wait } from "node:timers/promises";
import { GirderError } from "../../portability/errors.js";
import { client } from "../../portability/fn-api/grpc.js";
import {
  type DiscoverSchemaTransformResponse,
  ExpansionService,
} from "../../portability/gen/org/apache/beam/model/job_management/v1/beam_expansion_api_pb.js";
import {
  describeEnding,
  type Ending,
  type Leashed,
  type LeashOptions,
  leash,
} from "../../portability/process/leash.js";
import type { WorkerPool } from "../worker/worker-pool.js";
import type { WorkerProgram } from "./service-workers.js";

/** How a service is started, and what starts its workers. */
export interface ServiceCommand {
  readonly program: string;
  readonly args: readonly string[];
  /** What it is called in messages. */
  readonly what: string;
  /** What starts a worker for its functions, where those run in processes of their own. */
  readonly worker?: WorkerProgram;
}

/** How long (ms) a service has between being asked to end and being killed. */
const GRACE = 2_000;

export class StartedService {
  #ending: Ending | undefined;
  /** What it has told of its schema transforms: it does not change. */
  described: DiscoverSchemaTransformResponse | undefined;

  private constructor(
    readonly address: string,
    readonly what: string,
    readonly process: Leashed,
    /** Its workers, where they are processes of their own. */
    readonly pool: WorkerPool | undefined,
  ) {
    void process.ended.then((ending) => {
      this.#ending = ending;
    });
  }

  /**
   * Starts a service, and waits until it answers.
   *
   * @param patience How long (ms) that may take.
   * @throws GirderError `io` if it ends, or does not answer in time.
   */
  static async start(
    { program, args, what }: ServiceCommand,
    port: number,
    patience: number,
    pool?: WorkerPool,
  ): Promise<StartedService> {
    const process = await leash(program, args, { grace: GRACE, ...toLog(what) });
    const service = new StartedService(`127.0.0.1:${port}`, what, process, pool);
    const over = new AbortController();
    try {
      await Promise.race([
        answers(service.address, port, patience, over.signal).catch((cause: unknown) => {
          throw new GirderError("io", `${capital(what)} does not answer within ${patience / 1000} s of its start.`, {
            where: service.address,
            remedy: "See whether it starts by hand; give it more time with patience.",
            cause,
          });
        }),
        process.ended.then((ending) => {
          throw service.#over(ending);
        }),
      ]);
      return service;
    } catch (thrown) {
      await process.end();
      throw thrown;
    } finally {
      over.abort();
    }
  }

  /** Ends it, and its workers. */
  async end(): Promise<void> {
    await Promise.all([this.process.end(), this.pool?.close()]);
  }

  /** Why the service is not there any more; undefined as long as it is. Waits a moment for what may have happened just now. */
  async failure(): Promise<GirderError | undefined> {
    await Promise.race([this.process.ended, wait(SETTLE, undefined, { ref: false })]);
    return this.#ending === undefined ? undefined : this.#over(this.#ending);
  }

  get isOver(): boolean {
    return this.#ending !== undefined;
  }

  #over(ending: Ending): GirderError {
    return new GirderError("io", `${capital(this.what)} ${describeEnding(ending)}`, {
      remedy: "See whether it starts by hand, with the same arguments.",
    });
  }
}

/** Environment variable that names a file to which the lines are added that services write. Default: they are not kept. */
const LOG = "GIRDER_EXPANSION_LOG";

/** Functions of the other SDK may run in the service: what they print, and why they fail, is in its lines. */
export function toLog(what: string): Pick<LeashOptions, "onLine"> {
  const file = process.env[LOG];
  if (file === undefined) return {};
  return {
    onLine: (line) => {
      try {
        appendFileSync(file, `${what}: ${line}\n`);
      } catch {
        // A log that cannot be written keeps nothing from running.
      }
    },
  };
}

/** Waits until a service answers: gRPC, which tries once a second, is asked once somebody listens. */
async function answers(address: string, port: number, patience: number, over: AbortSignal): Promise<void> {
  const end = Date.now() + patience;
  while (!over.aborted && Date.now() < end && !(await listens(port))) await wait(LOOK);
  const connection = client(ExpansionService, address);
  try {
    if (!over.aborted) await connection.ready(Math.max(end - Date.now(), 0));
  } finally {
    connection.close();
  }
}

/** How often (ms) it is looked whether a service listens. */
const LOOK = 50;

function listens(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", () => resolve(false));
  });
}

/** How long (ms) after a broken connection the end of a process may become known. */
const SETTLE = 500;

function capital(text: string): string {
  return `${text.slice(0, 1).toUpperCase()}${text.slice(1)}`;
}
