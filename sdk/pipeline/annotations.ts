/** What may be said about a transform beside what it does: for runners, for people, for tools. */
import { create, toBinary } from "@bufbuild/protobuf";
import {
  DisplayDataSchema,
  LabelledPayloadSchema,
} from "../../portability/gen/org/apache/beam/model/pipeline/v1/beam_runner_api_pb.js";
import { StandardDisplayData } from "../../portability/urns.js";
import { pipelineOf } from "./collections.js";
import type { Pipeline } from "./pipeline.js";
import { named, type PInput, type PTransform } from "./pvalue.js";
import { checkResourceHints, type ResourceHints } from "./resource-hints.js";

/**
 * The transform, and all it is made of, with hints about the machine it runs on.
 *
 * @throws GirderError `invalid-argument` for hints that are none.
 */
export function withResourceHints<I extends PInput, O>(
  transform: PTransform<I, O>,
  hints: ResourceHints,
): PTransform<I, O> {
  checkResourceHints(hints, transform.name);
  return before(transform, (pipeline) => pipeline.requireResources(hints));
}

/** The transform with annotations for tools, by their names: strings (written as UTF-8) or bytes. */
export function withAnnotations<I extends PInput, O>(
  transform: PTransform<I, O>,
  annotations: Readonly<Record<string, string | Uint8Array>>,
): PTransform<I, O> {
  return before(transform, (pipeline) => {
    for (const [name, value] of Object.entries(annotations)) {
      pipeline.current.annotations[name] = typeof value === "string" ? new TextEncoder().encode(value) : value;
    }
  });
}

/** A datum that is shown with a transform: under its label, if it has one. bigints are 64-bit integers, as are whole numbers. */
export type DisplayDatum =
  | string
  | number
  | bigint
  | boolean
  | {
      readonly value: string | number | bigint | boolean;
      /** What people see instead of the key. */
      readonly label: string;
    };

/** The transform with data for people to see, by their keys: `withDisplayData(read, { pattern: "*.txt" })`. */
export function withDisplayData<I extends PInput, O>(
  transform: PTransform<I, O>,
  data: Readonly<Record<string, DisplayDatum>>,
): PTransform<I, O> {
  return before(transform, (pipeline) => {
    for (const [key, datum] of Object.entries(data)) {
      const { value, label } = typeof datum === "object" ? datum : { value: datum, label: key };
      const payload = create(LabelledPayloadSchema, {
        key,
        label,
        namespace: transform.name,
        value: payloadValue(value),
      });
      pipeline.current.displayData.push(
        create(DisplayDataSchema, {
          urn: StandardDisplayData.DisplayData.LABELLED,
          payload: toBinary(LabelledPayloadSchema, payload),
        }),
      );
    }
  });
}

function payloadValue(value: string | number | bigint | boolean) {
  switch (typeof value) {
    case "string":
      return { case: "stringValue", value } as const;
    case "boolean":
      return { case: "boolValue", value } as const;
    case "bigint":
      return { case: "intValue", value } as const;
    case "number":
      return Number.isSafeInteger(value)
        ? ({ case: "intValue", value: BigInt(value) } as const)
        : ({ case: "doubleValue", value } as const);
  }
}

/** The transform, with something said about it first. */
function before<I extends PInput, O>(transform: PTransform<I, O>, say: (pipeline: Pipeline) => void): PTransform<I, O> {
  return named(transform.name, (input) => {
    say(pipelineOf(input));
    return transform(input);
  });
}
