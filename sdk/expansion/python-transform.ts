/** Transforms of the Python SDK, by their names in Python. */
import type { PCollection } from "../pipeline/pcollection.js";
import type { PInput, PTransform, PValue } from "../pipeline/pvalue.js";
import type { ExpansionService } from "./expansion-service.js";
import { type ExternalOptions, externalTransform } from "./external-transform.js";
import { type Configuration, externalConfiguration, rowOfValues } from "./row-of-values.js";

/** Of `FullyQualifiedNamedTransform` in the Python SDK, which is in no enum of the model. */
const FULLY_QUALIFIED_NAMED = "beam:transforms:python:fully_qualified_named";

/** Environment variable that names the Python that is used where a program names none. */
const PYTHON = "GIRDER_PYTHON";

/** How a Python transform is made. */
export interface PythonTransformOptions extends ExternalOptions {
  /** Its arguments by position. */
  readonly args?: readonly unknown[];
  /** Its arguments by name. */
  readonly kwargs?: Configuration;
  /**
   * The Python that has it. Default: a service of the interpreter that the environment variable `GIRDER_PYTHON` names, or else of
   * `python3`.
   */
  readonly service?: ExpansionService;
}

/**
 * A transform of Python.
 *
 * ```ts
 * words.apply(pythonTransform("apache_beam.Map", { args: [pythonCallable("lambda word: len(word)")], outputCoder: VARINT_CODER }));
 * ```
 *
 * @param name of what makes it, with its module: a class, or a function. `__constructor__` and `__callable__` stand for the
 *   first argument, Python's source text of a class or of a function of PCollections.
 * @throws GirderError see {@link externalTransform}; `cannot-encode` for arguments that no row can have.
 */
export function pythonTransform<O extends PValue = PCollection<unknown>>(
  name: string,
  { args = [], kwargs = {}, service, ...options }: PythonTransformOptions = {},
): PTransform<PInput, O> {
  const positions = Object.fromEntries(args.map((value, index) => [`arg${index}`, value]));
  const configuration = {
    constructor: name,
    ...(args.length === 0 ? {} : { args: positions }),
    ...(Object.keys(kwargs).length === 0 ? {} : { kwargs }),
  };
  return externalTransform<O>(
    FULLY_QUALIFIED_NAMED,
    externalConfiguration(rowOfValues(configuration, name)),
    service ?? { python: process.env[PYTHON] ?? "python3" },
    { name: name.split(".").at(-1) ?? name, ...options },
  );
}
