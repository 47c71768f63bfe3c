/** For specs: an SDK worker whose functions are written in the spec, and a server for it to connect to. */
import type { MessageInitShape } from "@bufbuild/protobuf";
import { Metadata, type Server } from "@grpc/grpc-js";
import { messageOf } from "../../../../portability/errors.js";
import type { CallOptions } from "../../../../portability/fn-api/call-types.js";
import type { ElementsInit } from "../../../../portability/fn-api/elements.js";
import { client, createServer, listen, shutdown } from "../../../../portability/fn-api/grpc.js";
import { Outbox } from "../../../../portability/fn-api/outbox.js";
import {
  BeamFnControl,
  BeamFnData,
  BeamFnState,
  type Elements,
  type InstructionRequest,
  type InstructionResponseSchema,
  type ProcessBundleDescriptor,
  type ProcessBundleRequest,
  type ProcessBundleResponseSchema,
  type StateKeySchema,
  type StateRequestSchema,
  type StateResponse,
} from "../../../../portability/gen/org/apache/beam/model/fn_execution/v1/beam_fn_api_pb.js";
import { parDoPayloadOf } from "../../../graph/transforms.js";
import { SINK_URN, SOURCE_URN } from "../bundle-descriptor.js";
import type { BundleWatchOptions } from "../bundle-watch.js";
import { DATA_STREAM, FnApiServer } from "../fn-api-server.js";
import { RemoteWorker, type StartWorker } from "../remote-worker.js";
import { BASIC_SDK, type SdkCapabilities } from "../sdk-capabilities.js";

type Answer = NonNullable<MessageInitShape<typeof InstructionResponseSchema>["response"]>;
type BundleAnswer = MessageInitShape<typeof ProcessBundleResponseSchema>;
type StateKeyInit = NonNullable<MessageInitShape<typeof StateKeySchema>["type"]>;
type StateRequestInit = NonNullable<MessageInitShape<typeof StateRequestSchema>["request"]>;

/** What a worker does with a bundle. What it throws is its answer. */
export type Process =
  | ((bundle: FakeBundle) => void)
  | ((bundle: FakeBundle) => BundleAnswer)
  | ((bundle: FakeBundle) => Promise<void>)
  | ((bundle: FakeBundle) => Promise<BundleAnswer>);

/** What has come for a bundle: messages by source, or by transform and timer family. */
interface BundleInput {
  readonly data: Map<string, Buffer[]>;
  readonly timers: Map<string, Buffer[]>;
  readonly ended: Set<string>;
}

/** A bundle at a {@link FakeWorker}, all of whose input has come. */
export class FakeBundle {
  /** Whether the response is sent before the ends of what the bundle outputs, as it may be. */
  respondsFirst = false;
  /** Whether the ends of the outputs are sent. */
  endsOutputs = true;
  #stateIds = 0;

  constructor(
    readonly worker: FakeWorker,
    readonly instruction: string,
    readonly descriptor: ProcessBundleDescriptor,
    readonly received: BundleInput,
    readonly request: ProcessBundleRequest,
  ) {}

  /** Ids of the transforms of that URN. */
  transforms(urn: string): string[] {
    return Object.entries(this.descriptor.transforms).flatMap(([id, { spec }]) => (spec?.urn === urn ? [id] : []));
  }

  /** The elements that have come in, from all sources. */
  get input(): Buffer {
    return Buffer.concat([...this.received.data.values()].flat());
  }

  /** The timers that fire. */
  timers(transform: string, family: string): Buffer {
    return Buffer.concat(this.received.timers.get(`${transform} ${family}`) ?? []);
  }

  /** Sends elements of an output. */
  output(data: Uint8Array, sink = 0, isLast = false): void {
    const transformId = this.transforms(SINK_URN)[sink]!;
    this.#send({ data: [{ instructionId: this.instruction, transformId, data, isLast }] });
  }

  /** Sets timers. */
  set(transformId: string, timerFamilyId: string, timers: Uint8Array, isLast = false): void {
    this.#send({ timers: [{ instructionId: this.instruction, transformId, timerFamilyId, timers, isLast }] });
  }

  #send(elements: ElementsInit): void {
    this.worker.send(elements, this.request.dataStreamId);
  }

  /** Asks for state. */
  async ask(type: StateKeyInit, request: StateRequestInit): Promise<StateResponse> {
    const id = `${this.instruction} ${++this.#stateIds}`;
    return this.worker.ask({ id, instructionId: this.instruction, stateKey: { type }, request });
  }
}

/** A real client of the Fn API. */
export class FakeWorker {
  /** The kinds of instructions that have come, in order. */
  readonly instructions: string[] = [];
  /** Answers to instructions other than bundles; by default they are answered with an error. */
  readonly answers = new Map<string, (request: InstructionRequest) => Answer | Promise<Answer>>();
  readonly exited: Promise<string>;
  exit!: (reason: string) => void;
  stops = 0;
  /** Settles when the runner has ended the control stream. */
  released: Promise<void> = Promise.resolve();
  readonly #metadata = new Metadata();
  readonly #gone = new AbortController();
  readonly #responses = new Outbox<MessageInitShape<typeof InstructionResponseSchema>>();
  readonly #elements = new Map<string, Outbox<ElementsInit>>();
  readonly #requests = new Outbox<MessageInitShape<typeof StateRequestSchema>>();
  readonly #inputs = new Map<string, BundleInput>();
  readonly #begin = new Map<string, () => void>();
  readonly #asked = new Map<string, (response: StateResponse) => void>();
  readonly #descriptors = new Map<string, Promise<ProcessBundleDescriptor>>();
  readonly #control;
  readonly #data;
  readonly #state;

  constructor(
    address: string,
    readonly id: string,
    readonly process: Process,
  ) {
    this.#metadata.set("worker_id", id);
    this.#control = client(BeamFnControl, address);
    this.#data = client(BeamFnData, address);
    this.#state = client(BeamFnState, address);
    this.exited = new Promise((resolve) => {
      this.exit = resolve;
    });
  }

  get #options(): CallOptions {
    return { metadata: this.#metadata, signal: this.#gone.signal };
  }

  /** Opens the streams. */
  connect(): this {
    this.released = this.#read(this.#control.call.control(this.#responses, this.#options), (request) => {
      void this.#do(request);
    });
    this.#openData("");
    void this.#read(this.#state.call.state(this.#requests, this.#options), (response) => {
      this.#asked.get(response.id)?.(response);
    });
    return this;
  }

  /** Opens a data stream, unless it is open. */
  #openData(name: string): void {
    if (this.#elements.has(name)) return;
    const elements = new Outbox<ElementsInit>();
    this.#elements.set(name, elements);
    const metadata = this.#metadata.clone();
    if (name !== "") metadata.set(DATA_STREAM, name);
    const messages = this.#data.call.data(elements, { ...this.#options, metadata });
    void this.#read(messages, (message) => this.#elementsCame(message));
  }

  #elementsCame({ data, timers }: Elements): void {
    for (const { instructionId, transformId, data: bytes, isLast } of data) {
      this.#received(instructionId, "data", transformId, bytes, isLast);
    }
    for (const { instructionId, transformId, timerFamilyId, timers: bytes, isLast } of timers) {
      this.#received(instructionId, "timers", `${transformId} ${timerFamilyId}`, bytes, isLast);
    }
  }

  async #read<T>(messages: AsyncIterable<T>, take: (message: T) => void): Promise<void> {
    try {
      for await (const message of messages) take(message);
    } catch {
      // The runner may break a stream off at any time.
    }
  }

  send(elements: ElementsInit, stream = ""): void {
    this.#elements.get(stream)!.push(elements);
  }

  respond(instructionId: string, response: Answer): void {
    this.#responses.push({ instructionId, response });
  }

  ask(request: MessageInitShape<typeof StateRequestSchema>): Promise<StateResponse> {
    return new Promise((resolve) => {
      this.#asked.set(request.id!, resolve);
      this.#requests.push(request);
    });
  }

  /** Input of a bundle, which may come before the bundle itself. */
  #received(instruction: string, kind: "data" | "timers", from: string, bytes: Uint8Array, isLast: boolean): void {
    const input = this.#inputOf(instruction);
    if (bytes.length > 0) input[kind].set(from, [...(input[kind].get(from) ?? []), Buffer.from(bytes)]);
    if (isLast) input.ended.add(`${kind} ${from}`);
    this.#begin.get(instruction)?.();
  }

  #inputOf(instruction: string): BundleInput {
    const input = this.#inputs.get(instruction) ?? { data: new Map(), timers: new Map(), ended: new Set() };
    this.#inputs.set(instruction, input);
    return input;
  }

  async #do(request: InstructionRequest): Promise<void> {
    const { instructionId } = request;
    this.instructions.push(request.request.case!);
    try {
      if (request.request.case === "processBundle") await this.#bundle(instructionId, request.request.value);
      else {
        const answer = this.answers.get(request.request.case!);
        if (answer === undefined) throw new Error(`${request.request.case} is not answered`);
        this.respond(instructionId, await answer(request));
      }
    } catch (thrown) {
      this.#responses.push({ instructionId, error: messageOf(thrown) });
    }
  }

  async #bundle(instruction: string, request: ProcessBundleRequest) {
    const { processBundleDescriptorId: id, dataStreamId, elements } = request;
    this.#openData(dataStreamId);
    if (elements !== undefined) this.#elementsCame(elements);
    let described = this.#descriptors.get(id);
    if (described === undefined) {
      const options = { metadata: this.#metadata };
      described = this.#control.call.getProcessBundleDescriptor({ processBundleDescriptorId: id }, options);
      this.#descriptors.set(id, described);
    }
    const bundle = new FakeBundle(this, instruction, await described, this.#inputOf(instruction), request);
    const families = timerFamilies(bundle.descriptor);
    const expected = [
      ...bundle.transforms(SOURCE_URN).map((source) => `data ${source}`),
      ...families.map(([transform, family]) => `timers ${transform} ${family}`),
    ];
    await new Promise<void>((resolve) => {
      const begin = (): void => {
        if (expected.every((stream) => this.#inputOf(instruction).ended.has(stream))) resolve();
      };
      this.#begin.set(instruction, begin);
      begin();
    });
    const value = ((await this.process(bundle)) as BundleAnswer | undefined) ?? {};
    if (bundle.respondsFirst) this.respond(instruction, { case: "processBundle", value });
    if (bundle.endsOutputs) {
      bundle.transforms(SINK_URN).forEach((_, sink) => {
        bundle.output(new Uint8Array(), sink, true);
      });
      for (const [transform, family] of families) bundle.set(transform, family, new Uint8Array(), true);
    }
    if (!bundle.respondsFirst) this.respond(instruction, { case: "processBundle", value });
  }

  /** Breaks off all streams, as a worker that dies does. */
  die(): void {
    this.#gone.abort();
    this.#close();
  }

  #close(): void {
    for (const box of [this.#responses, ...this.#elements.values(), this.#requests]) box.end();
    for (const connection of [this.#control, this.#data, this.#state]) connection.close();
  }

  async stop(): Promise<void> {
    this.stops++;
    this.die();
  }
}

/** Timer families that a descriptor's transforms have: as the spec's stages have them, by name. */
function timerFamilies({ transforms }: ProcessBundleDescriptor): [transform: string, family: string][] {
  return Object.entries(transforms).flatMap(([id, transform]) =>
    Object.keys(parDoPayloadOf(transform)?.timerFamilySpecs ?? {}).map((family): [string, string] => [id, family]),
  );
}

export interface FakeRunnerOptions {
  /** Is given each worker when it is started. Default: has it connect. */
  readonly start?: (worker: FakeWorker, signal: AbortSignal) => void | Promise<void>;
  /** ms. Default: 5 s. */
  readonly connectTimeout?: number;
  /** How bundles are watched. */
  readonly watch?: BundleWatchOptions;
  /** What their SDK takes part in. Default: nothing beyond what every SDK does. */
  readonly sdk?: Partial<SdkCapabilities>;
}

/** The runner's end: a server, and workers that are started when they are needed. */
export class FakeRunner implements AsyncDisposable {
  /** Workers that were started, in order. */
  readonly started: FakeWorker[] = [];
  readonly worker: RemoteWorker;

  private constructor(
    readonly server: Server,
    readonly fnApi: FnApiServer,
    readonly address: string,
    readonly process: Process,
    readonly options: FakeRunnerOptions,
  ) {
    this.worker = this.newWorker("worker");
  }

  /** @param process What its workers do with bundles. */
  static async start(process: Process, options: FakeRunnerOptions = {}): Promise<FakeRunner> {
    const server = createServer();
    const fnApi = new FnApiServer(server);
    const port = await listen(server, "127.0.0.1:0");
    return new FakeRunner(server, fnApi, `127.0.0.1:${port}`, process, options);
  }

  /** The worker of an environment, which is started when it is first needed. */
  newWorker(id: string): RemoteWorker {
    const {
      connectTimeout = 5_000,
      sdk = {},
      watch = {},
      start = (worker): void => void worker.connect(),
    } = this.options;
    const starting: StartWorker = async (workerId, signal) => {
      const worker = new FakeWorker(this.address, workerId, this.process);
      this.started.push(worker);
      await start(worker, signal);
      return { exited: worker.exited, sdk: { ...BASIC_SDK, ...sdk }, stop: () => worker.stop() };
    };
    return new RemoteWorker(id, this.fnApi, this.address, starting, { connectTimeout, watch });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.worker.close();
    for (const worker of this.started) worker.die();
    await shutdown(this.server, 1_000);
  }
}
