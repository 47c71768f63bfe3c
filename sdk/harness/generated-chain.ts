/**
 * The chain as one generated function: the engine's compiler sees through all steps of a stage.
 *
 * For `lines.flatMap(words).filter(long)` it reads, less the bookkeeping:
 *
 * ```js
 * for (; i < stop; i++) {
 *   const r1 = f0(refs[i]);
 *   for (let j = 0; j < r1.length; j++) { const v2 = r1[j]; if (f1(v2)) sink2.append(v2, c); }
 * }
 * ```
 *
 * `at` and `el` name the step and element in hand, for the error if one throws.
 */
import type { Batch } from "../../portability/execution/batch.js";
import { MAX_TIMESTAMP } from "../../portability/execution/time.js";
import type { Bundle } from "./bundle.js";
import type { Chain, ElementOf } from "./chain.js";
import { PrecombineOperator } from "./combine-operators.js";
import type { Cursor } from "./cursor.js";
import { fireTimers } from "./fire-timers.js";
import { checkedTimestamp, forEachOutput, promised } from "./inline-calls.js";
import type { OperatorStep, Receiver, StageProgram, Step } from "./operator.js";
import { SinkOperator } from "./sink-operator.js";
import { userError } from "./user-error.js";

/** Steps in one generated function, at most: the compiler gives up on functions that are too long. */
const STEPS_PER_FUNCTION = 24;

type Drive = (batch: Batch, bundle: Bundle, cursor: Cursor) => number;

/** Whether this process may generate code; `--disallow-code-generation-from-strings` forbids it. */
export function mayGenerateCode(): boolean {
  try {
    return new Function("return true")() === true;
  } catch {
    return false;
  }
}

let generated = 0;

export function generateChain(program: StageProgram, cursor: Cursor, elementOf: readonly ElementOf[]): Chain {
  const generator = new Generator(program, cursor);
  const { drives, receivers } = generator.generate(elementOf);
  const outputs = generator.connect(receivers);
  return {
    run: (input, batch, bundle) => drives[input]!(batch, bundle, cursor),
    fire: (timers, from, bundle) => fireTimers(program, outputs, timers, from, bundle, cursor),
    finish: (step) => step.operator.finish?.(cursor, outputs.get(step)!),
  };
}

class Generator {
  readonly #program: StageProgram;
  readonly #index = new Map<Step, number>();
  readonly #names: string[] = [];
  readonly #values: unknown[] = [];
  readonly #functions: string[] = [];
  readonly #receivers = new Set<string>();
  readonly #receiverNames = new Map<string, string>();
  readonly #tallyNames = new Map<string, string>();
  readonly #queue: string[] = [];
  /** Receivers of each operator, filled once they exist. */
  readonly #operatorOutputs = new Map<OperatorStep, Receiver[]>();
  #variables = 0;

  constructor(program: StageProgram, cursor: Cursor) {
    this.#program = program;
    this.#bind("c", cursor);
    this.#bind("forEachOutput", forEachOutput);
    this.#bind("promised", promised);
    this.#bind("checkedTimestamp", checkedTimestamp);
    program.steps.forEach((step, i) => {
      this.#index.set(step, i);
      if (step.kind === "operator") {
        this.#bind(`p${i}`, step.operator);
        if (step.operator instanceof PrecombineOperator) this.#bind(`f${i}`, step.operator.fn);
        const outputs: Receiver[] = [];
        this.#operatorOutputs.set(step, outputs);
        this.#bind(`o${i}`, outputs);
        for (const pcollection of step.outputs) this.#receiver(pcollection);
      } else {
        this.#bind(`f${i}`, step.fn);
        if (step.context !== undefined) this.#bind(`x${i}`, step.context(cursor));
      }
    });
    const transforms = program.steps.map(({ transform }) => transform);
    this.#bind("names", transforms);
    this.#bind("fail", (thrown: unknown, at: number, el: unknown) =>
      userError(thrown, transforms[at] ?? "", { value: el }),
    );
  }

  #bind(name: string, value: unknown): void {
    this.#names.push(name);
    this.#values.push(value);
  }

  /** Gives operators the receivers of their outputs. */
  connect(receivers: Readonly<Record<string, Receiver>>): ReadonlyMap<OperatorStep, Receiver[]> {
    for (const [step, outputs] of this.#operatorOutputs) {
      outputs.push(...step.outputs.map((pcollection) => receivers[pcollection]!));
    }
    return this.#operatorOutputs;
  }

  generate(elementOf: readonly ElementOf[]): { drives: Drive[]; receivers: Record<string, Receiver> } {
    const drives = this.#program.inputs.map((steps, input) => {
      this.#bind(`e${input}`, elementOf[input]);
      return `drive${input}: ${this.#drive(input, steps)}`;
    });
    for (let name = this.#queue.shift(); name !== undefined; name = this.#queue.shift()) this.#function(name);
    const receivers = [...this.#receiverNames].map(([pcollection, name]) => `${JSON.stringify(pcollection)}: ${name}`);
    const body = [
      // Identical sources would share type feedback, and with it their speed.
      `"use strict"; /* chain ${generated++} */`,
      ...this.#functions,
      `return { ${drives.join(",\n")}, receivers: { ${receivers.join(", ")} } };`,
    ].join("\n");
    const made = new Function(...this.#names, body)(...this.#values) as Record<string, unknown>;
    return {
      drives: this.#program.inputs.map((_, input) => made[`drive${input}`] as Drive),
      receivers: made["receivers"] as Record<string, Receiver>,
    };
  }

  #drive(input: number, steps: readonly Step[]): string {
    const budget = { left: STEPS_PER_FUNCTION };
    return `function (batch, bundle, c) {
      const { columns } = batch;
      const { refs, timestamps, windows, panes } = columns;
      const ts = "all" in timestamps ? null : timestamps, ws = "all" in windows ? null : windows, ps = "all" in panes ? null : panes;
      const plain = columns.keys === undefined;
      c.set(ts === null ? timestamps.all : ts[0], ws === null ? windows.all : ws[0], ps === null ? panes.all : ps[0]);
      const n = refs.length;
      let i = 0, at = -1, el;
      try {
        while (i < n) {
          const begin = i, stop = Math.min(n, i + bundle.allowance());
          if (stop === i) break;
          for (; i < stop; i++) {
            if (ts !== null) c.timestamp = ts[i];
            if (ws !== null) c.windows = ws[i];
            if (ps !== null) c.pane = ps[i];
            const v = plain ? refs[i] : e${input}(columns, i);
            ${this.#steps(steps, "v", budget)}
          }
          bundle.used(i - begin);
        }
      } catch (thrown) { throw fail(thrown, at, el); }
      return i;
    }`;
  }

  /** The name of the function that sends an element of a PCollection to all who read it. */
  #receiver(pcollection: string): string {
    let name = this.#receiverNames.get(pcollection);
    if (name === undefined) {
      name = `r${this.#receivers.size}`;
      this.#receivers.add(name);
      this.#receiverNames.set(pcollection, name);
      this.#queue.push(pcollection);
    }
    return name;
  }

  #function(pcollection: string): void {
    const name = this.#receiverNames.get(pcollection)!;
    const budget = { left: STEPS_PER_FUNCTION };
    const body = this.#steps(this.#program.consumers.get(pcollection) ?? [], "v", budget);
    this.#functions.push(
      `function ${name}(v) { ${this.#count(pcollection)} let at = -1, el; try { ${body} } catch (thrown) { throw fail(thrown, at, el); } }`,
    );
  }

  /** Code that sends the value in `variable` through steps that read it. */
  #steps(steps: readonly Step[], variable: string, budget: { left: number }): string {
    return steps.map((step) => this.#step(step, variable, budget)).join("\n");
  }

  /** Code that sends the value in `variable` to all who read a PCollection: in place, or by its receiver. */
  #onward(pcollection: string, variable: string, budget: { left: number }): string {
    const steps = this.#program.consumers.get(pcollection) ?? [];
    if (budget.left < steps.length) return `${this.#receiver(pcollection)}(${variable});`;
    budget.left -= steps.length;
    return this.#count(pcollection) + this.#steps(steps, variable, budget);
  }

  /** Code that counts an element of a PCollection, if somebody wants to know. */
  #count(pcollection: string): string {
    const tally = this.#program.tallies?.get(pcollection);
    if (tally === undefined) return "";
    let name = this.#tallyNames.get(pcollection);
    if (name === undefined) {
      name = `t${this.#tallyNames.size}`;
      this.#tallyNames.set(pcollection, name);
      this.#bind(name, tally);
    }
    return `${name}.count++; `;
  }

  /** Code that gives the value in `v` to an operator; `mark` names it and the value, for an error. */
  #operator({ operator }: OperatorStep, v: string, k: number, mark: string): string {
    // A sink calls nothing of the author's. Not keeping the element for an error lets the compiler take it apart.
    if (operator instanceof SinkOperator) {
      return operator.processKeyed === undefined
        ? `p${k}.process(${v}, c);`
        : `p${k}.processKeyed(${v}.key, ${v}.value, c);`;
    }
    // Nor is a pair kept that is to be combined: only what is no pair throws without naming it.
    if (operator instanceof PrecombineOperator) {
      return `{
        at = ${k}; el = undefined;
        const key = ${v}.key, value = ${v}.value, s = p${k}.slotOf(key, c);
        if (s < 0) p${k}.processKeyed(key, value, c, o${k});
        else {
          const a = p${k}.accumulators;
          try { a[s] = f${k}.addInput(a[s], value); } catch (thrown) { throw fail(thrown, ${k}, { key, value }); }
        }
      }`;
    }
    return `${mark} { const p = p${k}.process(${v}, c, o${k}); if (p instanceof Promise) throw promised(p, names[${k}]); }`;
  }

  #step(step: Step, v: string, budget: { left: number }): string {
    const k = this.#index.get(step)!;
    const mark = `at = ${k}; el = ${v};`;
    if (step.kind === "operator") return this.#operator(step, v, k, mark);
    const out = step.outputs[0]!;
    const n = this.#variables++;
    const call = `f${k}(${step.kind === "assignWindows" ? "c" : v}${step.context === undefined ? "" : `, x${k}`})`;
    const awaited = (name: string) => `if (${name} instanceof Promise) throw promised(${name}, names[${k}]);`;
    switch (step.kind) {
      case "map":
        return `${mark} const m${n} = ${call}; ${awaited(`m${n}`)} ${this.#onward(out, `m${n}`, budget)}`;
      case "filter":
        return `${mark} const b${n} = ${call}; ${awaited(`b${n}`)} if (b${n}) { ${this.#onward(out, v, budget)} }`;
      case "flatMap":
        return `${mark} const l${n} = ${call};
          if (Array.isArray(l${n})) for (let j = 0; j < l${n}.length; j++) { const w${n} = l${n}[j]; ${this.#onward(out, `w${n}`, budget)} }
          else forEachOutput(l${n}, names[${k}], ${v}, ${this.#receiver(out)});`;
      case "assignWindows":
        return `const w${n} = c.windows; c.windows = ${call}; ${this.#onward(out, v, budget)} c.windows = w${n};`;
      case "assignTimestamps":
        return `${mark} const t${n} = c.timestamp; const q${n} = ${call}; c.timestamp = typeof q${n} === "number" && Math.abs(q${n}) <= ${MAX_TIMESTAMP} && Math.floor(q${n}) === q${n} ? q${n} : checkedTimestamp(q${n}, names[${k}]); ${this.#onward(out, v, budget)} c.timestamp = t${n};`;
    }
  }
}
