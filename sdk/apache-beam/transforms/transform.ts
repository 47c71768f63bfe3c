/**
 * Transforms and their names.
 *
 * @module girder/apache-beam/transforms/transform
 */
import { GirderError } from "../../../portability/errors.js";
import type { Loose } from "../adapt/loose.js";
import { ownName, readableName } from "../adapt/names.js";
import type { PValue } from "../pvalue.js";

/**
 * Gives a function or transform a name, under which its step appears in the pipeline: `pcoll.map(withName("double", (x) => 2 * x))`.
 *
 * @returns the same object.
 */
export function withName<T>(name: string | (() => string), arg: T): T {
  (arg as { beamName?: string | (() => string) }).beamName = name;
  return arg;
}

/** The name of a function or transform: the one given with {@link withName}, else its own, else its source, shortened. */
export function extractName<T>(of: T): string {
  return readableName(of);
}

/** A transform that has to wait for something while the pipeline is built. Subclasses have `expandAsync`. */
export class AsyncPTransformClass<InputT extends PValue<Loose>, OutputT extends PValue<Loose>> {
  beamName: string | (() => string);

  constructor(name?: string | (() => string) | null) {
    this.beamName = name ?? this.constructor.name;
  }

  /** @throws GirderError `invalid-argument` unless a subclass has its own. */
  async expandAsync(_input: InputT): Promise<OutputT> {
    throw notImplemented(this, "expandAsync");
  }
}

/** A transform as a class. Subclasses have `expand`. */
export class PTransformClass<InputT extends PValue<Loose>, OutputT extends PValue<Loose>> extends AsyncPTransformClass<
  InputT,
  OutputT
> {
  /** @throws GirderError `invalid-argument` unless a subclass has its own. */
  expand(_input: InputT): OutputT {
    throw notImplemented(this, "expand");
  }

  override async expandAsync(input: InputT): Promise<OutputT> {
    return this.expand(input);
  }
}

/** A transform: a function from its input to its output, or a {@link PTransformClass}. */
export type PTransform<InputT extends PValue<Loose>, OutputT extends PValue<Loose>> =
  | PTransformClass<InputT, OutputT>
  | ((input: InputT) => OutputT);

/** A transform whose output is promised, for `applyAsync`. */
export type AsyncPTransform<InputT extends PValue<Loose>, OutputT extends PValue<Loose>> =
  | AsyncPTransformClass<InputT, OutputT>
  | ((input: InputT) => Promise<OutputT>);

function notImplemented(of: object, method: string): GirderError {
  return new GirderError("invalid-argument", `The transform ${ownName(of) ?? "without a name"} has no ${method}.`, {
    remedy: `Override ${method}.`,
  });
}
