/** The worker's end of a data stream, which all bundles share. */
import { GirderError, messageOf } from "../../portability/errors.js";
import { BoundedOutbox } from "../../portability/fn-api/bounded-outbox.js";
import type { CallOptions } from "../../portability/fn-api/call-types.js";
import type { ElementsInit } from "../../portability/fn-api/elements.js";
import { client } from "../../portability/fn-api/grpc.js";
import {
  BeamFnData,
  type Elements,
} from "../../portability/gen/org/apache/beam/model/fn_execution/v1/beam_fn_api_pb.js";
import type { BundleInputs } from "./bundle-input.js";

/** Bytes that may wait to be sent before those who make them have to wait. */
const CAPACITY = 8 * 1024 * 1024;

export class DataChannel {
  readonly #outbox = new BoundedOutbox<ElementsInit>(CAPACITY);
  readonly #connection;
  /** Settles when the stream has ended. */
  readonly ended: Promise<void>;

  /** Opens the stream. @param lost is told when it breaks, or ends though nobody has ended it here. */
  constructor(
    readonly address: string,
    options: CallOptions,
    readonly inputs: BundleInputs,
    lost: (error: GirderError) => void,
  ) {
    this.#connection = client(BeamFnData, address);
    this.ended = this.#read(this.#connection.call.data(this.#outbox, options)).then(lost, (thrown: unknown) =>
      lost(
        new GirderError("worker-lost", `The data stream broke: ${messageOf(thrown)}`, {
          where: address,
          cause: thrown,
        }),
      ),
    );
  }

  async #read(messages: AsyncIterable<Elements>): Promise<GirderError> {
    for await (const { data, timers } of messages) {
      for (const { instructionId, transformId, data: bytes, isLast } of data) {
        const input = this.inputs.of(instructionId);
        input.push({ transform: transformId, family: undefined, bytes, isLast });
        const room = input.room();
        if (room !== undefined) await room;
      }
      for (const { instructionId, transformId, timerFamilyId, timers: bytes, isLast } of timers) {
        this.inputs.of(instructionId).push({ transform: transformId, family: timerFamilyId, bytes, isLast });
      }
    }
    return new GirderError("worker-lost", "The data stream ended.", { where: this.address });
  }

  send(message: ElementsInit, bytes: number): void {
    this.#outbox.push(message, bytes);
  }

  /** Settles when the stream takes more; undefined if it does now. */
  room(): Promise<void> | undefined {
    return this.#outbox.room();
  }

  /** Sends what waits, and ends the stream. */
  close(): void {
    this.#outbox.end();
    this.#connection.close();
  }
}
