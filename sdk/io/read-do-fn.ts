/** Sources on splittable DoFns. */
import { setTimeout as sleep } from "node:timers/promises";
import { GirderError } from "../../portability/errors.js";
import { type ProcessContinuation, resume, stop } from "../splittable/process-continuation.js";
import type { RestrictionProgress, RestrictionTracker, SplitRestriction } from "../splittable/restriction-tracker.js";
import type { Output, SplittableContext, SplittableDoFn } from "../splittable/splittable-do-fn.js";
import { type ManualWatermark, manualWatermark } from "../splittable/watermark-estimator.js";
import { type OpenReader, OpenReaders, type SourceRestriction } from "./open-readers.js";
import type { Source } from "./source.js";

/** How long (ms) a part that has nothing for now is left alone. */
const PAUSE = 10;
/** How long (ms) one is waited for that says later whether it has something. */
const PATIENCE = 25;
/** The same, where somebody waits for what was read of a stream: less than a bundle's time, more than an event loop's turn. */
const HASTE = 5;

/** All of a source, before it is divided. */
const WHOLE: SourceRestriction = { part: undefined, position: 0 };

/** The position after all that there is. */
const END = Symbol("end");
/** The next element of a reader, which is opened once it is known that something may be read. */
type Position = { readonly open: OpenReader | undefined } | typeof END;

/** Claims of a reader to go on, one for each element. */
class SourceTracker implements RestrictionTracker<SourceRestriction, Position> {
  #reading: { readonly open: OpenReader | undefined } | undefined;
  #restriction: SourceRestriction;
  #over = false;

  constructor(
    restriction: SourceRestriction,
    readonly readers: OpenReaders,
    readonly size: number,
    readonly bounded: boolean,
  ) {
    this.#restriction = restriction;
  }

  tryClaim(position: Position): boolean {
    if (this.#over) return false;
    this.#over = position === END;
    if (position !== END) this.#reading = position;
    return !this.#over;
  }

  currentRestriction(): SourceRestriction {
    return this.#restriction;
  }

  /** A part can be left where it is, and divided nowhere: nobody knows what is in its middle. */
  trySplit(fractionOfRemainder: number): SplitRestriction<SourceRestriction> | undefined {
    if (this.#over || fractionOfRemainder > 0) return undefined;
    this.#over = true;
    const all = this.#restriction;
    const reader = this.#reading?.open;
    // Where nothing was read, the rest begins where this began, and a reader that stands there is found.
    const residual = reader === undefined ? all : reader.rest(all, this.readers.nameOf(reader));
    this.#restriction = { ...all, limit: residual.position };
    return { primary: this.#restriction, residual };
  }

  progress(): RestrictionProgress {
    const reader = this.#reading?.open;
    const { position } = reader ?? this.#restriction;
    const completed = position - this.#restriction.position;
    if (this.#over) return { completed, remaining: 0 };
    return { completed, remaining: reader?.reader.backlog?.() ?? this.size };
  }

  checkDone(): void {
    if (!this.#over) throw new GirderError("internal", "a part of a source was left before its end");
  }

  isBounded(): boolean {
    return this.bounded || this.#restriction.limit !== undefined;
  }
}

/** Reads the parts of a source. */
export class ReadDoFn<T, S, M> implements SplittableDoFn<Uint8Array, T, SourceRestriction, Position, ManualWatermark> {
  readonly bounded: boolean;
  readonly watermark = manualWatermark();
  /** Only there where the source wants to be told. */
  readonly finalize?: (element: Uint8Array, rest: SourceRestriction) => void | PromiseLike<void>;
  readonly #source: Source<T, S, M>;
  readonly #desiredParts: number;
  readonly #readers: OpenReaders;

  constructor(source: Source<T, S, M>, desiredParts: number) {
    this.#source = source;
    this.#desiredParts = desiredParts;
    this.bounded = source.bounded !== false;
    this.#readers = new OpenReaders((part, mark) => {
      const reader = source.open(part as S, mark as M | undefined);
      if (this.bounded || (reader.watermark !== undefined && reader.checkpoint !== undefined)) return reader;
      throw new GirderError("user-exception", "A reader of a source that never ends lacks watermark or checkpoint.", {
        remedy: "Give it both: how far event time has come, and from where another reader goes on.",
      });
    });
    if (source.finalize !== undefined) {
      this.finalize = (_, { part, mark }) => {
        if (mark !== undefined) return source.finalize!(part as S, mark as M);
      };
    }
  }

  initialRestriction(): SourceRestriction {
    return WHOLE;
  }

  async *split(): AsyncGenerator<SourceRestriction> {
    for await (const part of await this.#source.split(this.#desiredParts)) yield { part, position: 0 };
  }

  size(_: Uint8Array, { part }: SourceRestriction): number {
    return this.#source.size?.(part as S) ?? 1;
  }

  newTracker(element: Uint8Array, restriction: SourceRestriction): SourceTracker {
    return new SourceTracker(restriction, this.#readers, this.size(element, restriction), this.bounded);
  }

  process(
    _: Uint8Array,
    tracker: RestrictionTracker<SourceRestriction, Position>,
    output: Output<T>,
    { watermark }: SplittableContext<ManualWatermark>,
  ): ProcessContinuation | AsyncGenerator<never, ProcessContinuation> {
    const reading = new Reading<T>(tracker, output, watermark, this.#readers, this.bounded);
    const end = reading.run();
    if (end !== undefined) return end;
    reading.suspend();
    return this.#await(reading);
  }

  // biome-ignore lint/correctness/useYield: outputs are passed on by calls; the generator only waits.
  async *#await(reading: Reading<T>): AsyncGenerator<never, ProcessContinuation> {
    reading.resumed();
    for (;;) {
      const end = (await reading.wait()) ?? reading.run();
      if (end !== undefined) return end;
    }
  }

  async teardown(): Promise<void> {
    await this.#readers.closeAll();
  }
}

/** A part being read by one call of `process`. */
class Reading<T> {
  /** Undefined as long as nothing has been claimed. */
  open: OpenReader | undefined;
  readonly #restriction: SourceRestriction;
  /** Whether something was read of a stream that goes on only when this call has ended. */
  #isAwaited = false;

  constructor(
    readonly tracker: RestrictionTracker<SourceRestriction, Position>,
    readonly output: Output<T>,
    readonly watermark: ManualWatermark,
    readonly readers: OpenReaders,
    readonly bounded: boolean,
  ) {
    this.#restriction = tracker.currentRestriction();
  }

  /** Reads as long as nothing has to be awaited; returns undefined when something has. */
  run(): ProcessContinuation | undefined {
    try {
      return this.#run();
    } catch (thrown) {
      this.#close();
      throw thrown;
    }
  }

  #run(): ProcessContinuation | undefined {
    const { tracker } = this;
    const { position: begin, limit } = this.#restriction;
    if (begin === limit) return this.#end();
    for (;;) {
      if (!tracker.tryClaim(this)) return this.#leave(stop());
      this.open ??= this.readers.take(this.#restriction);
      const { open } = this;
      const next = open.next();
      if (typeof next !== "boolean") return undefined;
      if (!next) {
        open.ask();
        return this.bounded ? this.#end() : this.#leave(resume({ delay: PAUSE }));
      }
      const { reader } = open;
      // What was read before is passed over.
      if (open.position >= begin) {
        this.output(reader.current() as T, reader.timestamp?.());
        this.#isAwaited = !this.bounded;
      }
      open.pass();
      if (open.position === limit) return this.#end();
    }
  }

  /** Awaits the next element, but not for long: others want to see what was read so far. */
  async wait(): Promise<ProcessContinuation | undefined> {
    const pause = new AbortController();
    try {
      const said = await Promise.race([
        this.open!.next(),
        sleep(this.#isAwaited ? HASTE : PATIENCE, undefined, { signal: pause.signal }).catch(() => undefined),
      ]);
      if (said === undefined) return this.#leave(resume({ delay: 1 }));
      this.open!.say(said);
      return undefined;
    } catch (thrown) {
      this.#close();
      throw thrown;
    } finally {
      pause.abort();
    }
  }

  /** The call is given up, and begun anew, if it has not been awaited. */
  suspend(): void {
    this.readers.suspend(this.#restriction, this.open!);
  }

  resumed(): void {
    this.readers.resumed(this.#restriction);
  }

  #end(): ProcessContinuation {
    this.tracker.tryClaim(END, 0);
    this.#close();
    return stop();
  }

  #close(): void {
    if (this.open !== undefined) this.readers.close(this.open);
  }

  #leave(continuation: ProcessContinuation): ProcessContinuation {
    const { open, watermark } = this;
    if (open === undefined) return continuation;
    const known = this.bounded ? undefined : open.reader.watermark!();
    if (known !== undefined && known > watermark.current()) watermark.set(known);
    this.readers.keep(open);
    return continuation;
  }
}
