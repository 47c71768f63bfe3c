/**
 * The harness as a worker behind the Fn API: it asks the runner for instructions, and does them.
 *
 * ```ts
 * const worker = FnApiWorker.start({ id, control: "localhost:4000", functions: pipeline.functions });
 * await worker.ended;
 * ```
 */
import type { MessageInitShape } from "@bufbuild/protobuf";
import { Metadata } from "@grpc/grpc-js";
import { GirderError, messageOf } from "../../portability/errors.js";
import { WindowTable } from "../../portability/execution/window-table.js";
import type { CallOptions } from "../../portability/fn-api/call-types.js";
import { client } from "../../portability/fn-api/grpc.js";
import { Outbox } from "../../portability/fn-api/outbox.js";
import {
  BeamFnControl,
  type InstructionRequest,
  type InstructionResponseSchema,
  type ProcessBundleDescriptor,
} from "../../portability/gen/org/apache/beam/model/fn_execution/v1/beam_fn_api_pb.js";
import type { FunctionTable } from "../pipeline/functions.js";
import { BundleInputs } from "./bundle-input.js";
import type { BundleRun } from "./bundle-run.js";
import { StateCache } from "./cache.js";
import { DataChannel } from "./data-channel.js";
import { DataSampler } from "./data-sampler.js";
import { LogChannel, Severity } from "./log-channel.js";
import { PendingFinalizations } from "./pending-finalizations.js";
import { ShortIds } from "./short-ids.js";
import { StateChannel } from "./state-channel.js";
import { StatusChannel } from "./status-channel.js";
import { errorText } from "./worker-error.js";
import type { WorkerServices } from "./worker-services.js";
import { WorkerStage } from "./worker-stage.js";

type Answer = NonNullable<MessageInitShape<typeof InstructionResponseSchema>["response"]>;

/** How a worker is started. */
export interface WorkerOptions {
  /** By which the worker says who it is, in the metadata of every call. */
  readonly id: string;
  /** `host:port` of the control service. */
  readonly control: string;
  /** `host:port` of the logging service. Default: nothing is logged there. */
  readonly logging?: string | undefined;
  /** `host:port` of the status service. Default: nobody is told. */
  readonly status?: string | undefined;
  /** URNs of what the runner can do (`StandardRunnerProtocols`). Default: nothing that not every runner can. */
  readonly runnerCapabilities?: readonly string[];
  /** The author's functions. */
  readonly functions: FunctionTable;
  /** Is told of each error that makes a bundle fail, before the runner is. */
  readonly onFailure?: (error: unknown) => void;
}

interface Active {
  readonly stage: WorkerStage;
  readonly run: BundleRun;
  readonly since: number;
}

/** How long (ms) the end of a worker waits for its log to be taken. */
const LAST_WORDS = 500;

export class FnApiWorker {
  readonly #control;
  readonly #responses = new Outbox<MessageInitShape<typeof InstructionResponseSchema>>();
  readonly #call: CallOptions;
  readonly #gone = new AbortController();
  readonly #services: WorkerServices;
  readonly #data = new Map<string, DataChannel>();
  readonly #state = new Map<string, StateChannel>();
  readonly #stages = new Map<string, Promise<WorkerStage>>();
  readonly #registered = new Map<string, ProcessBundleDescriptor>();
  readonly #active = new Map<string, Active>();
  readonly #shortIds = new ShortIds();
  readonly #cache = new StateCache();
  readonly #finalizations = new PendingFinalizations();
  readonly #sampler = new DataSampler();
  readonly #log: LogChannel | undefined;
  readonly #status: StatusChannel | undefined;
  #bundles = 0;
  #failure: GirderError | undefined;
  /** Settles when the runner has ended the worker, or it was stopped, and everything is closed. */
  readonly ended: Promise<void>;

  private constructor(readonly options: WorkerOptions) {
    const metadata = new Metadata();
    metadata.set("worker_id", options.id);
    this.#call = { metadata, signal: this.#gone.signal };
    const inputs = new BundleInputs();
    this.#services = {
      functions: options.functions,
      windows: new WindowTable(),
      inputs,
      cache: this.#cache,
      finalizations: this.#finalizations,
      sampler: this.#sampler,
      runnerCapabilities: new Set(options.runnerCapabilities),
      data: (address) => opened(this.#data, address, () => this.#newDataChannel(address, inputs)),
      state: (address) => opened(this.#state, address, () => new StateChannel(address, this.#call)),
    };
    if (options.logging) this.#log = new LogChannel(options.logging, this.#call);
    if (options.status) this.#status = new StatusChannel(options.status, this.#call, () => this.status);
    this.#control = client(BeamFnControl, options.control);
    this.ended = this.#serve();
  }

  /** Connects to the runner. That it cannot be reached shows in {@link ended}, which settles. */
  static start(options: WorkerOptions): FnApiWorker {
    return new FnApiWorker(options);
  }

  /** Tells the runner's log something. */
  log(severity: Severity, message: string): void {
    this.#log?.log(severity, message);
  }

  #newDataChannel(address: string, inputs: BundleInputs): DataChannel {
    return new DataChannel(address, this.#call, inputs, (error) => {
      inputs.fail(error);
      this.#gone.abort();
    });
  }

  async #serve(): Promise<void> {
    let isInstructed = false;
    try {
      for await (const request of this.#control.call.control(this.#responses, this.#call)) {
        isInstructed = true;
        void this.#do(request);
      }
    } catch (thrown) {
      // The runner may break the stream off at any time; there is nobody left to tell.
      if (!isInstructed && !this.#gone.signal.aborted) this.#failure = unreachable(this.options.control, thrown);
    }
    await this.#close();
  }

  /** Why it has ended without having been told to do anything: `io`, if its runner could not be reached. */
  get failure(): GirderError | undefined {
    return this.#failure;
  }

  /** Ends the worker. */
  async stop(): Promise<void> {
    this.#gone.abort();
    await this.ended;
  }

  async #close(): Promise<void> {
    this.#services.inputs.fail(new GirderError("cancelled", "The worker has ended."));
    await this.#finalizations.settled();
    for (const stage of this.#stages.values()) {
      try {
        await (await stage).close();
      } catch (thrown) {
        this.log(Severity.ERROR, errorText(thrown));
      }
    }
    this.#responses.end();
    for (const channel of [...this.#data.values(), ...this.#state.values()]) channel.close();
    this.#status?.close();
    this.#control.close();
    // A runner that needs the worker no more has all that it wants but the log.
    this.#log?.close();
    if (this.#log !== undefined) await Promise.race([this.#log.ended, unhurried(LAST_WORDS)]);
    this.#gone.abort();
  }

  async #do(request: InstructionRequest): Promise<void> {
    const { instructionId } = request;
    try {
      this.#responses.push({ instructionId, response: await this.#answer(request) });
    } catch (thrown) {
      const error = errorText(thrown);
      this.#log?.log(Severity.ERROR, messageOf(thrown), { instructionId, trace: error });
      this.options.onFailure?.(thrown);
      this.#responses.push({ instructionId, error });
    }
  }

  async #answer({ instructionId, request }: InstructionRequest): Promise<Answer> {
    switch (request.case) {
      case "register":
        for (const descriptor of request.value.processBundleDescriptor) this.#registered.set(descriptor.id, descriptor);
        return { case: "register", value: {} };
      case "processBundle": {
        const stage = await this.#stage(request.value.processBundleDescriptorId);
        this.#bundles++;
        try {
          const value = await stage.process(instructionId, request.value, (run) => {
            this.#active.set(instructionId, { stage, run, since: performance.now() });
          });
          return { case: "processBundle", value };
        } finally {
          this.#active.delete(instructionId);
        }
      }
      case "processBundleProgress": {
        const active = this.#active.get(request.value.instructionId);
        return { case: "processBundleProgress", value: active === undefined ? {} : active.stage.measured(active.run) };
      }
      case "processBundleSplit": {
        const active = this.#active.get(request.value.instructionId);
        const value =
          active === undefined ? {} : active.stage.division(active.run, active.run.split(request.value.desiredSplits));
        return { case: "processBundleSplit", value };
      }
      case "finalizeBundle":
        this.#finalizations.call(request.value.instructionId);
        return { case: "finalizeBundle", value: {} };
      case "monitoringInfos": {
        const monitoringInfo = this.#shortIds.infos(request.value.monitoringInfoId);
        return { case: "monitoringInfos", value: { monitoringInfo } };
      }
      case "sampleData":
        return { case: "sampleData", value: this.#sampler.answer(request.value.pcollectionIds) };
      case "harnessMonitoringInfos":
        return { case: "harnessMonitoringInfos", value: {} };
      default:
        throw new GirderError("unsupported", `This worker does not know the instruction ${request.case ?? "given"}.`);
    }
  }

  /** The stage of a descriptor, which is asked for once. */
  #stage(id: string): Promise<WorkerStage> {
    let stage = this.#stages.get(id);
    if (stage === undefined) {
      stage = this.#describe(id);
      this.#stages.set(id, stage);
      // What could not be had may be had another time.
      stage.catch(() => this.#stages.delete(id));
    }
    return stage;
  }

  async #describe(id: string): Promise<WorkerStage> {
    const descriptor =
      this.#registered.get(id) ??
      (await this.#control.call.getProcessBundleDescriptor({ processBundleDescriptorId: id }, this.#call));
    return new WorkerStage(descriptor, this.#services, this.#shortIds);
  }

  /** What the worker is doing, for people. */
  get status(): string {
    const { rss, heapUsed, external } = process.memoryUsage();
    const megabytes = (bytes: number): string => `${Math.round(bytes / 1e6)} MB`;
    const now = performance.now();
    return [
      `worker ${this.options.id}, process ${process.pid}, Node ${process.versions.node}`,
      `memory: ${megabytes(rss)} resident, ${megabytes(heapUsed)} heap, ${megabytes(external)} outside of it`,
      `cache: ${this.#cache.size} entries, ${megabytes(this.#cache.bytes)}, ${this.#cache.hits} hits, ${this.#cache.misses} misses`,
      `bundles: ${this.#bundles} begun, ${this.#active.size} being processed`,
      ...Array.from(this.#active, ([instruction, { stage, run, since }]) => {
        const { id, transforms } = stage.described.stage;
        const seconds = ((now - since) / 1000).toFixed(1);
        return `  ${instruction} of ${id} for ${seconds} s, ${run.begun} elements begun: ${transforms.join(", ")}`;
      }),
    ].join("\n");
  }
}

function unreachable(control: string, cause: unknown): GirderError {
  return new GirderError("io", `The worker cannot reach its runner: ${messageOf(cause)}`, {
    where: control,
    remedy: "Workers are started by runners, which must be reachable at the address that they name.",
    cause,
  });
}

function opened<T>(channels: Map<string, T>, address: string, open: () => T): T {
  let channel = channels.get(address);
  if (channel === undefined) {
    channel = open();
    channels.set(address, channel);
  }
  return channel;
}

function unhurried(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms).unref();
  });
}
