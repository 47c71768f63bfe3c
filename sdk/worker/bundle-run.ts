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
import type { OpenElement } from "../harness/splittable-operators.js";
import type { BundleInput, InputMessage } from "./bundle-input.js";
import type { DataChannel } from "./data-channel.js";
import type { LoadedSideInputs } from "./loaded-side-inputs.js";
import type { RemoteState } from "./remote-state.js";
import { type DesiredSplit, splitOf } from "./split-point.js";
import type { StageInstance } from "./stage-instance.js";
import type { WireSource } from "./wire-source.js";
import { encodeTimers, type WireFamily, WireTimers } from "./wire-timers.js";
import { elementCount, readIndex, workProgress } from "./worker-metrics.js";

/** How long (ms) a bundle keeps the thread at a time. */
const SLICE = 20;
/** Elements in a batch where functions return promises: it is not known which of them have begun. */
const AWAITED_BATCH = 128;
/** Elements, and bytes of their outputs, that are kept until it is clear that no function of the stage returns promises. */
const MOST_KEPT = 4096;
const MOST_KEPT_BYTES = 1024 * 1024;
/** Bytes of outputs that may go with the response instead of the data stream. */
const EMBEDDED = 16 * 1024;
/** How long (ms) work is processed that never ends, before the rest of it goes back to the runner. */
const ENDLESS = 500;

/** A bundle's stop before the end of one of its sources. */
export interface ChannelSplit {
  readonly transformId: string;
  readonly lastPrimaryElement: bigint;
  readonly firstResidualElement: bigint;
}

/** What a bundle has left to others, while it is processed. */
export interface BundleDivision {
  readonly channelSplits: readonly ChannelSplit[];
  /** What the bundle still does of elements that were divided, and what it does not. */
  readonly primaries: readonly Residual[];
  readonly residuals: readonly Residual[];
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

/** What a bundle is given beside its elements and timers. */
export interface BundleParts {
  readonly sides: LoadedSideInputs;
  readonly state: RemoteState;
  /** The data stream of each sink, by its index. */
  readonly channels: readonly DataChannel[];
  /** The stream on which timers travel; undefined for a stage without. */
  readonly timerChannel: DataChannel | undefined;
}

/** Something that has been processed, and can be again. */
type Step = () => void | Promise<void>;

export class BundleRun {
  readonly #sources: readonly WireSource[];
  readonly #timers: readonly WireTimers[];
  readonly #positions: readonly Position[];
  /** Timer families of which more may come. */
  readonly #openFamilies: Set<number>;
  readonly #scope: BundleScope;
  #open!: OpenBundle;
  /** Timers that have come, in order. */
  #fired: Timer[] = [];
  /** What has been processed, while the bundle may have to be begun anew. */
  #kept: Step[] | undefined = [];
  #keptElements = 0;
  #sent = false;
  /** Parts of elements that were given up in the middle and are gone on with next. */
  #parts: readonly Residual[] = [];
  #endlessUntil: number | undefined;
  /** The last element of each source, by its index. */
  readonly lastElements = new Map<number, unknown>();
  /** Work that is left for later. */
  readonly residuals: Residual[] = [];

  constructor(
    readonly instruction: string,
    readonly instance: StageInstance,
    readonly input: BundleInput,
    readonly parts: BundleParts,
  ) {
    this.#sources = instance.newSources();
    this.#timers = instance.families.map((family) => new WireTimers(family));
    this.#openFamilies = new Set(instance.families.keys());
    this.#positions = this.#sources.map(() => ({ begun: 0, come: 0, stop: Number.POSITIVE_INFINITY, isOver: false }));
    this.#scope = {
      state: { read: () => undefined },
      sideInputs: parts.sides.contents,
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
    while (this.#openFamilies.size > 0 || this.#positions.some(({ isOver }) => !isOver)) {
      const waiting = this.input.next();
      const message = waiting instanceof Promise ? await waiting : waiting;
      if (message.family === undefined) await this.#takeData(message);
      else await this.#takeTimers(message);
    }
    await this.#guarded(() => this.#open.finish());
    const { bundle } = this.#open;
    this.residuals.push(...bundle.residuals);
    await this.parts.state.send(bundle.state);
  }

  async #takeData({ transform, bytes, isLast }: InputMessage): Promise<void> {
    const input = this.#sources.findIndex((source) => source.transform === transform);
    if (input < 0) {
      throw new GirderError("malformed-data", `The runner sent elements of ${transform}, which is no source.`);
    }
    for (const batch of this.#sources[input]!.decode(bytes, isLast)) await this.#take(input, batch);
    if (isLast) this.#positions[input]!.isOver = true;
  }

  async #takeTimers({ transform, family, bytes, isLast }: InputMessage): Promise<void> {
    const index = this.#timers.findIndex(({ wire }) => wire.transform === transform && wire.id === family);
    if (index < 0) {
      throw new GirderError("malformed-data", `The runner sent timers of ${family}, which ${transform} has not.`);
    }
    const timers = this.#timers[index]!.decode(bytes, isLast);
    if (timers.length > 0) {
      const step = (): Promise<void> => this.#fire(timers);
      await this.#guarded(step);
      this.#keep(step, timers.length);
      await this.#flush();
    }
    if (isLast) this.#openFamilies.delete(index);
  }

  async #fire(timers: readonly Timer[]): Promise<void> {
    for (const step of new Set(timers.map(({ family }) => this.#open.program.timers[family]!))) {
      const own = timers.filter(({ family }) => this.#open.program.timers[family] === step);
      const loading = step.operator.prefetchTimers?.(own);
      if (loading !== undefined) await loading;
    }
    this.#fired.push(...timers);
    for (;;) {
      const firing = this.#open.fire(this.#fired);
      if (firing !== undefined) await firing;
      if (this.#open.bundle.fired === this.#fired.length) return;
      await nextTurn();
      this.#open.bundle.nextSlice();
    }
  }

  /** Begins the bundle, as often as it takes to know which functions return promises. */
  async #begin(): Promise<void> {
    const { compiled, meter } = this.instance;
    for (;;) {
      for (const position of this.#positions) position.begun = 0;
      this.#fired = [];
      this.#parts = [];
      for (const sink of compiled.sinks) sink.reset();
      for (const tally of compiled.program.tallies?.values() ?? []) tally.count = 0;
      this.#open = compiled.open(this.#scope, meter, this.parts.state);
      try {
        return await this.#open.start();
      } catch (thrown) {
        if (!(thrown instanceof PromiseReturned)) throw thrown;
        await compiled.awaitFromNowOn(thrown);
      }
    }
  }

  /** Does what may find that a function returns promises, and then all of the bundle again. */
  async #guarded(step: Step): Promise<void> {
    try {
      await step();
    } catch (thrown) {
      if (!(thrown instanceof PromiseReturned)) throw thrown;
      const kept = this.#kept;
      if (kept === undefined) throw latePromise(thrown.transform);
      await this.instance.compiled.awaitFromNowOn(thrown);
      await this.#begin();
      for (const done of kept) await done();
      await step();
    }
  }

  /** Processes the elements of a batch, as far as no split has given them back. */
  async #take(input: number, batch: Batch): Promise<void> {
    const position = this.#positions[input]!;
    const first = position.come;
    position.come += batch.count;
    this.lastElements.set(input, batch.columns.refs.at(-1));
    for (let from = 0; from < batch.count && first + from < position.stop; ) {
      const to = Math.min(batch.count, from + this.#batchSize(input));
      const part = batch.slice(from, to);
      from = to;
      const step = (): Promise<void> => this.#put(input, part);
      await this.#guarded(step);
      this.#keep(step, part.count);
      await this.#flush();
    }
  }

  /** Elements that are begun together. Of restrictions it has to be known which is in hand. */
  #batchSize(input: number): number {
    if (!this.#open.awaits) return Number.POSITIVE_INFINITY;
    return this.instance.processes[input] === undefined ? AWAITED_BATCH : 1;
  }

  /** Loads what the elements of a batch will need, where the runner has it. */
  async #prefetch(input: number, batch: Batch): Promise<void> {
    const sides = this.parts.sides.loadFor(batch, this.instance.strategyOfInput(input));
    if (sides !== undefined) await sides;
    for (const step of this.#open.program.inputs[input]!) {
      if (step.kind !== "operator") continue;
      const state = step.operator.prefetch?.(batch, this.instance.elementOf(input));
      if (state !== undefined) await state;
    }
  }

  /** Puts a batch through the stage, turn by turn, as far as no split has given back its elements. */
  async #put(input: number, batch: Batch): Promise<void> {
    await this.#prefetch(input, batch);
    const open = this.#open;
    const position = this.#positions[input]!;
    const begin = position.begun;
    let done = 0;
    for (;;) {
      await this.#goOn();
      const end = Math.min(batch.count, position.stop - begin);
      if (this.#parts.length === 0 && done < end) {
        if (open.awaits) position.begun = begin + end;
        const processed = open.process(input, batch.slice(done, end));
        done += typeof processed === "number" ? processed : await processed;
        position.begun = begin + done;
        this.#parts = this.#gone(open.resumable([]));
      }
      if (this.#parts.length === 0 && done >= Math.min(batch.count, position.stop - begin)) return;
      await nextTurn();
      open.bundle.nextSlice();
    }
  }

  /** Goes on with what was given up in the middle. */
  async #goOn(): Promise<void> {
    const left: Residual[] = [];
    const parts = this.#parts;
    this.#parts = [];
    for (const part of parts) {
      const processed = left.length > 0 ? 0 : this.#open.process(part.input, part.batch);
      if ((typeof processed === "number" ? processed : await processed) === 0) left.push(part);
    }
    this.#parts = this.#gone(this.#open.resumable(left));
  }

  /** What is gone on with. Work that never ends goes back to the runner after a while, so that what it led to is committed. */
  #gone(parts: readonly Residual[]): readonly Residual[] {
    if (parts.every(({ bounded }) => bounded !== false)) return parts;
    this.#endlessUntil ??= performance.now() + ENDLESS;
    if (performance.now() < this.#endlessUntil) return parts;
    this.residuals.push(...parts.filter(({ bounded }) => bounded === false));
    return parts.filter(({ bounded }) => bounded !== false);
  }

  /** Keeps what was processed as long as the bundle may have to be begun anew for a function that returns a promise. */
  #keep(step: Step, elements: number): void {
    if (this.#kept === undefined) return;
    this.#keptElements += elements;
    const isTooMuch = this.#keptElements > MOST_KEPT || this.instance.meter.bytes > MOST_KEPT_BYTES;
    if (isTooMuch || this.#open.awaits) this.#kept = undefined;
    else this.#kept.push(step);
  }

  /** Sends what is ready, unless the bundle may have to be begun anew; waits for room. */
  async #flush(): Promise<void> {
    if (this.#kept !== undefined) return;
    this.#send();
    const room = this.#room();
    if (room !== undefined) await room;
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
    this.parts.channels[sink]!.send(
      { data: [{ instructionId: this.instruction, transformId, data, isLast }] },
      data.length,
    );
  }

  #room(): Promise<unknown> | undefined {
    const full = this.parts.channels.flatMap((channel) => channel.room() ?? []);
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
    const frames = this.instance.compiled.sinks.map((sink) => sink.takeAll());
    const bytes = frames.flat().reduce((sum, frame) => sum + frame.length, 0);
    const isBare = frames.length > 0 && this.instance.families.length === 0;
    if (mayEmbed && isBare && !this.#sent && bytes <= EMBEDDED) {
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
    for (const family of this.instance.families) this.#sendTimers(family);
    return undefined;
  }

  #sendTimers(family: WireFamily): void {
    const { instruction: instructionId } = this;
    const { transform: transformId, id: timerFamilyId } = family;
    // Those for windows that expire the runner sets itself.
    const timers = family.onWindowExpiration ? new Uint8Array() : encodeTimers(family, this.#open.bundle.timers);
    const channel = this.parts.timerChannel!;
    if (timers.length > 0)
      channel.send({ timers: [{ instructionId, transformId, timerFamilyId, timers }] }, timers.length);
    channel.send({ timers: [{ instructionId, transformId, timerFamilyId, isLast: true }] }, 0);
  }

  /** What is to be done once the runner has committed the bundle. */
  get finalizers(): readonly (() => void | PromiseLike<void>)[] {
    return this.#open.bundle.finalizers;
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
      ...this.#positions.flatMap((_, input) => {
        const hand = this.#inHand(input);
        return hand === undefined
          ? []
          : workProgress(this.instance.processes[input]!.transform, hand.element.remaining);
      }),
    ];
  }

  /** Elements that have been begun. */
  get begun(): number {
    return this.#positions.reduce((sum, position) => sum + position.begun, 0);
  }

  /** Gives back elements that have not been begun, and what remains of the one in hand. */
  split(desired: Readonly<Record<string, DesiredSplit>>): BundleDivision {
    const division = { channelSplits: [] as ChannelSplit[], primaries: [] as Residual[], residuals: [] as Residual[] };
    for (const [transformId, wish] of Object.entries(desired)) {
      const input = this.#sources.findIndex(({ transform }) => transform === transformId);
      const position = this.#positions[input];
      if (position === undefined) continue;
      const hand = this.#inHand(input);
      let split = splitOf(wish, position.begun, position.stop, hand?.element.remaining);
      if (split !== undefined && "within" in split) {
        const residual = hand!.element.split(split.within);
        if (residual !== undefined) {
          const primary = hand!.element.primary();
          if (hand!.at !== undefined) {
            this.#parts = this.#parts.map((part, i) => (i === hand!.at ? { ...part, batch: primary } : part));
          }
          // What of the element is done already stays done only if the bundle is committed.
          for (const batch of [...hand!.element.done, primary]) division.primaries.push({ input, batch, delay: 0 });
          division.residuals.push(residual);
          position.stop = position.begun;
          division.channelSplits.push({
            transformId,
            lastPrimaryElement: BigInt(position.begun - 2),
            firstResidualElement: BigInt(position.begun),
          });
          continue;
        }
        split = splitOf(wish, position.begun, position.stop);
      }
      if (split === undefined || !("at" in split)) continue;
      position.stop = split.at;
      division.channelSplits.push({
        transformId,
        lastPrimaryElement: BigInt(split.at - 1),
        firstResidualElement: BigInt(split.at),
      });
    }
    return division;
  }

  /** The element of an input that has been begun and is not done, if it can be divided, and where it waits. */
  #inHand(input: number): { readonly element: OpenElement; readonly at: number | undefined } | undefined {
    const process = this.instance.processes[input];
    if (process === undefined) return undefined;
    const [underWay] = process.underWay;
    if (underWay !== undefined) return { element: underWay, at: undefined };
    for (const [at, part] of this.#parts.entries()) {
      const element = part.input === input ? process.waiting(part.batch) : undefined;
      if (element !== undefined) return { element, at };
    }
    return undefined;
  }
}

function latePromise(where: string): GirderError {
  return new GirderError("unsupported", "The function returned a promise after many elements for which it had not.", {
    where,
    remedy: "Declare it async, so that the worker knows from the beginning that it has to wait for it.",
  });
}
