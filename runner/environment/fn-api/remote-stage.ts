/** A stage that a worker behind the Fn API runs. */
import { availableParallelism } from "node:os";
import { GirderError } from "../../../portability/errors.js";
import type { BatchCodec } from "../../../portability/execution/batch.js";
import type {
  BundleResult,
  BundleSplit,
  BundleTask,
  PreparedStage,
  StageDescriptor,
} from "../../../portability/execution/stage.js";
import type { TimerChange } from "../../../portability/execution/timer.js";
import type { WindowTable } from "../../../portability/execution/window-table.js";
import type {
  InstructionResponse,
  ProcessBundleResponse,
} from "../../../portability/gen/org/apache/beam/model/fn_execution/v1/beam_fn_api_pb.js";
import { IsBounded_Enum } from "../../../portability/gen/org/apache/beam/model/pipeline/v1/beam_runner_api_pb.js";
import type { MonitoringInfo } from "../../../portability/gen/org/apache/beam/model/pipeline/v1/metrics_pb.js";
import { MetricsContainer } from "../../../portability/metrics/index.js";
import { StandardProtocols } from "../../../portability/urns.js";
import { isSplittable } from "../../graph/transforms.js";
import { type DescribedStage, describeStage, StageCoders } from "./bundle-descriptor.js";
import { CacheTokens } from "./cache-tokens.js";
import { expirationTimers } from "./expiration-timers.js";
import { withFailingElement } from "./failing-element.js";
import { Pace } from "./pace.js";
import { RemoteBundle } from "./remote-bundle.js";
import type { RemoteWorker } from "./remote-worker.js";
import { SideInputReader } from "./side-input-reader.js";
import { StateRequests } from "./state-requests.js";
import type { WindowCodec } from "./window-codec.js";
import { WorkerConnection } from "./worker-connection.js";

/** How long (ms) an unbounded restriction is processed before it is asked for its rest, which is when its outputs commit. */
const CHECKPOINT_INTERVAL = 500;

/** Bytes of a bundle's elements, about, up to which they go with the request where the worker takes them so: small bundles are told at once. */
const MOST_EMBEDDED = 64 * 1024;

/** Bundles of a stage that a worker is given at once while they all wait. Each has a thread there, and the author's objects once more. */
const MOST_WAITING = 16;

let descriptors = 0;

/** How much of what is left to a bundle it is asked to leave to another. */
const SHARE = 0.5;

/** A bundle at the worker, and how its splits stand. */
interface OpenBundle {
  readonly connection: WorkerConnection;
  readonly bundle: RemoteBundle;
  readonly pace: Pace;
  /** Whether the bundle has come to its end. */
  over: boolean;
  /** The split that was asked for, if it has not been answered. */
  asked: Promise<void> | undefined;
}

export class RemoteStage implements PreparedStage {
  readonly #described: DescribedStage;
  readonly #coders: StageCoders;
  readonly #codecs = new Map<string, BatchCodec>();
  readonly #sideInputs: readonly SideInputReader[];
  readonly #keyWindows = new Map<string, WindowCodec>();
  readonly #neverEnds: boolean;
  readonly #open = new Map<number, OpenBundle>();
  readonly parallelism: number;
  readonly waiting = MOST_WAITING;
  readonly #cacheTokens = new WeakMap<WorkerConnection, CacheTokens>();

  constructor(
    readonly stage: StageDescriptor,
    readonly worker: RemoteWorker,
    windows: WindowTable,
  ) {
    this.#described = describeStage(`bundle-descriptor-${++descriptors}`, stage, windows, worker.endpoint);
    this.#coders = new StageCoders(stage.components, windows);
    this.#sideInputs = this.#described.sideInputs.map((codec) => new SideInputReader(codec));
    const { transforms, pcollections } = stage.components;
    this.#neverEnds = stage.transforms.some(
      (id) =>
        isSplittable(transforms[id]!) &&
        Object.values(transforms[id]!.outputs).some((it) => pcollections[it]!.isBounded === IsBounded_Enum.UNBOUNDED),
    );
    // Others run functions one at a time, as Python's does.
    this.parallelism = usesAllCores(stage) ? availableParallelism() : 1;
    worker.server.describe(this.#described.descriptor);
  }

  codec(pcollection: string): BatchCodec {
    let codec = this.#codecs.get(pcollection);
    if (codec === undefined) {
      codec = this.#coders.elements(pcollection, true);
      this.#codecs.set(pcollection, codec);
    }
    return codec;
  }

  async run(task: BundleTask): Promise<BundleResult> {
    const connection = await this.worker.connection();
    const instruction = WorkerConnection.newInstructionId();
    const requests = new StateRequests(
      this.stage,
      this.#described,
      this.#sideInputs,
      (id) => this.#windowsOf(id),
      task,
    );
    const bundle = new RemoteBundle(instruction, this.stage, this.#described, task, requests);
    connection.open(instruction, bundle);
    const open: OpenBundle = { connection, bundle, pace: new Pace(), over: false, asked: undefined };
    this.#open.set(task.bundle, open);
    const cached = connection.sdk.cachesState ? this.#cacheTokensOf(connection) : undefined;
    const ended = this.worker.watch.begin(connection, bundle);
    try {
      const isEmbedded = connection.sdk.takesEmbeddedElements && bundle.bytes <= MOST_EMBEDDED;
      const stream = isEmbedded ? "" : connection.streamFor(instruction);
      const responded = connection.request(instruction, {
        case: "processBundle",
        value: {
          processBundleDescriptorId: this.#described.descriptor.id,
          cacheTokens: cached?.forBundle(task) ?? [],
          dataStreamId: stream,
          ...(isEmbedded ? { elements: bundle.together } : {}),
        },
      });
      if (!isEmbedded) connection.send(bundle.messages(), stream);
      if (this.#neverEnds) void this.#checkpoint(open);
      const { response } = await Promise.race([responded, bundle.received.then(() => responded)]);
      open.over = true;
      if (response.case !== "processBundle") {
        throw new GirderError("malformed-data", `A worker answered ${response.case ?? "nothing"} to a bundle.`);
      }
      if (response.value.elements !== undefined) bundle.embedded(response.value.elements);
      // A worker may have split the bundle just before its end: what it gave back then is not to be lost.
      await open.asked;
      await bundle.received;
      const result = await this.#result(connection, bundle, response.value);
      ended(result.metrics);
      return result;
    } catch (thrown) {
      cached?.discarded();
      ended();
      throw await withFailingElement(thrown, connection, instruction, this.#described);
    } finally {
      open.over = true;
      this.#open.delete(task.bundle);
      connection.close(instruction);
    }
  }

  async #result(
    connection: WorkerConnection,
    bundle: RemoteBundle,
    response: ProcessBundleResponse,
  ): Promise<BundleResult> {
    bundle.leaveRoots(response.residualRoots);
    const infos =
      response.monitoringInfos.length > 0
        ? response.monitoringInfos
        : await this.worker.monitoringInfos(connection, response.monitoringData);
    const { instruction } = bundle;
    return {
      outputs: bundle.outputs,
      residuals: bundle.residuals,
      timers: [...this.#expirations(bundle), ...bundle.timerChanges],
      state: bundle.requests.state.changes,
      metrics: this.#metrics(infos),
      discarded: () => this.#cacheTokens.get(connection)?.discarded(),
      ...(response.requiresFinalization ? { finalize: () => finalize(connection, instruction) } : {}),
    };
  }

  #expirations({ task }: RemoteBundle): TimerChange[] {
    return this.stage.timers.length === 0 ? [] : expirationTimers(this.stage, task);
  }

  #metrics(infos: readonly MonitoringInfo[]): MetricsContainer {
    return MetricsContainer.fromMonitoringInfos(infos);
  }

  /** Now and then asks a bundle that would not end by itself for its rest. */
  async #checkpoint(open: OpenBundle): Promise<void> {
    for (;;) {
      await new Promise((resolve) => {
        setTimeout(resolve, CHECKPOINT_INTERVAL).unref();
      });
      if (open.over) return;
      open.asked = this.#ask(open, 0).then((split) => open.bundle.leave(split?.residuals ?? []));
      await open.asked;
      open.asked = undefined;
    }
  }

  async waits(bundle: number): Promise<boolean> {
    const open = this.#open.get(bundle);
    if (open === undefined) return false;
    try {
      const infos = await this.worker.watch.progress(open.connection, open.bundle);
      return infos !== undefined && !open.pace.computes(infos);
    } catch {
      // The bundle has come to its end.
      return false;
    }
  }

  /** Of a bundle that would never end the rest is taken again and again; it is not divided besides. */
  async split(bundle: number): Promise<BundleSplit | undefined> {
    const open = this.#open.get(bundle);
    return open === undefined || this.#neverEnds ? undefined : this.#ask(open, SHARE);
  }

  /**
   * Asks a bundle for what it has not begun or can leave for later: for all of that, or for the share of one source.
   *
   * One source after another, as Java's worker does not say which of them it has split.
   */
  async #ask(open: OpenBundle, fractionOfRemainder: number): Promise<BundleSplit | undefined> {
    let split: BundleSplit | undefined;
    for (const [source, count] of open.bundle.counts) {
      const desired = { fractionOfRemainder, estimatedInputElements: BigInt(count) };
      const further = await this.#askSource(open, source, desired);
      if (further === undefined) continue;
      split = { kept: further.kept, residuals: [...(split?.residuals ?? []), ...further.residuals] };
      if (fractionOfRemainder > 0) break;
    }
    return split;
  }

  async #askSource(
    { connection, bundle }: OpenBundle,
    source: number,
    desired: { readonly fractionOfRemainder: number; readonly estimatedInputElements: bigint },
  ): Promise<BundleSplit | undefined> {
    const { transform } = this.#described.sources[source]!;
    let response: InstructionResponse["response"];
    try {
      ({ response } = await connection.request(WorkerConnection.newInstructionId(), {
        case: "processBundleSplit",
        value: { instructionId: bundle.instruction, desiredSplits: { [transform]: desired } },
      }));
    } catch {
      // A bundle that has ended meanwhile cannot be split. If the worker is lost, the bundle itself says so.
      return undefined;
    }
    try {
      return response.case === "processBundleSplit" ? bundle.split(response.value, source) : undefined;
    } catch (thrown) {
      // The worker leaves to the runner what the runner cannot read.
      bundle.failed(thrown);
      return undefined;
    }
  }

  /** How windows in the keys of a transform's state are coded: as those of its main input. */
  #windowsOf(transform: string): WindowCodec {
    let codec = this.#keyWindows.get(transform);
    if (codec === undefined) {
      const input = this.stage.inputs.find(({ consumers }) => consumers.some((it) => it.transform === transform));
      codec = this.#coders.windows((input ?? this.stage.inputs[0]!).pcollection);
      this.#keyWindows.set(transform, codec);
    }
    return codec;
  }

  #cacheTokensOf(connection: WorkerConnection): CacheTokens {
    let tokens = this.#cacheTokens.get(connection);
    if (tokens === undefined) {
      tokens = new CacheTokens(this.stage);
      this.#cacheTokens.set(connection, tokens);
    }
    return tokens;
  }

  close(): void {
    this.worker.server.forget(this.#described.descriptor.id);
  }
}

/** Whether the worker of a stage says that it is to be given a bundle for each core. */
function usesAllCores({ components, transforms }: StageDescriptor): boolean {
  // A stage that only passes elements on has no transforms.
  const environment = components.environments[components.transforms[transforms[0] ?? ""]?.environmentId ?? ""];
  return environment?.capabilities.includes(StandardProtocols.Enum.MULTI_CORE_BUNDLE_PROCESSING) ?? false;
}

/** Tells the worker that its bundle is committed. Whether it hears of it is not waited for: finalization is best effort. */
function finalize(connection: WorkerConnection, instructionId: string): void {
  const request = connection.request(WorkerConnection.newInstructionId(), {
    case: "finalizeBundle",
    value: { instructionId },
  });
  request.catch(() => undefined);
}
