/** One bundle at a worker: what is sent for it, what comes of it, and its result. */
import { GirderError } from "../../../portability/errors.js";
import type { BundleSplit, BundleTask, Residual, StageDescriptor } from "../../../portability/execution/stage.js";
import { type Instant, instantFromWire, MAX_TIMESTAMP } from "../../../portability/execution/time.js";
import type { TimerChange } from "../../../portability/execution/timer.js";
import type { ElementsInit } from "../../../portability/fn-api/elements.js";
import type {
  BundleApplication,
  DelayedBundleApplication,
  Elements,
  ProcessBundleSplitResponse,
  StateRequest,
} from "../../../portability/gen/org/apache/beam/model/fn_execution/v1/beam_fn_api_pb.js";
import { IsBounded_Enum } from "../../../portability/gen/org/apache/beam/model/pipeline/v1/beam_runner_api_pb.js";
import type { DescribedStage } from "./bundle-descriptor.js";
import type { EncodedBatch } from "./encoded-batch.js";
import { truncated } from "./skip.js";
import type { StateRequests } from "./state-requests.js";
import type { InstructionChannel, StateAnswer } from "./worker-connection.js";

type Work = BundleTask["inputs"][number];

const NOTHING = new Uint8Array();

export class RemoteBundle implements InstructionChannel {
  readonly outputs: { readonly output: number; readonly batch: EncodedBatch }[] = [];
  readonly timerChanges: TimerChange[] = [];
  /** How often something has come from the worker for it. */
  signs = 0;
  /** Streams that have not ended: of sinks and timer families. */
  readonly #open: Set<string>;
  /** What the worker still does. */
  #kept: Work[];
  /** By input, from which of the elements that were sent on the worker leaves them to the runner. */
  readonly #firstResidual = new Map<number, number>();
  readonly #residuals: Residual[] = [];
  /** By stream, the beginning of an element or a timer whose end has not come yet. */
  readonly #rests = new Map<string, Uint8Array>();
  #resolve!: () => void;
  #reject!: (error: unknown) => void;
  /** Settles when all that the worker outputs has come. */
  readonly received = new Promise<void>((resolve, reject) => {
    this.#resolve = resolve;
    this.#reject = reject;
  });

  constructor(
    readonly instruction: string,
    readonly stage: StageDescriptor,
    readonly described: DescribedStage,
    readonly task: BundleTask,
    readonly requests: StateRequests,
  ) {
    // A bundle that fails before anybody waits is no unhandled failure.
    this.received.catch(() => undefined);
    this.#kept = [...task.inputs];
    this.#open = new Set(described.sinks.map(({ transform }) => transform));
    for (const { transform, id } of stage.timers) this.#open.add(timerStream(transform, id));
    if (this.#open.size === 0) this.#resolve();
  }

  data(transform: string, bytes: Uint8Array, isLast: boolean): void {
    this.signs++;
    const output = this.described.sinks.findIndex((sink) => sink.transform === transform);
    if (output < 0)
      throw new GirderError("malformed-data", `A worker sent elements of ${transform}, which is no output.`);
    const { codec } = this.described.sinks[output]!;
    this.#take(transform, bytes, isLast, (whole) => {
      const { batch, rest } = codec.decodePart(whole);
      if (batch !== undefined) this.outputs.push({ output, batch });
      return rest;
    });
  }

  timers(transform: string, family: string, bytes: Uint8Array, isLast: boolean): void {
    this.signs++;
    const index = this.stage.timers.findIndex((it) => it.transform === transform && it.id === family);
    if (index < 0)
      throw new GirderError("malformed-data", `A worker sent timers of ${family}, which ${transform} has not.`);
    const codec = this.described.timers[index]!;
    this.#take(timerStream(transform, family), bytes, isLast, (whole) => {
      const { changes, rest } = codec.decodePart(whole);
      this.timerChanges.push(...changes);
      return rest;
    });
  }

  /** Reads a message of a stream. @param read returns the beginning of what goes on in the next message. */
  #take(stream: string, bytes: Uint8Array, isLast: boolean, read: (bytes: Uint8Array) => Uint8Array): void {
    const before = this.#rests.get(stream);
    let rest = before ?? NOTHING;
    if (bytes.length > 0) {
      rest = read(before === undefined ? bytes : Buffer.concat([before, bytes]));
      if (rest.length > 0) this.#rests.set(stream, rest);
      else this.#rests.delete(stream);
    }
    if (!isLast) return;
    if (rest.length > 0) throw truncated(0);
    this.#ended(stream);
  }

  state(request: StateRequest): StateAnswer {
    this.signs++;
    return this.requests.answer(request);
  }

  failed(error: unknown): void {
    this.#reject(error);
  }

  /** Takes what came with the response instead of the data stream. */
  embedded({ data, timers }: Elements): void {
    for (const { transformId, data: bytes, isLast } of data) this.data(transformId, bytes, isLast);
    for (const it of timers) this.timers(it.transformId, it.timerFamilyId, it.timers, it.isLast);
  }

  #ended(stream: string): void {
    this.#open.delete(stream);
    if (this.#open.size === 0) this.#resolve();
  }

  /** All that is sent for the bundle. Where something of it cannot be had any more, the bundle fails. */
  *messages(): Generator<ElementsInit, void, undefined> {
    try {
      yield* this.#messages();
    } catch (thrown) {
      this.failed(thrown);
    }
  }

  /**
   * All of it in one message, to go with the request instead.
   *
   * @throws what reading it throws.
   */
  get together(): ElementsInit {
    const messages = [...this.#messages()];
    return {
      data: messages.flatMap(({ data = [] }) => data),
      timers: messages.flatMap(({ timers = [] }) => timers),
    };
  }

  /** About how many bytes of elements are sent. */
  get bytes(): number {
    return this.task.inputs.reduce((sum, { batch }) => sum + batch.bytes, 0);
  }

  *#messages(): Generator<ElementsInit, void, undefined> {
    const { instruction: instructionId, task, described, stage } = this;
    for (const [input, { transform: transformId, codec, takesTokens }] of described.sources.entries()) {
      const large = takesTokens ? this.requests.large : undefined;
      for (const work of task.inputs) {
        if (work.input !== input) continue;
        for (const data of codec.frames(work.batch, large)) yield { data: [{ instructionId, transformId, data }] };
      }
      yield { data: [{ instructionId, transformId, isLast: true }] };
    }
    for (const [family, { transform: transformId, id: timerFamilyId }] of stage.timers.entries()) {
      const codec = described.timers[family]!;
      const fired = task.timers.filter((timer) => timer.family === family);
      const timers = Buffer.concat(fired.map((timer) => codec.encode(timer)));
      if (timers.length > 0) yield { timers: [{ instructionId, transformId, timerFamilyId, timers }] };
      // The end is a message of its own: Python's worker passes over what comes with it.
      yield { timers: [{ instructionId, transformId, timerFamilyId, isLast: true }] };
    }
  }

  /** Elements sent to each source. */
  get counts(): ReadonlyMap<number, number> {
    const counts = new Map<number, number>();
    for (const { input, batch } of this.task.inputs) counts.set(input, (counts.get(input) ?? 0) + batch.count);
    return counts;
  }

  /**
   * Reads what the worker gives back before its end. Undefined if that is nothing.
   *
   * @param asked The source that it was asked to split.
   * @throws GirderError `malformed-data` where it cannot be told what the worker still does.
   */
  split(
    { primaryRoots, residualRoots, channelSplits }: ProcessBundleSplitResponse,
    asked: number,
  ): BundleSplit | undefined {
    const residuals: Residual[] = [];
    const cut = new Set<number>();
    for (const { transformId, lastPrimaryElement, firstResidualElement } of channelSplits) {
      const input = this.#sourceOf(transformId, asked);
      const first = Number(firstResidualElement);
      const end = this.#firstResidual.get(input) ?? Number.POSITIVE_INFINITY;
      if (first < end) {
        residuals.push(...between(this.task.inputs, input, first, end).map(untouched));
        this.#firstResidual.set(input, first);
      } else if (residualRoots.length === 0) continue;
      this.#kept = this.#kept.filter((work) => work.input !== input);
      this.#kept.push(...between(this.task.inputs, input, 0, Number(lastPrimaryElement) + 1));
      cut.add(input);
    }
    const kept = primaryRoots.map((root) => this.#workOf(root));
    const roots = residualRoots.flatMap((root) => this.#residualOf(root));
    const lost = [...kept, ...roots].find(({ input }) => !cut.has(input));
    if (lost !== undefined) {
      const what = this.stage.inputs[lost.input]!.pcollection;
      throw new GirderError("malformed-data", `A worker has split an element of ${what}, and does not say which.`);
    }
    this.#kept.push(...kept);
    residuals.push(...roots);
    return residuals.length === 0 ? undefined : { kept: [...this.#kept], residuals };
  }

  #sourceOf(transformId: string, asked: number): number {
    // Java's worker does not say which source it has split.
    const input =
      transformId === "" ? asked : this.described.sources.findIndex(({ transform }) => transform === transformId);
    if (input < 0) throw new GirderError("malformed-data", `A worker has split ${transformId}, which is no source.`);
    return input;
  }

  /** Takes note of what is left for later. */
  leave(residuals: readonly Residual[]): void {
    this.#residuals.push(...residuals);
  }

  /** Takes note of restrictions that the worker has left when it came to its end. */
  leaveRoots(roots: readonly DelayedBundleApplication[]): void {
    this.leave(roots.flatMap((root) => this.#residualOf(root)));
  }

  #workOf(application: BundleApplication): Work {
    const input = this.#inputOf(application);
    return { input, batch: this.described.sources[input]!.codec.decode(application.element) };
  }

  #residualOf({ application, requestedTimeDelay }: DelayedBundleApplication): Residual[] {
    if (application === undefined) return [];
    const delay =
      requestedTimeDelay === undefined
        ? 0
        : Number(requestedTimeDelay.seconds) * 1000 + Math.ceil(requestedTimeDelay.nanos / 1e6);
    const watermark = watermarkOf(application);
    const bounded = application.isBounded !== IsBounded_Enum.UNBOUNDED;
    return [{ ...this.#workOf(application), delay, bounded, ...(watermark === undefined ? {} : { watermark }) }];
  }

  #inputOf({ transformId, inputId }: BundleApplication): number {
    const input = this.stage.inputs.findIndex(({ consumers }) =>
      consumers.some(({ transform, localName }) => transform === transformId && localName === inputId),
    );
    if (input >= 0) return input;
    throw new GirderError(
      "malformed-data",
      `A worker left work for input ${inputId} of ${transformId}, which is none.`,
    );
  }

  /** What is still to be done, and is nobody else's yet. */
  get residuals(): readonly Residual[] {
    return this.#residuals;
  }
}

/** Of what is sent to an input, the elements from one position to before another. */
function between(all: readonly Work[], input: number, from: number, to: number): Work[] {
  let position = 0;
  return all.flatMap((work) => {
    if (work.input !== input) return [];
    const { batch } = work;
    const [begin, end] = [Math.max(0, from - position), Math.min(batch.count, to - position)];
    position += batch.count;
    return begin < end ? [{ ...work, batch: batch.slice(begin, end) }] : [];
  });
}

function untouched(work: Work): Residual {
  return { ...work, delay: 0 };
}

function timerStream(transform: string, family: string): string {
  return `${transform}\n${family}`;
}

/** The earliest of the watermarks that the outputs of an application may still have. */
function watermarkOf({ outputWatermarks }: BundleApplication): Instant | undefined {
  const all = Object.values(outputWatermarks).map(({ seconds, nanos }) =>
    instantFromWire(seconds * 1000n + BigInt(Math.floor(nanos / 1e6))),
  );
  return all.length === 0 ? undefined : Math.min(MAX_TIMESTAMP, ...all);
}
