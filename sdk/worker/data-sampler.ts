/** Elements that have been seen lately, for runners that show them to people (`SampleDataRequest`). */
import type { MessageInitShape } from "@bufbuild/protobuf";
import { type Coder, encodeToBytes } from "../../portability/coders/index.js";
import { GirderError } from "../../portability/errors.js";
import type { SampleDataResponseSchema } from "../../portability/gen/org/apache/beam/model/fn_execution/v1/beam_fn_api_pb.js";
import type { CompiledStage } from "../harness/compiled-stage.js";
import { elementOf } from "../harness/user-error.js";

/** Elements that are kept of a PCollection. */
const KEPT = 10;
/** Failures that are kept of a PCollection. */
const FAILURES = 10;

interface Sample {
  readonly value: unknown;
  /** ms since 1970. */
  readonly at: number;
  readonly failure?: { readonly instructionId: string; readonly transformId: string; readonly error: string };
}

interface Sampled {
  /** How the elements are written, as the runner was told of it. */
  readonly coder: Coder<unknown>;
  samples: Sample[];
}

/** Keeps references, and writes them only when somebody asks. */
export class DataSampler {
  readonly #pcollections = new Map<string, Sampled>();

  /** Takes note of an element of a PCollection. */
  add(pcollection: string, coder: Coder<unknown>, value: unknown): void {
    this.#keep(pcollection, coder, { value, at: Date.now() });
  }

  /** Takes note of the element that made a bundle fail, if it is known. */
  failed(instructionId: string, thrown: unknown, { components }: CompiledStage): void {
    const element = elementOf(thrown);
    if (element === undefined || !(thrown instanceof GirderError) || thrown.where === undefined) return;
    const transformId = thrown.where;
    const pcollection = components.mainInput(components.transform(transformId));
    const failure = { instructionId, transformId, error: thrown.message };
    const { coder } = components.codec(pcollection);
    this.#keep(pcollection, coder, { value: element.value, at: Date.now(), failure });
  }

  #keep(pcollection: string, coder: Coder<unknown>, sample: Sample): void {
    let sampled = this.#pcollections.get(pcollection);
    if (sampled === undefined) {
      sampled = { coder, samples: [] };
      this.#pcollections.set(pcollection, sampled);
    }
    const { samples } = sampled;
    samples.push(sample);
    const isAlike = (other: Sample): boolean => (other.failure === undefined) === (sample.failure === undefined);
    const alike = samples.filter(isAlike);
    if (alike.length > (sample.failure === undefined ? KEPT : FAILURES)) samples.splice(samples.indexOf(alike[0]!), 1);
  }

  /** @param ids Of which PCollections; all if there are none. */
  answer(ids: readonly string[]): Extract<MessageInitShape<typeof SampleDataResponseSchema>, { $typeName?: never }> {
    const wanted = ids.length === 0 ? [...this.#pcollections.keys()] : ids;
    const elementSamples = wanted.flatMap((id) => {
      const sampled = this.#pcollections.get(id);
      return sampled === undefined ? [] : [[id, { elements: written(sampled) }] as const];
    });
    return { elementSamples: Object.fromEntries(elementSamples) };
  }
}

function written({ coder, samples }: Sampled) {
  return samples.flatMap(({ value, at, failure }) => {
    let element: Uint8Array;
    try {
      element = encodeToBytes(coder, value, true);
    } catch {
      // What cannot be written is no sample; that it cannot is told where it matters.
      return [];
    }
    const sampleTimestamp = { seconds: BigInt(Math.floor(at / 1000)), nanos: (at % 1000) * 1_000_000 };
    return [{ element, sampleTimestamp, ...(failure === undefined ? {} : { exception: failure }) }];
  });
}
