/** The ParDo primitive and the three short forms of it: map, flatMap, filter. */
import { create, toBinary } from "@bufbuild/protobuf";
import { type Coder, JS_VALUE_CODER, KVCoder } from "../../portability/coders/index.js";
import { GirderError } from "../../portability/errors.js";
import {
  type FunctionSpec,
  FunctionSpecSchema,
  ParDoPayloadSchema,
  type SideInput,
  SideInputSchema,
} from "../../portability/gen/org/apache/beam/model/pipeline/v1/beam_runner_api_pb.js";
import { StandardPTransforms, StandardRequirements, StandardSideInputTypes } from "../../portability/urns.js";
import type { AnySplittable } from "../splittable/splittable-do-fn.js";
import { checkDeclared } from "../state/check-declared.js";
import { declaredToProto } from "../state/declared-to-proto.js";
import { merges, type StrategyWindowFn } from "../windowing/custom-window-fn.js";
import { type Context, SideInputParam } from "./context.js";
import type { DoFn, ElementFunction } from "./do-fn.js";
import { DO_FN_URN } from "./functions.js";
import type { PCollection } from "./pcollection.js";
import type { Pipeline } from "./pipeline.js";
import { sourceText } from "./register.js";
import type { WindowingStrategy } from "./windowing.js";

/** How restriction and state of the watermark estimator are written, as the expansion of splittable DoFns wants them coded. */
function restrictionCoder(doFn: AnySplittable): Coder<unknown> {
  const restriction = (doFn.restrictionCoder ?? JS_VALUE_CODER) as Coder<unknown>;
  const state = (doFn.watermark?.coder ?? JS_VALUE_CODER) as Coder<unknown>;
  return new KVCoder(restriction, state) as Coder<unknown>;
}

/** The arguments of `map` and its like: an optional name, a function, an optional context. */
export type ElementWiseArgs = readonly unknown[];

interface Parsed {
  readonly name: string | undefined;
  readonly fn: unknown;
  readonly context: Context;
}

function parse(method: string, args: ElementWiseArgs): Parsed {
  const name = typeof args[0] === "string" ? args[0] : undefined;
  const [fn, context] = name === undefined ? args : args.slice(1);
  if (typeof fn !== "function" && (typeof fn !== "object" || fn === null)) {
    throw new GirderError(
      "invalid-argument",
      `${method} was given ${fn === null ? "null" : typeof fn} for a function.`,
      {
        ...(name === undefined ? {} : { where: name }),
        remedy: `Call it as ${method}(fn), ${method}(fn, context) or ${method}("Name", fn).`,
      },
    );
  }
  return { name, fn, context: (context ?? {}) as Context };
}

/** `Map(format)` for a function with a name, `Map` for one without. */
function stepName(kind: string, fn: unknown): string {
  const own = (fn as { name?: unknown }).name;
  return typeof own === "string" && own.length > 0 && own.length <= 60 ? `${kind}(${own})` : kind;
}

export function applyMap<U>(input: PCollection<unknown>, args: ElementWiseArgs): PCollection<Awaited<U>> {
  return short<Awaited<U>>("map", "Map", input, args);
}

export function applyFlatMap<U>(input: PCollection<unknown>, args: ElementWiseArgs): PCollection<U> {
  return short<U>("flatMap", "FlatMap", input, args);
}

export function applyFilter<T>(input: PCollection<T>, args: ElementWiseArgs): PCollection<T> {
  return short<T>("filter", "Filter", input, args, input.coder);
}

function short<U>(
  kind: "map" | "flatMap" | "filter",
  title: string,
  input: PCollection<unknown>,
  args: ElementWiseArgs,
  coder?: Coder<U>,
): PCollection<U> {
  const { name, fn, context } = parse(kind, args);
  const step: ElementFunction = { kind, fn: fn as (element: never) => unknown, context };
  const apply = (main: PCollection<unknown>): PCollection<U> => main.pipeline.parDo<U>(main, step, coder);
  const titled = Object.defineProperty(apply, "name", { value: stepName(title, fn) });
  return name === undefined ? input.apply(titled) : input.apply(name, titled);
}

export function applyParDo<U>(input: PCollection<unknown>, args: ElementWiseArgs): PCollection<U> {
  const { name, fn, context } = parse("parDo", args);
  const doFn = (typeof fn === "function" ? { process: fn } : fn) as DoFn<never, U>;
  if (typeof doFn.process !== "function") {
    throw new GirderError("invalid-argument", "parDo was given an object without a process method.", {
      ...(name === undefined ? {} : { where: name }),
    });
  }
  const constructorName = Object.getPrototypeOf(doFn)?.constructor?.name;
  const title = constructorName === undefined || constructorName === "Object" ? "ParDo" : `ParDo(${constructorName})`;
  const apply = (main: PCollection<unknown>): PCollection<U> =>
    main.pipeline.parDo<U>(main, { kind: "doFn", doFn, context }, undefined);
  const titled = Object.defineProperty(apply, "name", { value: title });
  return name === undefined ? input.apply(titled) : input.apply(name, titled);
}

/** The source text of a function over elements, for its digest. */
function sourceOf(step: ElementFunction): string {
  const fn = "doFn" in step ? step.doFn.process : step.fn;
  const callbacks = step.kind === "doFn" ? Object.entries(step.doFn.onTimer ?? {}) : [];
  const source = [fn, ...callbacks.flat()].map(String).join(" ");
  return `${step.kind} ${sourceText("doFn" in step ? step.doFn : fn, source)}`;
}

/**
 * Makes the pipeline's current transform a ParDo with these outputs; returns one PCollection for each tag.
 *
 * @param windowing Of the outputs. Default: as the input's, which is right unless panes are to be combined anew.
 */
export function addParDo(
  pipeline: Pipeline,
  input: PCollection<unknown>,
  step: ElementFunction,
  outputs: Readonly<Record<string, Coder<unknown> | undefined>>,
  windowing: WindowingStrategy = input.windowing,
): Record<string, PCollection<unknown>> {
  const declared = checkDeclared(input, step);
  const inputs: Record<string, PCollection<unknown>> = { main: input };
  const sideInputs: Record<string, SideInput> = {};
  for (const [name, param] of Object.entries(step.context)) {
    if (!(param instanceof SideInputParam)) continue;
    checkSideInputWindowing(input, param, name);
    inputs[`side:${name}`] = param.pcollection;
    sideInputs[`side:${name}`] = create(SideInputSchema, {
      accessPattern: create(FunctionSpecSchema, { urn: StandardSideInputTypes.Enum.ITERABLE }),
      viewFn: create(FunctionSpecSchema, { urn: `girder:view:${param.kind}:v1` }),
      windowMappingFn: windowMapping(param.pcollection.windowing.windowFn),
    });
  }
  const payload = create(ParDoPayloadSchema, {
    doFn: pipeline.addFunction(DO_FN_URN, step, sourceOf(step)),
    sideInputs,
    restrictionCoderId: step.kind === "splittable" ? pipeline.addCoder(restrictionCoder(step.doFn)) : "",
    ...declaredToProto(input, declared),
  });
  if (step.kind === "splittable") pipeline.require(StandardRequirements.Enum.REQUIRES_SPLITTABLE_DOFN);
  return pipeline.primitive({
    urn: StandardPTransforms.Primitives.PAR_DO,
    payload: toBinary(ParDoPayloadSchema, payload),
    inputs,
    outputs,
    windowing,
    bounded: input.bounded && !(step.kind === "splittable" && step.doFn.bounded === false),
    inEnvironment: true,
  });
}

/** How windows of a main input become those of a side input: only the author of a window function of its own knows. */
function windowMapping(windowFn: StrategyWindowFn): FunctionSpec {
  return windowFn.kind === "custom"
    ? windowFn.spec
    : create(FunctionSpecSchema, { urn: "girder:window_mapping:default:v1" });
}

function checkSideInputWindowing(
  { pipeline, windowing }: PCollection<unknown>,
  param: SideInputParam<unknown>,
  name: string,
): void {
  const { windowFn } = param.pcollection.windowing;
  const fail = (what: string, remedy: string): never => {
    throw new GirderError("incompatible-windows", `The side input "${name}" is in ${what}.`, {
      where: pipeline.where,
      remedy,
    });
  };
  const others = "Put it in global, fixed or sliding windows with windowInto before it is used as a side input.";
  if (merges(windowFn)) {
    const windows = windowFn.kind === "sessions" ? "session windows" : "windows that merge";
    fail(`${windows}, which depend on its own elements`, others);
  }
  if (windowing.windowFn.kind === "global" && (windowFn.kind === "fixed" || windowFn.kind === "sliding")) {
    fail(
      `${windowFn.kind} windows, none of which is that of its main input, which is in the global window`,
      "Put the main input in windows with windowInto, or the side input in the global window.",
    );
  }
  if (windowFn.kind === "custom" && windowFn.fn.sideInputWindow === undefined) {
    fail("custom windows that cannot be looked up", `Give the window function sideInputWindow. ${others}`);
  }
}
