/** Answers a runner that asks what its worker is doing: the service `BeamFnWorkerStatus`, which the worker calls. */
import type { MessageInitShape } from "@bufbuild/protobuf";
import { messageOf } from "../../portability/errors.js";
import type { CallOptions } from "../../portability/fn-api/call-types.js";
import { client } from "../../portability/fn-api/grpc.js";
import { Outbox } from "../../portability/fn-api/outbox.js";
import {
  BeamFnWorkerStatus,
  type WorkerStatusResponseSchema,
} from "../../portability/gen/org/apache/beam/model/fn_execution/v1/beam_fn_api_pb.js";

export class StatusChannel {
  readonly #responses = new Outbox<MessageInitShape<typeof WorkerStatusResponseSchema>>();
  readonly #connection;
  /** Settles when the stream has ended. */
  readonly ended: Promise<void>;

  /** Opens the stream. @param status What the worker is doing, for people. */
  constructor(address: string, options: CallOptions, status: () => string) {
    this.#connection = client(BeamFnWorkerStatus, address);
    this.ended = this.#answer(options, status).catch(() => undefined);
  }

  async #answer(options: CallOptions, status: () => string): Promise<void> {
    for await (const { id } of this.#connection.call.workerStatus(this.#responses, options)) {
      try {
        this.#responses.push({ id, statusInfo: status() });
      } catch (thrown) {
        this.#responses.push({ id, error: messageOf(thrown) });
      }
    }
  }

  close(): void {
    this.#responses.end();
    this.#connection.close();
  }
}
