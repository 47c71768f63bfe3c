/**
 * One bundle at a worker, from its first element to its response.
 *
 * Elements are processed as they come, and what they lead to is sent as it is made: neither has to fit into memory. Between
 * turns of some milliseconds the event loop goes on, so that streams flow and the runner is answered.
 */
import { setImmediate as nextTurn } from "node:timers/promises";
import { GirderError } from "../../portability/errors.js";
import type { Batch } from "../../portability/execution/batch.js";
import type { Residual } from "../../portability/execution/stage.js";
import type { Timer } from "../../portability/execution/timer.js";
import type { ElementsInit } from "../../portability/fn-api/elements.js";
import type { MonitoringInfo } from "../../portability/gen/org/apache/beam/model/pipeline/v1/metrics_pb.js";
import type { BundleScope } from "../harness/bundle.js";
import { elementCounts } from "../harness/element-counts.js";
import type { OpenBundle } from "../harness/open-bundle.js";
import { PromiseReturned } from "../harness/operator.js";
import type { BundleInput } from "./bundle-input.js";
import type { DataChannel } from "./data-channel.js";
import type { LoadedSideInputs } from "./loaded-side-inputs.js";
import { RemoteState } from "./remote-state.js";
import { type DesiredSplit, splitPoint } from "./split-point.js";
import type { StageInstance } from "./stage-instance.js";
import type { StateChannel } from "./state-channel.js";
import type { WireSource } from "./wire-source.js";
import { encodeTimers, WireTimers } from "./wire-timers.js";
import { elementCount, readIndex } from "./worker-metrics.js";

/** How long (ms) a bundle keeps the thread at a time. */
const SLICE = 20;
/** Elements in a batch where functions return promises: it is not known which of them have begun. */
const AWAITED_BATCH = 128;
/** Elements, and bytes of their outputs, that are kept until it is clear that no function of the stage returns promises. */
const MOST_KEPT = 4096;
const MOST_KEPT_BYTES = 1024 * 1024;
/** Bytes of outputs that may go with the response instead of the data stream. */
const EMBEDDED = 16 * 1024;

/** A bundle's stop before the end of one of its sources. */
export interface ChannelSplit {
  readonly transformId: string;
  readonly lastPrimaryElement: bigint;
  readonly firstResidualElement: bigint;
}

/** How far a source has got. */
interface Position {
  /** Elements that came before the one to be begun next. */
  begun: number;
  /** Elements that have come, as far as they are decoded. */
  come: number;
  /** The element before which the bundle stops. */
  stop: number;
  isOver: boolean;
}

export class BundleRun {
  readonly #sources: readonly WireSource[];
  readonly #positions: readonly Position[];
  readonly #scope: BundleScope;
  #open!: OpenBundle;
  /** What has been processed, while the bundle may have to be begun anew. */
  #kept: { readonly input: number; readonly batch: Batch }[] | undefined = [];
  #keptElements = 0;
  #sent = false;
  readonly #timers: readonly WireTimers[];
  /** Timers that fire, as far as they have come. */
  readonly #due: Timer[] = [];
  readonly #state: RemoteState;
  /** Work that is left for later. */
  readonly residuals: Residual[] = [];

  constructor(
    readonly instruction: string,
    readonly instance: StageInstance,
    readonly input: BundleInput,
    readonly sides: LoadedSideInputs,
    /** The data stream of a sink, by its index. */
    readonly channels: readonly DataChannel[],
    /** The state stream, and the data stream on which timers travel, if the stage has any. */
    readonly state: () => StateChannel,
    readonly timerChannel: DataChannel | undefined,
  ) {
    this.#sources = instance.newSources();
    this.#timers = instance.timers.map((family) => new WireTimers(family));
    this.#state = new RemoteState(instruction, instance.states, state);
    this.#positions = this.#sources.map(() => ({ begun: 0, come: 0, stop: Number.POSITIVE_INFINITY, isOver: false }));
    this.#scope = {
      state: { read: () => undefined },
      sideInputs: sides.contents,
      deadline: Number.POSITIVE_INFINITY,
      slice: SLICE,
      maxElements: Number.POSITIVE_INFINITY,
      maxOutputBytes: Number.POSITIVE_INFINITY,
      stop: { stopped: false },
    };
  }

  /** Processes all that comes. @throws GirderError what the authors' functions throw, or what is wrong with the streams. */
  async run(): Promise<void> {
    await this.#begin();
    while ([...this.#positions, ...this.#timers].some(({ isOver }) => !isOver)) {
      const waiting = this.input.next();
      const { transform, family, bytes, isLast } = waiting instanceof Promise ? await waiting : waiting;
      if (family !== undefined) {
        this.#due.push(...this.#timersOf(transform, family).decode(bytes, isLast));
        continue;
      }
      const input = this.#sources.findIndex((source) => source.transform === transform);
      if (input < 0) {
        throw new GirderError("malformed-data", `The runner sent elements of ${transform}, which is no source.`);
      }
      for (const batch of this.#sources[input]!.decode(bytes, isLast)) await this.#take(input, batch);
      if (isLast) this.#positions[input]!.isOver = true;
    }
    // Timers fire when the elements that came with them have been processed.
    if (this.#due.length > 0) await this.#guarded(() => this.#fire());
    await this.#guarded(() => this.#open.finish());
    this.residuals.push(...this.#open.bundle.residuals);
    await this.#state.write(this.#open.bundle.state);
  }

  #timersOf(transform: string, family: string): WireTimers {
    const found = this.#timers.find((it) => it.family.transform === transform && it.family.id === family);
    if (found !== undefined) return found;
    throw new GirderError("malformed-data", `The runner sent timers of ${family}, which ${transform} has not.`);
  }

  /** Fires the timers, turn by turn. */
  async #fire(): Promise<void> {
    const open = this.#open;
    await open.prefetchTimers(this.#due);
    for (;;) {
      await open.fire(this.#due);
      if (open.bundle.fired === this.#due.length) return;
      await nextTurn();
      open.bundle.nextSlice();
    }
  }

  /** What is to be done once the runner has committed the bundle. */
  get finalizers(): readonly (() => void | PromiseLike<void>)[] {
    return this.#open.bundle.finalizers;
  }

  /** Begins the bundle, as often as it takes to know which functions return promises. */
  async #begin(): Promise<void> {
    const { compiled, meter } = this.instance;
    for (;;) {
      for (const position of this.#positions) position.begun = 0;
      for (const sink of compiled.sinks) sink.reset();
      for (const tally of compiled.program.tallies?.values() ?? []) tally.count = 0;
      this.#open = compiled.open(this.#scope, meter, this.#state);
      try {
        return await this.#open.start();
      } catch (thrown) {
        if (!(thrown instanceof PromiseReturned)) throw thrown;
        await compiled.awaitFromNowOn(thrown);
      }
    }
  }

  /** Does what may find that a function returns promises, and then all of the bundle again. */
  async #guarded(step: () => void | Promise<void>): Promise<void> {
    try {
      await step();
    } catch (thrown) {
      if (!(thrown instanceof PromiseReturned)) throw thrown;
      const kept = this.#kept;
      if (kept === undefined) throw latePromise(thrown.transform);
      await this.instance.compiled.awaitFromNowOn(thrown);
      await this.#begin();
      for (const { input, batch } of kept) await this.#put(input, batch);
      await step();
    }
  }

  /** Processes the elements of a batch, as far as no split has given them back. */
  async #take(input: number, batch: Batch): Promise<void> {
    const position = this.#positions[input]!;
    const first = position.come;
    position.come += batch.count;
    const step = this.#open.awaits ? AWAITED_BATCH : batch.count;
    for (let from = 0; from < batch.count && first + from < position.stop; from += step) {
      const part = batch.slice(from, Math.min(batch.count, from + step));
      const loading = this.sides.loadFor(part, this.instance.strategyOfInput(input));
      if (loading !== undefined) await loading;
      await this.#guarded(() => this.#put(input, part));
      this.#keep(input, part);
      if (this.#kept !== undefined) continue;
      this.#send();
      const room = this.#room();
      if (room !== undefined) await room;
    }
  }

  /** Puts a batch through the stage, turn by turn, as far as no split has given back its elements. */
  async #put(input: number, batch: Batch): Promise<void> {
    const open = this.#open;
    const position = this.#positions[input]!;
    const loading = open.prefetch(input, batch, this.instance.compiled.elementOf(input));
    if (loading !== undefined) await loading;
    const begin = position.begun;
    let done = 0;
    /** Parts of elements that were given up in the middle. */
    let parts: readonly Residual[] = [];
    for (;;) {
      const left: Residual[] = [];
      for (const part of parts) {
        const processed = left.length > 0 ? 0 : open.process(part.input, part.batch);
        if ((typeof processed === "number" ? processed : await processed) === 0) left.push(part);
      }
      const end = Math.min(batch.count, position.stop - begin);
      if (left.length === 0 && done < end) {
        if (open.awaits) position.begun = begin + end;
        const processed = open.process(input, batch.slice(done, end));
        done += typeof processed === "number" ? processed : await processed;
        position.begun = begin + done;
      }
      parts = open.resumable(left);
      if (parts.length === 0 && done >= Math.min(batch.count, position.stop - begin)) return;
      await nextTurn();
      open.bundle.nextSlice();
    }
  }

  /** Keeps what was processed as long as the bundle may have to be begun anew for a function that returns a promise. */
  #keep(input: number, batch: Batch): void {
    if (this.#kept === undefined) return;
    this.#keptElements += batch.count;
    const isTooMuch = this.#keptElements > MOST_KEPT || this.instance.meter.bytes > MOST_KEPT_BYTES;
    if (isTooMuch || this.#open.awaits) this.#kept = undefined;
    else this.#kept.push({ input, batch });
  }

  /** Sends the frames that are full. */
  #send(): void {
    this.instance.compiled.sinks.forEach((sink, i) => {
      for (const frame of sink.takeFull()) this.#sendFrame(i, frame, false);
    });
  }

  #sendFrame(sink: number, data: Uint8Array, isLast: boolean): void {
    this.#sent = true;
    const { transform: transformId } = this.instance.described.sinks[sink]!;
    this.channels[sink]!.send({ data: [{ instructionId: this.instruction, transformId, data, isLast }] }, data.length);
  }

  #room(): Promise<unknown> | undefined {
    const full = this.channels.flatMap((channel) => channel.room() ?? []);
    return full.length === 0 ? undefined : Promise.all(full);
  }

  /**
   * Sends what has not been sent, and the ends of all outputs.
   *
   * @param mayEmbed whether the runner takes outputs with the response.
   * @returns what is to go with the response; undefined if everything goes on the data stream.
   */
  finishOutputs(mayEmbed: boolean): ElementsInit | undefined {
    const { instruction: instructionId } = this;
    this.#sendTimers();
    const frames = this.instance.compiled.sinks.map((sink) => sink.takeAll());
    const bytes = frames.flat().reduce((sum, frame) => sum + frame.length, 0);
    if (mayEmbed && this.#timers.length === 0 && !this.#sent && bytes <= EMBEDDED && frames.length > 0) {
      const data = frames.map((each, i) => {
        const { transform: transformId } = this.instance.described.sinks[i]!;
        return { instructionId, transformId, data: Buffer.concat(each), isLast: true };
      });
      return { data };
    }
    frames.forEach((each, i) => {
      for (const frame of each) this.#sendFrame(i, frame, false);
      this.#sendFrame(i, new Uint8Array(), true);
    });
    return undefined;
  }

  /** Sends what has become of timers, and the ends of all families. */
  #sendTimers(): void {
    const { instruction: instructionId, timerChannel } = this;
    for (const family of this.instance.timers) {
      const { transform: transformId, id: timerFamilyId } = family;
      const timers = encodeTimers(family, this.#open.bundle.timers);
      if (timers.length > 0) {
        timerChannel!.send({ timers: [{ instructionId, transformId, timerFamilyId, timers }] }, timers.length);
      }
      timerChannel!.send({ timers: [{ instructionId, transformId, timerFamilyId, isLast: true }] }, 0);
    }
  }

  /** What the bundle has measured so far. */
  monitoringInfos(): MonitoringInfo[] {
    const { described, compiled } = this.instance;
    const known = new Map<string, number>();
    this.#positions.forEach(({ begun }, i) => {
      const { pcollection } = described.sources[i]!;
      known.set(pcollection, (known.get(pcollection) ?? 0) + begun);
    });
    compiled.sinks.forEach(({ count }, i) => {
      known.set(described.sinks[i]!.pcollection, count);
    });
    const inputs = described.stage.inputs.map(({ pcollection }) => pcollection);
    const counts = elementCounts(compiled.program, known, inputs);
    return [
      ...this.#open.bundle.metrics.toMonitoringInfos(),
      ...Array.from(counts, ([pcollection, count]) => elementCount(pcollection, count)),
      ...this.#positions.map(({ begun }, i) => readIndex(described.sources[i]!.transform, begun - 1)),
    ];
  }

  /** Elements that have been begun. */
  get begun(): number {
    return this.#positions.reduce((sum, position) => sum + position.begun, 0);
  }

  /** Gives back elements that have not been begun. */
  split(desired: Readonly<Record<string, DesiredSplit>>): ChannelSplit[] {
    return Object.entries(desired).flatMap(([transformId, wish]): ChannelSplit[] => {
      const input = this.#sources.findIndex(({ transform }) => transform === transformId);
      const position = this.#positions[input];
      const point = position && splitPoint(wish, position.begun, position.stop);
      if (point === undefined) return [];
      position!.stop = point;
      return [{ transformId, lastPrimaryElement: BigInt(point - 1), firstResidualElement: BigInt(point) }];
    });
  }
}

function latePromise(where: string): GirderError {
  return new GirderError("unsupported", "The function returned a promise after many elements for which it had not.", {
    where,
    remedy: "Declare it async, so that the worker knows from the beginning that it has to wait for it.",
  });
}
