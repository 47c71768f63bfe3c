/** The services that SDK workers of all jobs call, at one address. */

import { GirderError } from "../../portability/errors.js";
import { createServer, listen, serve, shutdown } from "../../portability/fn-api/grpc.js";
import {
  BeamFnLogging,
  BeamFnWorkerStatus,
  type LogEntry,
} from "../../portability/gen/org/apache/beam/model/fn_execution/v1/beam_fn_api_pb.js";
import { ProvisionService } from "../../portability/gen/org/apache/beam/model/fn_execution/v1/beam_provision_api_pb.js";
import { ArtifactRetrievalService } from "../../portability/gen/org/apache/beam/model/job_management/v1/beam_artifact_api_pb.js";
import { FnApiServer } from "../environment/fn-api/fn-api-server.js";
import type { WorkerEndpoints } from "../environment/launcher.js";
import { loggingHandlers } from "../environment/services/logging-service.js";
import { provisionHandlers, type WorkerProvision } from "../environment/services/provision-service.js";
import { WorkerStatus } from "../environment/services/worker-status.js";
import type { ArtifactSource } from "./artifacts/job-artifacts.js";
import { artifactRetrieval } from "./artifacts/retrieval.js";
import { reachableHost } from "./reachable-address.js";

/** How long (ms) closing waits for workers' calls. */
const LAST_CALLS = 500;

/** What a worker is given beside control, data and state. */
export interface ServedWorker {
  readonly provision: WorkerProvision;
  readonly artifacts: ArtifactSource;
  readonly log: (entry: LogEntry) => void;
}

export class WorkerServices {
  readonly #workers = new Map<string, ServedWorker>();

  private constructor(
    readonly fnApi: FnApiServer,
    /** What the services listen on, without brackets. */
    readonly host: string,
    readonly port: number,
    /** Takes no more calls, and soon ends those that are open. */
    readonly close: () => Promise<void>,
    workers: Map<string, ServedWorker>,
    /** Asks workers what they are doing. */
    readonly status: WorkerStatus,
  ) {
    this.#workers = workers;
  }

  /** @throws GirderError `io` where it cannot listen. @param host what to listen on; the port is any that is free. */
  static async start(host: string): Promise<WorkerServices> {
    const server = createServer();
    const workers = new Map<string, ServedWorker>();
    serve(
      server,
      BeamFnLogging,
      loggingHandlers((id, entry) => workers.get(id)?.log(entry)),
    );
    serve(
      server,
      ProvisionService,
      provisionHandlers((id) => workers.get(id)?.provision),
    );
    serve(server, ArtifactRetrievalService, artifactRetrieval(allOf(workers)));
    const status = new WorkerStatus({ knows: (id) => workers.has(id) });
    serve(server, BeamFnWorkerStatus, status.handlers);
    const fnApi = new FnApiServer(server);
    const bare = host.includes(":") ? `[${host}]` : host;
    const port = await listen(server, `${bare}:0`);
    return new WorkerServices(fnApi, host, port, () => shutdown(server, LAST_CALLS), workers, status);
  }

  /**
   * `host:port` for a worker.
   *
   * @param peer Host of the machine on which it is started. Default: this one.
   */
  addressFor(peer?: string): string {
    const host = reachableHost(this.host, peer);
    return `${host.includes(":") ? `[${host}]` : host}:${this.port}`;
  }

  /** {@link addressFor} workers of this machine. */
  get address(): string {
    return this.addressFor();
  }

  /** Where all services are, given by which address. Default: {@link address}. */
  endpointsAt(address = this.address): WorkerEndpoints {
    return {
      control: address,
      data: address,
      logging: address,
      artifact: address,
      provision: address,
      state: address,
      status: address,
    };
  }

  serve(id: string, worker: ServedWorker): void {
    this.#workers.set(id, worker);
  }

  forget(id: string): void {
    this.#workers.delete(id);
  }
}

/** What any of the workers may retrieve: an artifact is asked for without saying for which job. */
function allOf(workers: ReadonlyMap<string, ServedWorker>): ArtifactSource {
  const holder = (artifact: Parameters<ArtifactSource["has"]>[0]): ArtifactSource | undefined => {
    for (const { artifacts } of workers.values()) if (artifacts.has(artifact)) return artifacts;
    return undefined;
  };
  return {
    has: (artifact) => holder(artifact) !== undefined,
    read(artifact, signal) {
      const source = holder(artifact);
      if (source === undefined) throw new GirderError("not-found", "No job that runs has this artifact.");
      return source.read(artifact, signal);
    },
  };
}
