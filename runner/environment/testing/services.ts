/** For specs: the services that a worker needs to come up, and nothing behind them. */
import { Metadata } from "@grpc/grpc-js";
import { createServer, listen, serve, shutdown } from "../../../portability/fn-api/grpc.js";
import {
  BeamFnControl,
  BeamFnLogging,
  BeamFnWorkerStatus,
  type LogEntry,
} from "../../../portability/gen/org/apache/beam/model/fn_execution/v1/beam_fn_api_pb.js";
import { ProvisionService } from "../../../portability/gen/org/apache/beam/model/fn_execution/v1/beam_provision_api_pb.js";
import type { WorkerEndpoints } from "../launcher.js";
import { loggingHandlers } from "../services/logging-service.js";
import { provisionHandlers } from "../services/provision-service.js";
import { workerIdOf } from "../services/worker-id.js";
import { WorkerStatus } from "../services/worker-status.js";

/** A server that sees workers connect, provisions them and hears what they log. It knows the workers of {@link expect}. */
export class TestServices implements AsyncDisposable {
  /** The workers that have a control stream open. */
  readonly connected = new Set<string>();
  /** The workers that were provisioned. */
  readonly provisioned = new Set<string>();
  readonly logs: { readonly workerId: string; readonly entry: LogEntry }[] = [];
  readonly status = new WorkerStatus({ knows: (id) => this.#expected.has(id) });
  readonly #server = createServer();
  readonly #expected = new Set<string>();
  #endpoints: WorkerEndpoints | undefined;

  static async start(): Promise<TestServices> {
    const services = new TestServices();
    const url = `127.0.0.1:${await listen(services.#server, "127.0.0.1:0")}`;
    services.#endpoints = { control: url, logging: url, artifact: url, provision: url, status: url };
    return services;
  }

  private constructor() {
    const { connected, provisioned, logs } = this;
    serve(this.#server, BeamFnControl, {
      // biome-ignore lint/correctness/useYield: nothing is asked of the workers.
      async *control(responses, call) {
        const id = workerIdOf(call);
        connected.add(id);
        try {
          for await (const _ of responses);
        } finally {
          connected.delete(id);
        }
      },
    });
    const provision = provisionHandlers((id) => {
      if (!this.#expected.has(id)) return undefined;
      provisioned.add(id);
      return {
        jobId: "job-1",
        jobName: "a job",
        pipelineOptions: { "beam:option:job_name:v1": "a job" },
        retrievalToken: "token",
        endpoints: this.endpoints,
      };
    });
    serve(this.#server, ProvisionService, provision);
    serve(
      this.#server,
      BeamFnLogging,
      loggingHandlers((workerId, entry) => {
        logs.push({ workerId, entry });
      }),
    );
    serve(this.#server, BeamFnWorkerStatus, this.status.handlers);
  }

  get endpoints(): WorkerEndpoints {
    return this.#endpoints!;
  }

  /** A worker of this id will come. */
  expect(id: string): void {
    this.#expected.add(id);
  }

  /** Whether a worker has logged something like this. */
  heard(workerId: string, message: RegExp): boolean {
    return this.logs.some((log) => log.workerId === workerId && message.test(log.entry.message));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await shutdown(this.#server, 50);
  }
}

/** The metadata by which a worker says who it is. */
export function metadataOf(workerId: string): Metadata {
  const metadata = new Metadata();
  metadata.set("worker_id", workerId);
  return metadata;
}
