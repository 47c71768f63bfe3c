/**
 * The chain of a stage with functions that return promises.
 *
 * Elements are taken up in order and may be in flight together, each call with a cursor of its own; what leaves the stage
 * is appended in the order of the elements that it came of, whichever was ready first. No more than {@link IN_FLIGHT}
 * calls wait at a time. The bundle ends when all have settled.
 */
import type { Batch } from "../../portability/execution/batch.js";
import { entry } from "../../portability/execution/batch.js";
import type { Timer } from "../../portability/execution/timer.js";
import { toArray } from "./awaiting-outputs.js";
import type { Bundle } from "./bundle.js";
import type { Chain, ElementOf } from "./chain.js";
import type { Cursor } from "./cursor.js";
import { checkedTimestamp } from "./inline-calls.js";
import type { InlineStep, OperatorStep, StageProgram, Step } from "./operator.js";
import { SinkOperator } from "./sink-operator.js";
import { userError } from "./user-error.js";

/** Calls of the author's functions that wait at the same time, at most. */
const IN_FLIGHT = 64;
/** Elements under way at the same time, at most. */
const ELEMENTS_UNDER_WAY = 256;

/** An element that has come to the end of the stage, waiting for its turn. */
type Appended = { readonly sink: SinkOperator; readonly value: unknown; readonly cursor: Cursor };
type Emitted = { readonly output: number; readonly value: unknown; readonly cursor: Cursor };

export function awaitingChain(program: StageProgram, origin: Cursor, elementOf: readonly ElementOf[]): Chain {
  const cursor = origin.copy();
  cursor.awaits = true;
  const limit = new Limit(IN_FLIGHT);

  async function through(steps: readonly Step[], value: unknown, at: Cursor): Promise<Appended[]> {
    const appended: Appended[] = [];
    for (const step of steps) appended.push(...(await one(step, value, at)));
    return appended;
  }

  const onward = (pcollection: string, value: unknown, at: Cursor): Promise<Appended[]> => {
    const tally = program.tallies?.get(pcollection);
    if (tally !== undefined) tally.count++;
    return through(program.consumers.get(pcollection) ?? [], value, at);
  };

  async function one(step: Step, value: unknown, at: Cursor): Promise<Appended[]> {
    if (step.kind === "operator") {
      if (step.operator instanceof SinkOperator) return [{ sink: step.operator, value, cursor: at }];
      const own = at.copy();
      const emitted = await collect(step, own, (outputs) => step.operator.process(value, own, outputs), value);
      return forwardAll(step, emitted);
    }
    const out = step.outputs[0]!;
    const result = await call(step, value, at);
    switch (step.kind) {
      case "map":
        return onward(out, result, at);
      case "filter":
        return result ? onward(out, value, at) : [];
      case "flatMap": {
        const emitted: Emitted[] = [];
        for (const output of await toArray(result, step.transform, value))
          emitted.push({ output: 0, value: output, cursor: at });
        return forwardAll(step, emitted);
      }
      case "assignWindows": {
        const moved = at.copy();
        moved.windows = result as Cursor["windows"];
        return onward(out, value, moved);
      }
      case "assignTimestamps": {
        const moved = at.copy();
        moved.timestamp = checkedTimestamp(result, step.transform);
        return onward(out, value, moved);
      }
    }
  }

  async function call(step: InlineStep, value: unknown, at: Cursor): Promise<unknown> {
    const fn = step.fn as (value: unknown, context?: unknown) => unknown;
    const argument = step.kind === "assignWindows" ? at : value;
    const release = await limit.acquire();
    try {
      return await fn(argument, step.context?.(at));
    } catch (thrown) {
      throw userError(thrown, step.transform, { value });
    } finally {
      release();
    }
  }

  async function collect(
    step: OperatorStep,
    at: Cursor,
    run: (outputs: ((value: unknown) => void)[]) => void | Promise<void>,
    value: unknown,
  ): Promise<Emitted[]> {
    const emitted: Emitted[] = [];
    const outputs = step.outputs.map((_, output) => (result: unknown) => {
      emitted.push({ output, value: result, cursor: at.copy() });
    });
    const release = await limit.acquire();
    try {
      await run(outputs);
    } catch (thrown) {
      throw userError(thrown, step.transform, { value });
    } finally {
      release();
    }
    return emitted;
  }

  async function forwardAll(step: Step, emitted: readonly Emitted[]): Promise<Appended[]> {
    const appended: Appended[] = [];
    for (let i = 0; i < emitted.length; i += ELEMENTS_UNDER_WAY) {
      const part = emitted.slice(i, i + ELEMENTS_UNDER_WAY);
      const ready = await Promise.all(
        part.map(({ output, value, cursor: at }) => onward(step.outputs[output]!, value, at)),
      );
      for (const ends of ready) appended.push(...ends);
    }
    return appended;
  }

  const append = (ends: readonly Appended[]): void => {
    for (const { sink, value, cursor: at } of ends) sink.process(value, at);
  };

  async function run(input: number, batch: Batch, bundle: Bundle): Promise<number> {
    const steps = program.inputs[input]!;
    const { columns } = batch;
    const underWay: Promise<Appended[]>[] = [];
    let i = 0;
    let allowed = 0;
    try {
      for (; i < batch.count; i++) {
        if (allowed === 0) {
          allowed = bundle.allowance();
          if (allowed === 0) break;
          bundle.used(allowed);
        }
        allowed--;
        const at = cursor.copy();
        at.set(entry(columns.timestamps, i), entry(columns.windows, i), entry(columns.panes, i));
        const ends = through(steps, elementOf[input]!(columns, i), at);
        // Whoever fails is met when its turn comes; until then it must not count as unhandled.
        ends.catch(() => {});
        underWay.push(ends);
        if (underWay.length >= ELEMENTS_UNDER_WAY) append(await underWay.shift()!);
      }
      for (const ends of underWay.splice(0)) append(await ends);
    } finally {
      await Promise.allSettled(underWay);
    }
    return i;
  }

  async function fireOne(timer: Timer): Promise<Appended[]> {
    const step = program.timers[timer.family]!;
    const own = cursor.copy();
    const emitted = await collect(step, own, (outputs) => step.operator.fire!(timer, own, outputs), undefined);
    return forwardAll(step, emitted);
  }

  async function fire(timers: readonly Timer[], from: number, bundle: Bundle): Promise<number> {
    const underWay: Promise<Appended[]>[] = [];
    let i = from;
    try {
      for (; i < timers.length && (i === from || !bundle.sliceOver); i++) {
        const ends = fireOne(timers[i]!);
        ends.catch(() => {});
        underWay.push(ends);
        if (underWay.length >= ELEMENTS_UNDER_WAY) append(await underWay.shift()!);
      }
      for (const ends of underWay.splice(0)) append(await ends);
    } finally {
      await Promise.allSettled(underWay);
    }
    return i;
  }

  return {
    run,
    fire,
    async finish(step) {
      const { operator } = step;
      if (operator.finish === undefined) return;
      const at = cursor.copy();
      const emitted = await collect(step, at, (outputs) => operator.finish!(at, outputs), undefined);
      append(await forwardAll(step, emitted));
    },
  };
}

/** A number of places; whoever comes when all are taken waits for one. */
class Limit {
  #free: number;
  readonly #waiting: (() => void)[] = [];

  constructor(places: number) {
    this.#free = places;
  }

  async acquire(): Promise<() => void> {
    if (this.#free > 0) this.#free--;
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
    return () => {
      const next = this.#waiting.shift();
      if (next === undefined) this.#free++;
      else next();
    };
  }
}
