/** The worker's end of the state service: requests by id, answered in any order. */
import type { MessageInitShape } from "@bufbuild/protobuf";
import { GirderError, messageOf } from "../../portability/errors.js";
import type { CallOptions } from "../../portability/fn-api/call-types.js";
import { client } from "../../portability/fn-api/grpc.js";
import { Outbox } from "../../portability/fn-api/outbox.js";
import {
  BeamFnState,
  type StateKeySchema,
  type StateRequestSchema,
  type StateResponse,
} from "../../portability/gen/org/apache/beam/model/fn_execution/v1/beam_fn_api_pb.js";

/** Which state. */
export type StateKeyInit = NonNullable<MessageInitShape<typeof StateKeySchema>["type"]>;
type RequestInit = NonNullable<MessageInitShape<typeof StateRequestSchema>["request"]>;

interface Awaited {
  resolve(response: StateResponse): void;
  reject(error: GirderError): void;
}

export class StateChannel {
  readonly #requests = new Outbox<MessageInitShape<typeof StateRequestSchema>>();
  readonly #awaited = new Map<string, Awaited>();
  readonly #connection;
  #ids = 0;
  #lost: GirderError | undefined;
  /** Settles when the stream has ended. */
  readonly ended: Promise<void>;

  /** Opens the stream. */
  constructor(
    readonly address: string,
    options: CallOptions,
  ) {
    this.#connection = client(BeamFnState, address);
    this.ended = this.#read(this.#connection.call.state(this.#requests, options)).then(
      () => this.#end("ended"),
      (thrown: unknown) => this.#end(`broke: ${messageOf(thrown)}`),
    );
  }

  async #read(responses: AsyncIterable<StateResponse>): Promise<void> {
    for await (const response of responses) {
      const awaited = this.#awaited.get(response.id);
      this.#awaited.delete(response.id);
      if (response.error === "") awaited?.resolve(response);
      else awaited?.reject(new GirderError("io", `The runner has no answer about state: ${response.error}`));
    }
  }

  #end(how: string): void {
    this.#lost ??= new GirderError("worker-lost", `The state stream ${how}.`, { where: this.address });
    for (const { reject } of this.#awaited.values()) reject(this.#lost);
    this.#awaited.clear();
  }

  #ask(instructionId: string, type: StateKeyInit, request: RequestInit): Promise<StateResponse> {
    if (this.#lost !== undefined) return Promise.reject(this.#lost);
    const id = String(++this.#ids);
    return new Promise((resolve, reject) => {
      this.#awaited.set(id, { resolve, reject });
      this.#requests.push({ id, instructionId, stateKey: { type }, request });
    });
  }

  /** All pages of what a state holds, one after another. */
  async get(instruction: string, key: StateKeyInit): Promise<Uint8Array> {
    const pages: Uint8Array[] = [];
    let continuationToken: Uint8Array = new Uint8Array();
    do {
      const { response } = await this.#ask(instruction, key, { case: "get", value: { continuationToken } });
      if (response.case !== "get") {
        throw new GirderError(
          "malformed-data",
          `The runner answered ${response.case ?? "nothing"} to a look at state.`,
        );
      }
      pages.push(response.value.data);
      continuationToken = response.value.continuationToken;
    } while (continuationToken.length > 0);
    return pages.length === 1 ? pages[0]! : Buffer.concat(pages);
  }

  async append(instruction: string, key: StateKeyInit, data: Uint8Array): Promise<void> {
    await this.#ask(instruction, key, { case: "append", value: { data } });
  }

  async clear(instruction: string, key: StateKeyInit): Promise<void> {
    await this.#ask(instruction, key, { case: "clear", value: {} });
  }

  /** Sends what waits, and ends the stream. */
  close(): void {
    this.#requests.end();
    this.#connection.close();
  }
}
