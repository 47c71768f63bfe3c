/** The chain as nested closures, where code may not be generated. Does what `generated-chain.ts` does, call by call. */
import type { Batch } from "../../portability/execution/batch.js";
import { entry } from "../../portability/execution/batch.js";
import type { Bundle } from "./bundle.js";
import type { Chain, ElementOf } from "./chain.js";
import type { Cursor } from "./cursor.js";
import { fireTimers } from "./fire-timers.js";
import { checkedTimestamp, forEachOutput, promised } from "./inline-calls.js";
import type { OperatorStep, Receiver, StageProgram, Step, Tally } from "./operator.js";
import { userError } from "./user-error.js";

export function closureChain(program: StageProgram, cursor: Cursor, elementOf: readonly ElementOf[]): Chain {
  const receivers = new Map<string, Receiver>();
  const receiver = (pcollection: string): Receiver => {
    let made = receivers.get(pcollection);
    if (made === undefined) {
      made = counting(
        program.tallies?.get(pcollection),
        all((program.consumers.get(pcollection) ?? []).map(stepReceiver)),
      );
      receivers.set(pcollection, made);
    }
    return made;
  };
  const operatorOutputs = new Map<OperatorStep, Receiver[]>();

  function stepReceiver(step: Step): Receiver {
    const { transform } = step;
    const guarded = (call: (value: unknown) => unknown) => (value: unknown) => {
      let result: unknown;
      try {
        result = call(value);
      } catch (thrown) {
        throw userError(thrown, transform, { value });
      }
      if (result instanceof Promise) throw promised(result, transform);
      return result;
    };
    if (step.kind === "operator") {
      const outputs = step.outputs.map(receiver);
      operatorOutputs.set(step, outputs);
      const { operator } = step;
      return guarded((value) => operator.process(value, cursor, outputs));
    }
    const next = receiver(step.outputs[0]!);
    const fn = step.fn as (value: unknown, context?: unknown) => unknown;
    const context = step.context?.(cursor);
    const call = guarded((value) => fn(value, context));
    switch (step.kind) {
      case "map":
        return (value) => next(call(value));
      case "filter":
        return (value) => {
          if (call(value)) next(value);
        };
      case "flatMap":
        return (value) => forEachOutput(call(value), transform, value, next);
      case "assignWindows":
        return (value) => {
          const before = cursor.windows;
          cursor.windows = fn(cursor) as Cursor["windows"];
          next(value);
          cursor.windows = before;
        };
      case "assignTimestamps":
        return (value) => {
          const before = cursor.timestamp;
          cursor.timestamp = checkedTimestamp(call(value), transform);
          next(value);
          cursor.timestamp = before;
        };
    }
  }

  const inputs = program.inputs.map((steps) => all(steps.map(stepReceiver)));
  return {
    run: (input, batch, bundle) => drive(inputs[input]!, elementOf[input]!, batch, bundle, cursor),
    fire: (timers, from, bundle) => fireTimers(program, operatorOutputs, timers, from, bundle, cursor),
    finish: (step) => step.operator.finish?.(cursor, operatorOutputs.get(step)!),
  };
}

function counting(tally: Tally | undefined, receive: Receiver): Receiver {
  if (tally === undefined) return receive;
  return (value) => {
    tally.count++;
    receive(value);
  };
}

function all(receivers: readonly Receiver[]): Receiver {
  if (receivers.length === 1) return receivers[0]!;
  return (value) => {
    for (const receive of receivers) receive(value);
  };
}

function drive(receive: Receiver, elementOf: ElementOf, batch: Batch, bundle: Bundle, cursor: Cursor): number {
  const { columns } = batch;
  let i = 0;
  while (i < batch.count) {
    const begin = i;
    const stop = Math.min(batch.count, i + bundle.allowance());
    if (stop === i) break;
    for (; i < stop; i++) {
      cursor.set(entry(columns.timestamps, i), entry(columns.windows, i), entry(columns.panes, i));
      receive(elementOf(columns, i));
    }
    bundle.used(i - begin);
  }
  return i;
}
