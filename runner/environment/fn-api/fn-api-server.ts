/** The services that SDK workers call, for all jobs of a process, at one address. */
import type { Server } from "@grpc/grpc-js";
import { GirderError } from "../../../portability/errors.js";
import type { IncomingCall } from "../../../portability/fn-api/call-types.js";
import { serve } from "../../../portability/fn-api/grpc.js";
import {
  BeamFnControl,
  BeamFnData,
  BeamFnState,
  type ProcessBundleDescriptor,
} from "../../../portability/gen/org/apache/beam/model/fn_execution/v1/beam_fn_api_pb.js";
import { WorkerConnection } from "./worker-connection.js";

/** The metadata by which a call says which of a worker's data streams it is. Without it, it is the first. */
export const DATA_STREAM = "data_stream_id";

export class FnApiServer {
  readonly #workers = new Map<string, WorkerConnection>();
  readonly #descriptors = new Map<string, ProcessBundleDescriptor>();

  /** Adds control, data and state to `server`. */
  constructor(server: Server) {
    serve(server, BeamFnControl, {
      control: (responses, call) => this.#worker(call).control(responses),
      getProcessBundleDescriptor: ({ processBundleDescriptorId: id }) => {
        const descriptor = this.#descriptors.get(id);
        if (descriptor === undefined) throw new GirderError("not-found", `There is no bundle descriptor ${id}.`);
        return descriptor;
      },
    });
    serve(server, BeamFnData, {
      data: (elements, call) => this.#worker(call).data(elements, String(call.metadata.get(DATA_STREAM)[0] ?? "")),
    });
    serve(server, BeamFnState, { state: (requests, call) => this.#worker(call).state(requests) });
  }

  /** From here on a worker of this id may connect. */
  expect(id: string): WorkerConnection {
    const worker = new WorkerConnection(id);
    this.#workers.set(id, worker);
    void worker.lost.then(() => {
      if (this.#workers.get(id) === worker) this.#workers.delete(id);
    });
    return worker;
  }

  /** Workers may ask for the descriptor by its id, which no other descriptor of the process has. */
  describe(descriptor: ProcessBundleDescriptor): void {
    this.#descriptors.set(descriptor.id, descriptor);
  }

  forget(descriptorId: string): void {
    this.#descriptors.delete(descriptorId);
  }

  /** @throws GirderError `not-found` for a caller that nobody waits for. */
  #worker({ metadata }: IncomingCall): WorkerConnection {
    const id = String(metadata.get("worker_id")[0] ?? "");
    const worker = this.#workers.get(id);
    if (worker === undefined) {
      throw new GirderError("not-found", `No worker ${JSON.stringify(id)} is expected here.`, {
        remedy: "Send the id that the worker was started with as worker_id metadata of every call.",
      });
    }
    return worker;
  }
}
