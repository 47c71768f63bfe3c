/**
 * Transforms written in Python, which the Python of the environment variable `GIRDER_PYTHON` executes, or else `python3`: it must
 * have `apache_beam`.
 *
 * @module girder/apache-beam/transforms/python
 */
import {
  pythonCallable as girderPythonCallable,
  pythonTransform as girderPythonTransform,
} from "../../expansion/index.js";
import { externalOptions, foreign, type RawExternalTransformOptions } from "../adapt/foreign.js";
import type { Loose } from "../adapt/loose.js";
import type { AsyncPTransform } from "./transform.js";

/**
 * A transform of Python, by what makes it: `pythonTransform("apache_beam.Map", [pythonCallable("str.upper")])`.
 *
 * @param argsOrKwargs Its arguments by position, or by name. @param kwargs Those by name, beside those by position.
 * @throws GirderError when it is applied: see `pythonTransform` of `girder/expansion`.
 */
export function pythonTransform<InputT, OutputT>(
  constructorName: string,
  argsOrKwargs: readonly unknown[] | Readonly<Record<string, unknown>> = [],
  kwargs: Readonly<Record<string, unknown>> = {},
  options: RawExternalTransformOptions = {},
): AsyncPTransform<InputT & Loose, OutputT & Loose> {
  const args = Array.isArray(argsOrKwargs) ? (argsOrKwargs as readonly unknown[]) : [];
  const named = Array.isArray(argsOrKwargs) ? kwargs : { ...argsOrKwargs, ...kwargs };
  return foreign(`pythonTransform(${constructorName})`, () =>
    girderPythonTransform(constructorName, { args, kwargs: named as Loose, ...externalOptions(options) }),
  );
}

/** Python source that is to be evaluated as a callable, for the arguments of {@link pythonTransform}. */
export function pythonCallable(expr: string): ReturnType<typeof girderPythonCallable> {
  return girderPythonCallable(expr);
}
