/**
 * The author's functions, beside the pipeline proto that names them.
 *
 * A proto cannot carry a closure. It carries the id of the transform and a digest of the function's source; whoever
 * executes the transform finds the function under that id, in the pipeline itself when embedded, in the same program run
 * again when it is a worker elsewhere. The digest tells when that program was another one.
 */
import { createHash } from "node:crypto";
import { create } from "@bufbuild/protobuf";
import { GirderError } from "../../portability/errors.js";
import {
  type FunctionSpec,
  FunctionSpecSchema,
} from "../../portability/gen/org/apache/beam/model/pipeline/v1/beam_runner_api_pb.js";

/** URN of a DoFn written in TypeScript. */
export const DO_FN_URN = "girder:dofn:v1";
/** URN of a CombineFn written in TypeScript. */
export const COMBINE_FN_URN = "girder:combinefn:v1";

interface Entry {
  readonly fn: object;
  readonly digest: string;
}

/** Functions by the id of the transform that calls them. */
export class FunctionTable {
  readonly #entries = new Map<string, Entry>();
  /** Digests by which functions are known beside their own. */
  #others: Readonly<Record<string, string>> = {};

  /** Digests by transform: of the same program, as another compiler made it. */
  get digests(): Readonly<Record<string, string>> {
    return Object.fromEntries(Array.from(this.#entries, ([transform, { digest }]) => [transform, digest]));
  }

  /**
   * The functions were submitted with these digests, too: a function that has the one of its transform is taken for the one that
   * a spec stands for, whichever digest that has.
   */
  knownAs(digests: Readonly<Record<string, string>>): void {
    this.#others = digests;
  }

  /** Keeps a function and returns the spec that stands for it in the proto. `source` is what its digest is of. */
  add(urn: string, transform: string, fn: object, source: string): FunctionSpec {
    const digest = createHash("sha256").update(source).digest("hex").slice(0, 16);
    this.#entries.set(transform, { fn, digest });
    return create(FunctionSpecSchema, { urn, payload: Buffer.from(JSON.stringify({ transform, digest })) });
  }

  /**
   * The function that a spec stands for.
   *
   * @throws GirderError `invalid-pipeline` if this program has none under that transform, or another one.
   */
  get(spec: FunctionSpec): object {
    const { transform, digest } = named(spec);
    const entry = this.#entries.get(transform);
    if (entry === undefined) {
      throw new GirderError("invalid-pipeline", "This program has no such transform.", {
        where: transform,
        remedy: "Submit and execute a pipeline with the same program and the same options.",
      });
    }
    if (entry.digest !== digest && entry.digest !== this.#others[transform]) {
      throw new GirderError("invalid-pipeline", "The function differs from the one that was submitted.", {
        where: transform,
        remedy: "Submit and execute a pipeline with the same version of the program.",
      });
    }
    return entry.fn;
  }

  /** Full name of the transform under which a function was added. */
  placeOf(spec: FunctionSpec): string {
    return named(spec).transform;
  }
}

/** What the payload of a function's spec says. */
function named(spec: FunctionSpec): { readonly transform: string; readonly digest: string } {
  return JSON.parse(Buffer.from(spec.payload).toString());
}
