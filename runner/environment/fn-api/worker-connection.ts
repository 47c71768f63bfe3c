/** The runner's end of the Fn API to one SDK worker: control, data and state. */
import type { MessageInitShape } from "@bufbuild/protobuf";
import { GirderError, messageOf } from "../../../portability/errors.js";
import type { ElementsInit } from "../../../portability/fn-api/elements.js";
import { Outbox } from "../../../portability/fn-api/outbox.js";
import type {
  Elements,
  InstructionRequestSchema,
  InstructionResponse,
  StateRequest,
  StateResponseSchema,
} from "../../../portability/gen/org/apache/beam/model/fn_execution/v1/beam_fn_api_pb.js";
import { BASIC_SDK, type SdkCapabilities } from "./sdk-capabilities.js";

type InstructionInit = MessageInitShape<typeof InstructionRequestSchema>;
/** What a worker may be asked to do. */
export type Instruction = NonNullable<InstructionInit["request"]>;
/** An answer to a state request, but for its id. */
export type StateAnswer = NonNullable<MessageInitShape<typeof StateResponseSchema>["response"]>;

/** What comes from a worker for one instruction beside the response to it. */
export interface InstructionChannel {
  data(transform: string, bytes: Uint8Array, isLast: boolean): void;
  timers(transform: string, family: string, bytes: Uint8Array, isLast: boolean): void;
  /** What it throws is the answer's error. */
  state(request: StateRequest): StateAnswer;
  /** Is told what {@link data} or {@link timers} has thrown. */
  failed(error: unknown): void;
}

interface Awaited {
  resolve(response: InstructionResponse): void;
  reject(error: unknown): void;
}

let instructions = 0;

export class WorkerConnection {
  /** What the worker's SDK takes part in. */
  sdk: SdkCapabilities = BASIC_SDK;
  readonly #requests = new Outbox<InstructionInit>();
  /** What is sent on data streams, by the stream's name; that of the one which every worker opens is empty. */
  readonly #elements = new Map([["", new Outbox<ElementsInit>()]]);
  /** Bundles by the name of the data stream that they have. */
  readonly #streamUsers = new Map<string, string>();
  readonly #awaited = new Map<string, Awaited>();
  readonly #channels = new Map<string, InstructionChannel>();
  /** Answers to state requests, by stream. */
  readonly #answers = new Set<Outbox<MessageInitShape<typeof StateResponseSchema>>>();
  /** Streams of which there is one. */
  readonly #opened = new Set<string>();
  #lost: GirderError | undefined;
  #connected!: () => void;
  #gone!: (why: GirderError) => void;
  /** Settles when the worker has opened its control stream. */
  readonly connected = new Promise<void>((resolve) => {
    this.#connected = resolve;
  });
  /** Settles when the worker can no longer be reached. */
  readonly lost = new Promise<GirderError>((resolve) => {
    this.#gone = resolve;
  });

  /** @param id By which the worker says who it is, in the metadata of every call. */
  constructor(readonly id: string) {}

  get isLost(): boolean {
    return this.#lost !== undefined;
  }

  /** An id that no other instruction of this process has: Fn API workers must not see one twice. */
  static newInstructionId(): string {
    return `instruction-${++instructions}`;
  }

  /**
   * Has the worker do something.
   *
   * @throws GirderError `worker-lost` if it goes away first; `user-exception` where it answers with an error.
   */
  request(id: string, request: Instruction): Promise<InstructionResponse> {
    if (this.#lost !== undefined) return Promise.reject(this.#lost);
    return new Promise((resolve, reject) => {
      this.#awaited.set(id, { resolve, reject });
      this.#requests.push({ instructionId: id, request });
    });
  }

  /** From here on, what comes for an instruction goes to its channel. */
  open(instruction: string, channel: InstructionChannel): void {
    this.#channels.set(instruction, channel);
  }

  /**
   * The name of the data stream for a bundle, until {@link close}: of those that no other bundle uses, the one that was used first. A bundle that
   * takes its elements slowly holds up all others of its stream. SDKs that open no named streams have one for all.
   */
  streamFor(instruction: string): string {
    if (!this.sdk.opensNamedStreams) return "";
    let name = "";
    for (let i = 1; this.#streamUsers.has(name); i++) name = String(i);
    this.#streamUsers.set(name, instruction);
    if (!this.#elements.has(name) && !this.isLost) this.#elements.set(name, new Outbox());
    return name;
  }

  /** What still comes for the instruction is passed over. */
  close(instruction: string): void {
    this.#channels.delete(instruction);
    this.#awaited.delete(instruction);
    for (const [name, user] of this.#streamUsers) if (user === instruction) this.#streamUsers.delete(name);
  }

  /** Sends elements on a data stream, each message made when the stream can take it. */
  send(messages: Iterable<ElementsInit>, stream = ""): void {
    this.#elements.get(stream)?.pushAll(messages);
  }

  /**
   * Takes over the worker's control stream. @returns what is to be sent on it.
   *
   * @throws GirderError `invalid-argument` for a second one.
   */
  control(responses: AsyncIterable<InstructionResponse>): AsyncIterable<InstructionInit> {
    this.#only("control");
    this.#connected();
    void this.#read(responses, (response) => this.#answered(response), "control");
    return this.#requests;
  }

  /**
   * Takes over the worker's data stream of that name.
   *
   * @throws GirderError `invalid-argument` for a second one of a name, `not-found` for a name that no bundle was given.
   */
  data(messages: AsyncIterable<Elements>, name = ""): AsyncIterable<ElementsInit> {
    const elements = this.#elements.get(name);
    if (elements === undefined) {
      throw new GirderError("not-found", `No bundle has a data stream ${JSON.stringify(name)}.`, { where: this.id });
    }
    this.#only(name === "" ? "data" : `data ${name}`);
    void this.#read(messages, (message) => this.#received(message), "data");
    return elements;
  }

  /** Takes over a state stream of the worker. */
  state(requests: AsyncIterable<StateRequest>): AsyncIterable<MessageInitShape<typeof StateResponseSchema>> {
    const answers = new Outbox<MessageInitShape<typeof StateResponseSchema>>();
    this.#answers.add(answers);
    const answer = (request: StateRequest): void => {
      const { id, instructionId } = request;
      try {
        const channel = this.#channels.get(instructionId);
        if (channel === undefined) throw new GirderError("not-found", `No bundle ${instructionId} is being processed.`);
        answers.push({ id, response: channel.state(request) });
      } catch (thrown) {
        answers.push({ id, error: messageOf(thrown) });
      }
    };
    void this.#read(requests, answer, "state").then(() => {
      this.#answers.delete(answers);
      answers.end();
    });
    return answers;
  }

  /** Two streams would each be given a part of what is sent. */
  #only(stream: string): void {
    if (this.#opened.has(stream)) {
      throw new GirderError("invalid-argument", `Worker ${this.id} has a ${stream} stream already.`, {
        remedy: "Start each worker with an id of its own.",
      });
    }
    this.#opened.add(stream);
  }

  /** Ends the connection: whatever is awaited is lost, and the streams end. */
  end(why: GirderError): void {
    if (this.#lost !== undefined) return;
    this.#lost = why;
    this.#gone(why);
    for (const { reject } of this.#awaited.values()) reject(why);
    this.#awaited.clear();
    for (const channel of this.#channels.values()) channel.failed(why);
    this.#channels.clear();
    this.#requests.end();
    for (const elements of this.#elements.values()) elements.end();
    for (const answers of this.#answers) answers.end();
  }

  /** Reads a stream to its end. That of any but the state stream is the end of the worker. */
  async #read<T>(messages: AsyncIterable<T>, take: (message: T) => void, stream: string): Promise<void> {
    let why = "ended";
    try {
      for await (const message of messages) take(message);
    } catch (thrown) {
      why = `broke (${messageOf(thrown)})`;
    }
    if (stream === "state") return;
    this.end(
      new GirderError("worker-lost", `The ${stream} stream of worker ${this.id} ${why}.`, {
        remedy: "See the worker's log for why it went away.",
      }),
    );
  }

  #answered(response: InstructionResponse): void {
    const { instructionId, error } = response;
    const awaited = this.#awaited.get(instructionId);
    if (awaited === undefined) return;
    this.#awaited.delete(instructionId);
    if (error === "") awaited.resolve(response);
    else awaited.reject(new GirderError("user-exception", error));
  }

  #received({ data, timers }: Elements): void {
    for (const { instructionId, transformId, data: bytes, isLast } of data) {
      this.#forward(instructionId, (channel) => channel.data(transformId, bytes, isLast));
    }
    for (const { instructionId, transformId, timerFamilyId, timers: bytes, isLast } of timers) {
      this.#forward(instructionId, (channel) => channel.timers(transformId, timerFamilyId, bytes, isLast));
    }
  }

  #forward(instruction: string, give: (channel: InstructionChannel) => void): void {
    const channel = this.#channels.get(instruction);
    if (channel === undefined) return;
    try {
      give(channel);
    } catch (thrown) {
      channel.failed(thrown);
    }
  }
}
