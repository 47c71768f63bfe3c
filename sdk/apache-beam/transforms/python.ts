/**
 * Transforms written in Python: refused. The official package has them expanded by a Python process, which this entry does not
 * start.
 *
 * @module girder/apache-beam/transforms/python
 */
import type { Loose } from "../adapt/loose.js";
import { elsewhere } from "../adapt/unsupported.js";
import type { AsyncPTransform } from "./transform.js";

/** @returns a transform that is refused with a GirderError `unsupported` when it is applied. */
export function pythonTransform<InputT, OutputT>(
  constructorName: string,
  _argsOrKwargs?: unknown[] | object,
  _kwargs?: object,
  _options?: object,
): AsyncPTransform<InputT & Loose, OutputT & Loose> {
  return elsewhere(
    `pythonTransform(${constructorName})`,
    "Write the function in TypeScript, or expand the transform with a pipeline of the Python SDK.",
  );
}

/** Python source that is to be evaluated as a callable, for the arguments of {@link pythonTransform}. */
export function pythonCallable(expr: string): { expr: string; beamLogicalType: string } {
  return { expr, beamLogicalType: "beam:logical_type:python_callable:v1" };
}
