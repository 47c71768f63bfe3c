/** A stage at a worker: as many instances of it as bundles are processed side by side. */
import type { MessageInitShape } from "@bufbuild/protobuf";
import type { Batch } from "../../portability/execution/batch.js";
import type { Residual } from "../../portability/execution/stage.js";
import type {
  ProcessBundleDescriptor,
  ProcessBundleRequest,
  ProcessBundleResponseSchema,
} from "../../portability/gen/org/apache/beam/model/fn_execution/v1/beam_fn_api_pb.js";
import type { MonitoringInfo } from "../../portability/gen/org/apache/beam/model/pipeline/v1/metrics_pb.js";
import { StandardRunnerProtocols } from "../../portability/urns.js";
import { applicationsOf } from "./bundle-applications.js";
import type { BundleInput } from "./bundle-input.js";
import { type BundleDivision, BundleRun } from "./bundle-run.js";
import { type DescribedStage, describedStage } from "./described-stage.js";
import { LoadedSideInputs, type SideInputKeeper } from "./loaded-side-inputs.js";
import { RemoteState } from "./remote-state.js";
import type { ShortIds } from "./short-ids.js";
import { StageInstance } from "./stage-instance.js";
import type { WorkerServices } from "./worker-services.js";

const { CONTROL_RESPONSE_ELEMENTS_EMBEDDING, MONITORING_INFO_SHORT_IDS } = StandardRunnerProtocols.Enum;

type ResponseInit = MessageInitShape<typeof ProcessBundleResponseSchema>;

/** Metrics of a bundle, in full or by their short ids. */
type Measured =
  | { readonly monitoringInfos: MonitoringInfo[] }
  | { readonly monitoringData: { [shortId: string]: Uint8Array } };

export class WorkerStage {
  readonly described: DescribedStage;
  readonly #idle: StageInstance[] = [];
  /** The first instance, once the authors' `setup` has been called. */
  #setUp: Promise<StageInstance> | undefined;
  /** The end of the bundle that was begun last, where there may be one at a time. */
  #turn: Promise<unknown> = Promise.resolve();

  /** @throws GirderError `invalid-pipeline` */
  constructor(
    descriptor: ProcessBundleDescriptor,
    readonly services: WorkerServices,
    readonly shortIds: ShortIds,
  ) {
    this.described = describedStage(descriptor);
  }

  /**
   * Processes a bundle.
   *
   * @param began is told of the run, which can be asked for its progress and be split while it lasts.
   */
  async process(
    instruction: string,
    request: ProcessBundleRequest,
    began: (run: BundleRun) => void,
  ): Promise<ResponseInit> {
    const { services, described } = this;
    const input = services.inputs.of(instruction);
    try {
      for (const { transformId, data, isLast } of request.elements?.data ?? []) {
        input.push({ transform: transformId, family: undefined, bytes: data, isLast });
      }
      for (const { transformId, timerFamilyId, timers, isLast } of request.elements?.timers ?? []) {
        input.push({ transform: transformId, family: timerFamilyId, bytes: timers, isLast });
      }
      // Streams are opened before elements come: a runner may wait for them.
      for (const { endpoint } of described.sources) services.data(endpoint);
      if (described.stage.timers.length > 0) services.data(described.timerEndpoint);
      const first = await this.#firstInstance();
      const run = (): Promise<ResponseInit> => this.#run(instruction, request, input, began);
      return await (first.compiled.isExclusive ? this.#inTurn(run) : run());
    } finally {
      services.inputs.end(instruction);
    }
  }

  async #run(
    instruction: string,
    { cacheTokens }: ProcessBundleRequest,
    input: BundleInput,
    began: (run: BundleRun) => void,
  ): Promise<ResponseInit> {
    const { services, described } = this;
    const instance = this.#idle.pop() ?? new StageInstance(described, services);
    const run = new BundleRun(instruction, instance, input, {
      sides: this.#sideInputs(instruction, instance, cacheTokens),
      state: this.#state(instruction, instance, cacheTokens),
      channels: described.sinks.map(({ endpoint }) => services.data(endpoint)),
      timerChannel: instance.families.length === 0 ? undefined : services.data(described.timerEndpoint),
    });
    input.begin();
    began(run);
    try {
      await run.run();
    } catch (thrown) {
      services.sampler.failed(instruction, thrown, instance.compiled);
      throw thrown;
    }
    this.#sample(instance, run);
    const embedded = run.finishOutputs(services.runnerCapabilities.has(CONTROL_RESPONSE_ELEMENTS_EMBEDDING));
    const residualRoots = run.residuals.flatMap((residual) => applicationsOf(residual, instance));
    const requiresFinalization = run.finalizers.length > 0;
    if (requiresFinalization) services.finalizations.keep(instruction, run.finalizers);
    const response = { residualRoots, requiresFinalization, ...this.measured(run) };
    // One whose bundle has failed is not used again.
    this.#idle.push(instance);
    return embedded === undefined ? response : { ...response, elements: embedded };
  }

  /** Keeps an element of each PCollection that comes or goes. */
  #sample({ compiled }: StageInstance, run: BundleRun): void {
    const { sampler } = this.services;
    const { sources, sinks } = this.described;
    const coderOf = (pcollection: string) => compiled.components.codec(pcollection).coder;
    for (const [input, value] of run.lastElements) {
      const { pcollection } = sources[input]!;
      sampler.add(pcollection, coderOf(pcollection), value);
    }
    compiled.sinks.forEach(({ count, last }, i) => {
      const { pcollection } = sinks[i]!;
      if (count > 0) sampler.add(pcollection, coderOf(pcollection), last);
    });
  }

  /** Runs a bundle when those that came before it have ended. */
  #inTurn<T>(run: () => Promise<T>): Promise<T> {
    const ended = this.#turn.then(run);
    this.#turn = ended.catch(() => undefined);
    return ended;
  }

  /** The authors' objects are the same in all instances: they are set up once. */
  #firstInstance(): Promise<StageInstance> {
    this.#setUp ??= (async () => {
      const instance = new StageInstance(this.described, this.services);
      await instance.compiled.setup();
      this.#idle.push(instance);
      return instance;
    })();
    return this.#setUp;
  }

  #sideInputs(
    instruction: string,
    instance: StageInstance,
    cacheTokens: ProcessBundleRequest["cacheTokens"],
  ): LoadedSideInputs {
    const { cache, state } = this.services;
    const tokenOf = (transform: string, id: string): string | undefined => {
      for (const { type, token } of cacheTokens) {
        const isIt = type.case === "sideInput" && type.value.transformId === transform && type.value.sideInputId === id;
        if (isIt) return Buffer.from(token).toString("latin1");
      }
      return undefined;
    };
    const keyOf = (transform: string, id: string, window: string): string =>
      JSON.stringify(["side", this.described.stage.id, transform, id, window]);
    const keeper: SideInputKeeper = {
      get({ transform, localName }, { key }) {
        const token = tokenOf(transform, localName);
        if (token === undefined) return undefined;
        return cache.get(keyOf(transform, localName, key), token) as readonly Batch[] | undefined;
      },
      put({ transform, localName }, { key }, batches, bytes) {
        const token = tokenOf(transform, localName);
        if (token !== undefined) cache.put(keyOf(transform, localName, key), token, batches, bytes);
      },
    };
    return new LoadedSideInputs(
      instance.sideInputs,
      ({ transform, localName }, { key }) =>
        state(this.described.stateEndpoint).get(instruction, {
          case: "iterableSideInput",
          value: { transformId: transform, sideInputId: localName, window: Buffer.from(key, "latin1") },
        }),
      keeper,
    );
  }

  #state(
    instruction: string,
    { states }: StageInstance,
    cacheTokens: ProcessBundleRequest["cacheTokens"],
  ): RemoteState {
    const { cache, state } = this.services;
    const { stateEndpoint } = this.described;
    const given = cacheTokens.find(({ type }) => type.case === "userState");
    const token = given && Buffer.from(given.token).toString("latin1");
    const keyOf = (id: string): string => `state ${id}`;
    return new RemoteState(
      states,
      {
        get: (key) => state(stateEndpoint).get(instruction, key),
        append: (key, data) => state(stateEndpoint).append(instruction, key, data),
        clear: (key) => state(stateEndpoint).clear(instruction, key),
      },
      {
        get: (id) => (token === undefined ? undefined : (cache.get(keyOf(id), token) as Uint8Array | undefined)),
        put: (id, bytes) => {
          if (token !== undefined) cache.put(keyOf(id), token, bytes, bytes.length + id.length);
        },
        delete: (id) => cache.delete(keyOf(id)),
      },
    );
  }

  /** What the runner is told of a bundle that it has divided. */
  division(run: BundleRun, { channelSplits, primaries, residuals }: BundleDivision) {
    const applications = (work: readonly Residual[]) => work.flatMap((each) => applicationsOf(each, run.instance));
    return {
      channelSplits: [...channelSplits],
      primaryRoots: applications(primaries).map(({ application }) => application),
      residualRoots: applications(residuals),
    };
  }

  /** What a bundle has measured so far, as runner and worker have agreed to write it. */
  measured(run: BundleRun): Measured {
    const infos = run.monitoringInfos();
    const monitoringData = this.shortIds.shortened(infos);
    const isShort = this.services.runnerCapabilities.has(MONITORING_INFO_SHORT_IDS);
    return isShort ? { monitoringData } : { monitoringInfos: infos };
  }

  /** Calls the authors' `teardown`, if `setup` was called. Bundles must have ended. */
  async close(): Promise<void> {
    const first = await this.#setUp?.catch(() => undefined);
    await first?.compiled.teardown();
  }
}
