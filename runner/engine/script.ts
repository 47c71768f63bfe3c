/** How far a pipeline's test streams have come. Of several, each in turn has its next event. */
import { type Instant, MAX_TIMESTAMP, MIN_TIMESTAMP } from "../../portability/execution/time.js";
import type { EngineCommand } from "./events.js";
import type { TestStream, TestStreamEvent } from "./graph.js";

export class Script {
  readonly #done: number[];
  readonly #watermarks = new Map<number, Instant>();
  #turn = 0;
  /** By how much (ms) the streams have moved processing time on: workers, who set timers by their own clock, do not know. */
  ahead = 0;
  /** Whether the clock has been asked to move, and has not. */
  isAsking = false;

  constructor(readonly streams: readonly TestStream[]) {
    this.#done = streams.map(() => 0);
  }

  get isThere(): boolean {
    return this.streams.length > 0;
  }

  #isOver(stream: number): boolean {
    return this.#done[stream]! >= this.streams[stream]!.length;
  }

  /** The watermark of a scripted node: at the end of time when its stream is over. */
  watermark(node: number): Instant {
    const stream = this.streams.findIndex((events) => events.some((event) => "node" in event && event.node === node));
    if (stream < 0 || this.#isOver(stream)) return MAX_TIMESTAMP;
    return this.#watermarks.get(node) ?? MIN_TIMESTAMP;
  }

  /** The next event, which has happened from here on. */
  next(): TestStreamEvent | undefined {
    for (let tried = 0; tried < this.streams.length; tried++) {
      const stream = (this.#turn + tried) % this.streams.length;
      if (this.#isOver(stream)) continue;
      this.#turn = stream + 1;
      const event = this.streams[stream]![this.#done[stream]!++]!;
      if (event.kind === "watermark") {
        this.#watermarks.set(event.node, Math.max(event.watermark, this.#watermarks.get(event.node) ?? MIN_TIMESTAMP));
      }
      return event;
    }
    return undefined;
  }

  /** Asks for the clock to be moved. */
  ask(now: Instant, to: Instant): EngineCommand {
    this.ahead += to - now;
    this.isAsking = true;
    return { type: "advance-clock", to };
  }

  /** Nothing of what has not happened yet will. */
  drain(): void {
    this.streams.forEach(({ length }, stream) => {
      this.#done[stream] = length;
    });
  }

  ticked(): void {
    this.isAsking = false;
  }

  copy(): Script {
    const copy = new Script(this.streams);
    this.#done.forEach((done, i) => {
      copy.#done[i] = done;
    });
    for (const [node, watermark] of this.#watermarks) copy.#watermarks.set(node, watermark);
    copy.#turn = this.#turn;
    copy.isAsking = this.isAsking;
    copy.ahead = this.ahead;
    return copy;
  }
}
