/** For specs: the runner's end of the Fn API, which does as the spec says, and workers that connect to it. */
import { create, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import type { Server } from "@grpc/grpc-js";
import {
  ByteReader,
  type Coder,
  coderFromProto,
  encodeToBytes,
  type WindowedValueCoder,
} from "../../../portability/coders/index.js";
import { NO_FIRING } from "../../../portability/execution/pane.js";
import { type BoundedWindow, GLOBAL_WINDOW } from "../../../portability/execution/window.js";
import type { WindowedValue } from "../../../portability/execution/windowed-value.js";
import type { ElementsInit } from "../../../portability/fn-api/elements.js";
import { createServer, listen, serve, shutdown } from "../../../portability/fn-api/grpc.js";
import { Outbox } from "../../../portability/fn-api/outbox.js";
import {
  BeamFnControl,
  BeamFnData,
  BeamFnLogging,
  BeamFnState,
  BeamFnWorkerStatus,
  type Elements,
  type InstructionRequestSchema,
  type InstructionResponse,
  type LogEntry,
  type ProcessBundleDescriptor,
  ProcessBundleDescriptorSchema,
  type ProcessBundleResponse,
  RemoteGrpcPortSchema,
  type StateRequest,
  type StateResponseSchema,
  type WorkerStatusRequestSchema,
  type WorkerStatusResponse,
} from "../../../portability/gen/org/apache/beam/model/fn_execution/v1/beam_fn_api_pb.js";
import {
  CoderSchema,
  type Components,
  PTransformSchema,
} from "../../../portability/gen/org/apache/beam/model/pipeline/v1/beam_runner_api_pb.js";
import { FnApiTransforms, StandardCoders } from "../../../portability/urns.js";
import type { Pipeline } from "../../pipeline/pipeline.js";
import { FnApiWorker, type WorkerOptions } from "../fn-api-worker.js";

type Instruction = NonNullable<MessageInitShape<typeof InstructionRequestSchema>["request"]>;
export type StateAnswer = NonNullable<MessageInitShape<typeof StateResponseSchema>["response"]>;

/** What comes back on the data stream for an instruction and a sink or timer family. */
export interface Received {
  readonly bytes: Uint8Array;
  readonly isLast: boolean;
}

export class FakeRunner implements AsyncDisposable {
  readonly #requests = new Outbox<MessageInitShape<typeof InstructionRequestSchema>>();
  readonly #elements = new Outbox<ElementsInit>();
  readonly #statusRequests = new Outbox<MessageInitShape<typeof WorkerStatusRequestSchema>>();
  readonly #responses = new Map<string, InstructionResponse>();
  readonly #received = new Map<string, Received[]>();
  readonly #waiting = new Set<() => void>();
  readonly descriptors = new Map<string, ProcessBundleDescriptor>();
  /** Ids of the descriptors that were asked for, and of the workers that asked. */
  readonly asked: [descriptor: string, worker: string][] = [];
  readonly stateRequests: StateRequest[] = [];
  readonly logged: LogEntry[] = [];
  readonly statuses: WorkerStatusResponse[] = [];
  /** Answers state requests; what it throws is the answer's error. */
  state: (request: StateRequest) => StateAnswer | Promise<StateAnswer> = () => ({ case: "get", value: {} });
  #workers: FnApiWorker[] = [];
  #instructions = 0;

  private constructor(
    readonly server: Server,
    readonly address: string,
  ) {}

  static async start(): Promise<FakeRunner> {
    const server = createServer();
    const holder: { runner?: FakeRunner } = {};
    const workerOf = (metadata: { get(key: string): unknown[] }): string => String(metadata.get("worker_id")[0]);
    serve(server, BeamFnControl, {
      control: (responses) => holder.runner!.#control(responses),
      getProcessBundleDescriptor: ({ processBundleDescriptorId: id }, { metadata }) => {
        const runner = holder.runner!;
        runner.asked.push([id, workerOf(metadata)]);
        return runner.descriptors.get(id)!;
      },
    });
    serve(server, BeamFnData, { data: (messages) => holder.runner!.#data(messages) });
    serve(server, BeamFnState, { state: (requests) => holder.runner!.#state(requests) });
    serve(server, BeamFnLogging, {
      // biome-ignore lint/correctness/useYield: the runner has nothing to say on this stream.
      async *logging(lists) {
        for await (const { logEntries } of lists) {
          holder.runner!.logged.push(...logEntries);
          holder.runner!.#wake();
        }
      },
    });
    serve(server, BeamFnWorkerStatus, { workerStatus: (responses) => holder.runner!.#status(responses) });
    const address = `127.0.0.1:${await listen(server, "127.0.0.1:0")}`;
    holder.runner = new FakeRunner(server, address);
    return holder.runner;
  }

  #wake(): void {
    for (const wake of this.#waiting) wake();
  }

  /** Waits until `made` gives something. */
  async until<T>(made: () => T | undefined): Promise<T> {
    for (;;) {
      const value = made();
      if (value !== undefined) return value;
      await new Promise<void>((resolve) => {
        const wake = (): void => {
          this.#waiting.delete(wake);
          clearTimeout(timer);
          resolve();
        };
        // Not all that may be waited for comes with a message.
        const timer = setTimeout(wake, 10);
        this.#waiting.add(wake);
      });
    }
  }

  #control(responses: AsyncIterable<InstructionResponse>) {
    void this.#read(responses, (response) => this.#responses.set(response.instructionId, response));
    return this.#requests;
  }

  #data(messages: AsyncIterable<Elements>) {
    void this.#read(messages, ({ data, timers }) => {
      for (const { instructionId, transformId, data: bytes, isLast } of data) {
        this.#push(instructionId, transformId, { bytes, isLast });
      }
      for (const { instructionId, transformId, timerFamilyId, timers: bytes, isLast } of timers) {
        this.#push(instructionId, `${transformId} ${timerFamilyId}`, { bytes, isLast });
      }
    });
    return this.#elements;
  }

  #push(instruction: string, stream: string, message: Received): void {
    const key = `${instruction} ${stream}`;
    this.#received.set(key, [...(this.#received.get(key) ?? []), message]);
  }

  #state(requests: AsyncIterable<StateRequest>) {
    const answers = new Outbox<MessageInitShape<typeof StateResponseSchema>>();
    void this.#read(requests, async (request) => {
      this.stateRequests.push(request);
      const { id } = request;
      try {
        answers.push({ id, response: await this.state(request) });
      } catch (thrown) {
        answers.push({ id, error: (thrown as Error).message });
      }
    });
    return answers;
  }

  #status(responses: AsyncIterable<WorkerStatusResponse>) {
    void this.#read(responses, (response) => this.statuses.push(response));
    return this.#statusRequests;
  }

  async #read<T>(messages: AsyncIterable<T>, take: (message: T) => unknown): Promise<void> {
    try {
      for await (const message of messages) {
        take(message);
        this.#wake();
      }
    } catch {
      // Workers may go at any time.
    }
  }

  /** A worker for a pipeline's functions. */
  worker(pipeline: Pipeline, options: Partial<WorkerOptions> = {}): FnApiWorker {
    const worker = FnApiWorker.start({ id: "w1", control: this.address, functions: pipeline.functions, ...options });
    this.#workers.push(worker);
    return worker;
  }

  /** Has the worker do something; gives the instruction's id. */
  instruct(request: Instruction, instructionId = `i${++this.#instructions}`): string {
    this.#requests.push({ instructionId, request });
    return instructionId;
  }

  /** The response to an instruction, whether it is an error or not. */
  response(instruction: string): Promise<InstructionResponse> {
    return this.until(() => this.#responses.get(instruction));
  }

  /** Whether an instruction has been answered. */
  hasAnswered(instruction: string): boolean {
    return this.#responses.has(instruction);
  }

  /** The response to a bundle that must not have failed. */
  async processed(instruction: string): Promise<ProcessBundleResponse> {
    const { response, error } = await this.response(instruction);
    if (response.case !== "processBundle") throw new Error(error || `answered ${response.case}`);
    return response.value;
  }

  send(message: ElementsInit): void {
    this.#elements.push(message);
  }

  askStatus(id: string): void {
    this.#statusRequests.push({ id });
  }

  /** What has come so far from a sink, or for a `transform family` of timers. */
  received(instruction: string, stream: string): readonly Received[] {
    return this.#received.get(`${instruction} ${stream}`) ?? [];
  }

  /** All that comes from a sink, once its end has. */
  async output(instruction: string, stream: string): Promise<Buffer> {
    const messages = await this.until(() => {
      const all = this.received(instruction, stream);
      return all.at(-1)?.isLast === true ? all : undefined;
    });
    return Buffer.concat(messages.map(({ bytes }) => bytes));
  }

  /** Ends the control stream, as a runner does that needs the worker no more. */
  release(): void {
    this.#requests.end();
    this.#statusRequests.end();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.release();
    this.#elements.end();
    await Promise.all(this.#workers.map((worker) => worker.stop()));
    await shutdown(this.server, 500);
  }
}

/** A part of a pipeline, as it is described to a worker. */
export interface FakeStage {
  readonly id: string;
  readonly descriptor: ProcessBundleDescriptor;
  /** Reads and writes the elements of a PCollection, with where and when they are. */
  coder(pcollection: string): Coder<WindowedValue<unknown>>;
  /** Elements in the global window. */
  encoded(pcollection: string, values: readonly unknown[], window?: BoundedWindow): Buffer;
  /** Inverse of `encoded`. */
  decoded(pcollection: string, bytes: Uint8Array): unknown[];
}

/**
 * Describes a part of a pipeline: a source `source PCOLLECTION` for each of `inputs`, a sink `sink PCOLLECTION` for each of
 * `outputs`, and between them all ParDos and the like that are named.
 *
 * @param change What the runner makes of the pipeline before.
 */
export function fakeStage(
  runner: FakeRunner,
  pipeline: Pipeline,
  transforms: readonly string[],
  inputs: readonly string[],
  outputs: readonly string[],
  id = "stage",
  change: (components: Components) => void = () => undefined,
): FakeStage {
  const { components } = pipeline.toProto();
  change(components!);
  const { pcollections, windowingStrategies, coders } = components!;
  const endpoint = { url: runner.address };
  const portCoder = (pcollection: string): string => {
    const { coderId, windowingStrategyId } = pcollections[pcollection]!;
    const { windowCoderId } = windowingStrategies[windowingStrategyId]!;
    const name = `port of ${pcollection}`;
    coders[name] = create(CoderSchema, {
      spec: { urn: StandardCoders.Enum.WINDOWED_VALUE },
      componentCoderIds: [coderId, windowCoderId],
    });
    return name;
  };
  const port = (urn: string, pcollection: string) => ({
    urn,
    payload: toBinary(
      RemoteGrpcPortSchema,
      create(RemoteGrpcPortSchema, { apiServiceDescriptor: endpoint, coderId: portCoder(pcollection) }),
    ),
  });
  const { DATA_SOURCE, DATA_SINK } = FnApiTransforms.Runner;
  const all = Object.fromEntries(transforms.map((name) => [name, components!.transforms[name]!]));
  for (const pcollection of inputs) {
    const transform = { spec: port(DATA_SOURCE, pcollection), outputs: { out: pcollection } };
    all[`source ${pcollection}`] = create(PTransformSchema, transform);
  }
  for (const pcollection of outputs) {
    const transform = { spec: port(DATA_SINK, pcollection), inputs: { in: pcollection } };
    all[`sink ${pcollection}`] = create(PTransformSchema, transform);
  }
  const descriptor = create(ProcessBundleDescriptorSchema, {
    id,
    transforms: all,
    pcollections,
    windowingStrategies,
    coders,
    stateApiServiceDescriptor: endpoint,
    timerApiServiceDescriptor: endpoint,
  });
  runner.descriptors.set(id, descriptor);
  const coder = (pcollection: string) =>
    coderFromProto(portCoder(pcollection), { coders }) as WindowedValueCoder<unknown>;
  return {
    id,
    descriptor,
    coder,
    encoded: (pcollection, values, window = GLOBAL_WINDOW) =>
      Buffer.concat(
        values.map((value, i) =>
          encodeToBytes(coder(pcollection), { value, timestamp: i, windows: [window], pane: NO_FIRING }, true),
        ),
      ),
    decoded: (pcollection, bytes) => {
      const reader = new ByteReader(bytes);
      const values: unknown[] = [];
      while (reader.remaining > 0) values.push(coder(pcollection).decode(reader, true).value);
      return values;
    },
  };
}
