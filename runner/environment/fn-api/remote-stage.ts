/** A stage that a worker behind the Fn API runs. */
import { GirderError } from "../../../portability/errors.js";
import type { BatchCodec } from "../../../portability/execution/batch.js";
import type { BundleResult, BundleTask, PreparedStage, StageDescriptor } from "../../../portability/execution/stage.js";
import type { TimerChange } from "../../../portability/execution/timer.js";
import type { WindowTable } from "../../../portability/execution/window-table.js";
import type {
  InstructionResponse,
  ProcessBundleResponse,
} from "../../../portability/gen/org/apache/beam/model/fn_execution/v1/beam_fn_api_pb.js";
import { IsBounded_Enum } from "../../../portability/gen/org/apache/beam/model/pipeline/v1/beam_runner_api_pb.js";
import type { MonitoringInfo } from "../../../portability/gen/org/apache/beam/model/pipeline/v1/metrics_pb.js";
import { MetricsContainer } from "../../../portability/metrics/index.js";
import { isSplittable } from "../../graph/transforms.js";
import { type DescribedStage, describeStage, StageCoders } from "./bundle-descriptor.js";
import { CacheTokens } from "./cache-tokens.js";
import { expirationTimers } from "./expiration-timers.js";
import { withFailingElement } from "./failing-element.js";
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

let descriptors = 0;

/** How the splits of a bundle stand. */
interface Splits {
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
    const cached = connection.sdk.cachesState ? this.#cacheTokensOf(connection) : undefined;
    const ended = this.worker.watch.begin(connection, bundle);
    const splits: Splits = { over: false, asked: undefined };
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
      if (this.#neverEnds) void this.#checkpoint(connection, bundle, splits);
      const { response } = await Promise.race([responded, bundle.received.then(() => responded)]);
      splits.over = true;
      if (response.case !== "processBundle") {
        throw new GirderError("malformed-data", `A worker answered ${response.case ?? "nothing"} to a bundle.`);
      }
      if (response.value.elements !== undefined) bundle.embedded(response.value.elements);
      // A worker may have split the bundle just before its end: what it gave back then is not to be lost.
      await splits.asked;
      await bundle.received;
      const result = await this.#result(connection, bundle, response.value);
      ended(result.metrics);
      return result;
    } catch (thrown) {
      cached?.discarded();
      ended();
      throw await withFailingElement(thrown, connection, instruction, this.#described);
    } finally {
      splits.over = true;
      connection.close(instruction);
    }
  }

  async #result(
    connection: WorkerConnection,
    bundle: RemoteBundle,
    response: ProcessBundleResponse,
  ): Promise<BundleResult> {
    bundle.leave(response.residualRoots);
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
  async #checkpoint(connection: WorkerConnection, bundle: RemoteBundle, splits: Splits): Promise<void> {
    for (;;) {
      await new Promise((resolve) => {
        setTimeout(resolve, CHECKPOINT_INTERVAL).unref();
      });
      if (splits.over) return;
      splits.asked = this.#split(connection, bundle);
      await splits.asked;
      splits.asked = undefined;
    }
  }

  /** Asks a bundle for all that it has not begun or can leave for later. */
  async #split(connection: WorkerConnection, bundle: RemoteBundle): Promise<void> {
    const desired = (input: number, count: number) =>
      [
        this.#described.sources[input]!.transform,
        { fractionOfRemainder: 0, estimatedInputElements: BigInt(count) },
      ] as const;
    const desiredSplits = Object.fromEntries([...bundle.counts].map(([input, count]) => desired(input, count)));
    let response: InstructionResponse["response"];
    try {
      ({ response } = await connection.request(WorkerConnection.newInstructionId(), {
        case: "processBundleSplit",
        value: { instructionId: bundle.instruction, desiredSplits },
      }));
    } catch {
      // A bundle that has ended meanwhile cannot be split. If the worker is lost, the bundle itself says so.
      return;
    }
    try {
      if (response.case === "processBundleSplit") bundle.split(response.value);
    } catch (thrown) {
      // The worker leaves to the runner what the runner cannot read.
      bundle.failed(thrown);
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

/** Tells the worker that its bundle is committed. Whether it hears of it is not waited for: finalization is best effort. */
function finalize(connection: WorkerConnection, instructionId: string): void {
  const request = connection.request(WorkerConnection.newInstructionId(), {
    case: "finalizeBundle",
    value: { instructionId },
  });
  request.catch(() => undefined);
}
