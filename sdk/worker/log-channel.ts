/** The worker's log, as the runner's logging service takes it. */
import type { MessageInitShape } from "@bufbuild/protobuf";
import { BoundedOutbox } from "../../portability/fn-api/bounded-outbox.js";
import type { CallOptions } from "../../portability/fn-api/call-types.js";
import { client } from "../../portability/fn-api/grpc.js";
import {
  BeamFnLogging,
  type LogEntry_ListSchema,
  LogEntry_Severity_Enum as Severity,
} from "../../portability/gen/org/apache/beam/model/fn_execution/v1/beam_fn_api_pb.js";

export { Severity };

/** What is known of an entry beside its text. */
export interface LogDetails {
  readonly instructionId?: string;
  readonly transformId?: string;
  /** The stack of an error. */
  readonly trace?: string;
}

/** Characters that may wait to be sent; beyond, entries are dropped and counted. */
const CAPACITY = 1024 * 1024;

export class LogChannel {
  readonly #outbox = new BoundedOutbox<MessageInitShape<typeof LogEntry_ListSchema>>(CAPACITY);
  readonly #connection;
  #dropped = 0;
  /** Settles when the stream has ended. */
  readonly ended: Promise<void>;

  /** Opens the stream. A runner that does not take logs is no failure. */
  constructor(address: string, options: CallOptions) {
    this.#connection = client(BeamFnLogging, address);
    this.ended = this.#read(this.#connection.call.logging(this.#outbox, options)).catch(() => undefined);
  }

  async #read(messages: AsyncIterable<unknown>): Promise<void> {
    for await (const _ of messages);
  }

  /** Sends an entry; never waits. */
  log(severity: Severity, message: string, more: LogDetails = {}): void {
    if (this.#outbox.room() !== undefined) {
      this.#dropped++;
      return;
    }
    if (this.#dropped > 0) {
      const dropped = `${this.#dropped} entries of the log were dropped: there were more than the runner took.`;
      this.#dropped = 0;
      this.#push(Severity.WARN, dropped, {});
    }
    this.#push(severity, message, more);
  }

  #push(severity: Severity, message: string, more: LogDetails): void {
    const now = Date.now();
    const timestamp = { seconds: BigInt(Math.floor(now / 1000)), nanos: (now % 1000) * 1_000_000 };
    this.#outbox.push({ logEntries: [{ ...more, severity, message, timestamp }] }, message.length + 100);
  }

  /** Sends what waits, and ends the stream. */
  close(): void {
    this.#outbox.end();
    this.#connection.close();
  }
}
