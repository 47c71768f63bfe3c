/** How long elements of a slow stream are on their way, from the source to the sink. */
import { MAX_TIMESTAMP, type PCollection, type Pipeline, type Source, type SourceReader } from "girder";

/** How elements come. */
export interface Load {
  /** How many. */
  readonly elements: number;
  /** Ms from one to the next. */
  readonly interval: number;
}

/** What is between the source and the sink. */
export interface LatencyRow {
  readonly name: string;
  readonly what: string;
  /** From the source to what comes out at the end: each element is the instant at which it came, by `performance.now()`. */
  build(pipeline: Pipeline, load: Load): PCollection<number>;
}

/** Ms. */
export interface Latency {
  readonly name: string;
  readonly elements: number;
  readonly median: number;
  readonly p95: number;
  readonly max: number;
}

/**
 * A source that is told of its elements, as one that subscribes to something is: it does not look for them. Each is the instant at
 * which it came.
 */
export function pushed({ elements, interval }: Load): Source<number, number, number> {
  return {
    bounded: false,
    split: () => [0],
    open: (_, mark = 0) => new PushedReader(elements - mark, interval, mark),
  };
}

class PushedReader implements SourceReader<number, number> {
  readonly #arrived: number[] = [];
  readonly #timer: NodeJS.Timeout;
  #told: (() => void) | undefined;
  #next = 0;
  #taken = 0;

  constructor(
    readonly elements: number,
    interval: number,
    readonly before: number,
  ) {
    this.#timer = setInterval(() => {
      this.#arrived.push(performance.now());
      this.#told?.();
    }, interval);
  }

  start(): boolean | Promise<boolean> {
    return this.advance();
  }

  advance(): boolean | Promise<boolean> {
    if (this.#taken === this.elements) return false;
    const next = this.#arrived.shift();
    if (next === undefined) {
      return new Promise<void>((resolve) => {
        this.#told = resolve;
      }).then(() => this.advance());
    }
    this.#next = next;
    return true;
  }

  // What was said to be there may be asked for a bundle later: until then event time has not come past it.
  current(): number {
    this.#taken++;
    return this.#next;
  }

  timestamp(): number {
    return this.before + this.#taken;
  }

  watermark(): number {
    return this.#taken === this.elements ? MAX_TIMESTAMP : this.before + this.#taken + 1;
  }

  checkpoint(): number {
    return this.before + this.#taken;
  }

  close(): void {
    clearInterval(this.#timer);
  }
}

/** @param latencies Ms, one for each element. */
export function latencyOf(name: string, latencies: readonly number[]): Latency {
  const sorted = latencies.toSorted((a, b) => a - b);
  const at = (share: number): number => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0;
  return { name, elements: sorted.length, median: at(0.5), p95: at(0.95), max: at(1) };
}
