/** Lends the transforms that programs have registered to other SDKs. */

import { rmSync } from "node:fs";
import { appendFile, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { create, toBinary } from "@bufbuild/protobuf";
import { GirderError, messageOf } from "../../portability/errors.js";
import { createServer, listen, serve, shutdown } from "../../portability/fn-api/grpc.js";
import {
  type ExpansionRequest,
  ExpansionRequestSchema,
  ExpansionService,
  SchemaTransformConfigSchema,
} from "../../portability/gen/org/apache/beam/model/job_management/v1/beam_expansion_api_pb.js";
import { SchemaSchema } from "../../portability/gen/org/apache/beam/model/pipeline/v1/schema_pb.js";
import { externalEnvironment } from "../runners/portable/environments.js";
import { type StartPoolWorker, WorkerPool } from "../worker/worker-pool.js";
import { registry } from "./registered-transforms.js";

/** How long (ms) closing waits for calls that are open. */
const LAST_CALLS = 500;

export interface ExpansionServerOptions {
  /** What to listen on; whoever reaches it can run code. */
  readonly host: string;
  /** 0 is any port that is free. */
  readonly port: number;
  /**
   * Starts a worker for what has been expanded.
   *
   * @param expansions Path of the file in which all requests are that were answered, see {@link RECORD}.
   */
  readonly startWorker: (expansions: string) => StartPoolWorker;
}

export class ExpansionServer {
  private constructor(
    /** `host:port` */
    readonly address: string,
    /** Ends its workers, and takes no more calls. */
    readonly close: () => Promise<void>,
  ) {}

  /** @throws GirderError `io` where it cannot listen. */
  static async start({ host, port, startWorker }: ExpansionServerOptions): Promise<ExpansionServer> {
    const folder = await mkdtemp(join(tmpdir(), "girder-expansions-"));
    const removeAtExit = (): void => rmSync(folder, { recursive: true, force: true });
    process.once("exit", removeAtExit);
    const record = join(folder, "requests");
    const pool = await WorkerPool.open(startWorker(record), host);
    const environment = externalEnvironment(pool.address);
    const server = createServer();
    let expansions = 0;
    const expand = async (request: ExpansionRequest) => {
      const serial = String(++expansions);
      try {
        const { expand: expandRegistered, ...registered } = registry();
        const response = expandRegistered(registered, request, serial, environment);
        // Workers run the program again, and expand again what has been expanded here.
        await appendFile(record, `${recordOf(serial, request)}\n`);
        return response;
      } catch (thrown) {
        return { error: errorText(thrown) };
      }
    };
    serve(server, ExpansionService, {
      expand,
      discoverSchemaTransform: () => ({ schemaTransformConfigs: described() }),
    });
    const bare = host.includes(":") && !host.startsWith("[") ? `[${host}]` : host;
    const close = async (): Promise<void> => {
      await Promise.all([shutdown(server, LAST_CALLS), pool.close()]);
      process.off("exit", removeAtExit);
      await rm(folder, { recursive: true, force: true });
    };
    try {
      const bound = await listen(server, `${bare}:${port}`);
      return new ExpansionServer(`${bare}:${bound}`, close);
    } catch (thrown) {
      await close();
      throw thrown;
    }
  }
}

/** A line of the file of requests: which it was, and the request in base64. */
function recordOf(serial: string, request: ExpansionRequest): string {
  return `${serial} ${Buffer.from(toBinary(ExpansionRequestSchema, request)).toString("base64")}`;
}

/** What an author is told at the other end: our own errors say all there is to say, others where they come from. */
function errorText(thrown: unknown): string {
  return thrown instanceof GirderError || !(thrown instanceof Error)
    ? messageOf(thrown)
    : (thrown.stack ?? thrown.message);
}

function described() {
  return Object.fromEntries(
    Array.from(registry().transforms.values(), ({ urn, schema, description, inputs, outputs }) => [
      urn,
      create(SchemaTransformConfigSchema, {
        configSchema: schema ?? create(SchemaSchema),
        description,
        inputPcollectionNames: [...inputs],
        outputPcollectionNames: [...outputs],
      }),
    ]),
  );
}
