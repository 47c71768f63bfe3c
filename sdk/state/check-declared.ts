/** Refuses state and timers that could not work, where the function is applied. */
import { JS_VALUE_CODER, KVCoder } from "../../portability/coders/index.js";
import { type ErrorCode, GirderError } from "../../portability/errors.js";
import type { ElementFunction } from "../pipeline/do-fn.js";
import type { PCollection } from "../pipeline/pcollection.js";
import { merges } from "../windowing/custom-window-fn.js";
import { type Declared, declaredBy, EXPIRATION_FAMILY } from "./declared.js";
import { TimerParam } from "./timers.js";

/** Functions that take state; timers take a DoFn. */
const WITH_STATE: readonly ElementFunction["kind"][] = ["doFn", "map", "filter", "flatMap"];

/**
 * What a function over the elements of `input` declares.
 *
 * @throws GirderError `invalid-argument` for names that are missing, taken twice or lead nowhere, `invalid-pipeline` for an
 * input without keys or in windows that merge, `nondeterministic-key` for keys that cannot be compared by their bytes. Each names
 * the function's transform.
 */
export function checkDeclared(input: PCollection<unknown>, step: ElementFunction): Declared {
  const where = input.pipeline.where;
  const fail = (code: ErrorCode, what: string, remedy: string): never => {
    throw new GirderError(code, what, { where, remedy });
  };
  const declared = declaredBy(step);
  const { states, timers, doFn, keyedFor } = declared;
  if (timers.size > 0 && doFn === undefined) {
    fail("invalid-argument", "Timers call back, which takes a DoFn.", "Use parDo with an object that has onTimer.");
  }
  if (keyedFor !== undefined && !WITH_STATE.includes(step.kind)) {
    fail(
      "invalid-argument",
      "This kind of function has no state.",
      "Use parDo, map, flatMap or filter for the part that remembers something.",
    );
  }
  for (const [what, ids] of [
    ["states", Array.from(states.values(), ({ id }) => id)],
    ["timers", Array.from(timers.values(), ({ id }) => id)],
  ] as const) {
    const twice = ids.find((id, i) => ids.indexOf(id) !== i);
    if (twice !== undefined) {
      fail("invalid-argument", `Two ${what} are called "${twice}".`, "Give each a name of its own.");
    }
    const wrong = ids.find((id) => typeof id !== "string" || id === "" || id === EXPIRATION_FAMILY);
    if (wrong !== undefined) {
      fail("invalid-argument", `${JSON.stringify(wrong)} is no name for ${what}.`, "Give a word.");
    }
  }
  for (const [name, { declaration }] of states) {
    const key = "key" in declaration ? declaration.key : declaration.kind === "set" ? declaration.coder : undefined;
    if (key?.nondeterminism === undefined) continue;
    fail(
      "nondeterministic-key",
      `What is looked up in the state "${name}" cannot be told apart: ${key.nondeterminism}.`,
      "Equal values must be written as equal bytes: give the state a coder that does.",
    );
  }
  checkCallbacks(declared, step, where);
  if (keyedFor === undefined) return declared;
  checkKeys(input, keyedFor, fail);
  const { windowFn } = input.windowing;
  if (merges(windowFn)) {
    const windows = windowFn.kind === "sessions" ? "session windows, which merge" : "windows that merge";
    fail(
      "invalid-pipeline",
      `The function has ${keyedFor}, and its input is in ${windows}: what was kept for two of them could not be made one.`,
      "Put the input in other windows first: windowInto(globalWindows()), say.",
    );
  }
  return declared;
}

/** Each timer has a callback, and each callback a timer. */
function checkCallbacks({ timers, doFn }: Declared, step: ElementFunction, where: string): void {
  const callbacks = doFn?.onTimer ?? {};
  for (const [name, { id }] of timers) {
    if (typeof (callbacks as Record<string, unknown>)[name] === "function") continue;
    throw new GirderError("invalid-argument", `Nothing is called when the timer "${name}" (${id}) fires.`, {
      where,
      remedy: `Give the DoFn a callback: onTimer: { ${name}(timer, context) { … } }.`,
    });
  }
  for (const name of Object.keys(callbacks)) {
    if (step.context[name] instanceof TimerParam) continue;
    const known = timers.size === 0 ? "there are none" : `there are ${[...timers.keys()].join(", ")}`;
    throw new GirderError("invalid-argument", `onTimer has a callback for "${name}", which is no timer; ${known}.`, {
      where,
      remedy: `Declare it in the context: { ${name}: eventTimer("${name}") }.`,
    });
  }
}

function checkKeys(
  input: PCollection<unknown>,
  keyedFor: string,
  fail: (code: ErrorCode, what: string, remedy: string) => never,
): void {
  if (input.coder === undefined) input.withCoder(new KVCoder(JS_VALUE_CODER, JS_VALUE_CODER));
  const { coder } = input;
  if (!(coder instanceof KVCoder)) {
    fail(
      "invalid-pipeline",
      `The function has ${keyedFor}, which is kept by key, and its elements are written with ${coder?.spec.urn}.`,
      "Give each element a key first: withKeys, or map to { key, value }.",
    );
  } else if (coder.key.nondeterminism !== undefined) {
    fail(
      "nondeterministic-key",
      `The function has ${keyedFor}, and its keys cannot be told apart: ${coder.key.nondeterminism}.`,
      "Equal keys must be written as equal bytes. Map the key to a string, an integer or another value that is.",
    );
  }
}
