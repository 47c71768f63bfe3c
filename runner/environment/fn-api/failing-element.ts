/** The element at which a bundle has failed, from workers that sample data (`SampleDataRequest`). */
import { inspect } from "node:util";
import { coderFromProto, decodeFromBytes } from "../../../portability/coders/index.js";
import { GirderError } from "../../../portability/errors.js";
import type { SampledElement } from "../../../portability/gen/org/apache/beam/model/fn_execution/v1/beam_fn_api_pb.js";
import type { DescribedStage } from "./bundle-descriptor.js";
import { WorkerConnection } from "./worker-connection.js";

/** How long (ms) a worker may take to find it. The failure is waited for by then. */
const SAMPLE_TIME = 2_000;
/** Characters of an element that are told. */
const LONGEST = 500;

/**
 * The failure of a bundle, with the element that caused it, where the worker has kept it.
 *
 * SDKs keep elements when the pipeline asks for it: `--experiments=enable_data_sampling`, or for failures alone
 * `--experiments=enable_always_on_exception_sampling`.
 */
export async function withFailingElement(
  thrown: unknown,
  connection: WorkerConnection,
  instruction: string,
  described: DescribedStage,
): Promise<unknown> {
  const isOfFunction = thrown instanceof GirderError && thrown.code === "user-exception";
  if (!isOfFunction || !connection.sdk.samplesData) return thrown;
  const found = await failingElement(connection, instruction, described);
  if (found === undefined) return thrown;
  const { transform, element } = found;
  return new GirderError(thrown.code, thrown.what, {
    ...(transform === undefined ? {} : { where: transform }),
    element,
    cause: thrown.cause,
  });
}

async function failingElement(
  connection: WorkerConnection,
  instruction: string,
  { descriptor }: DescribedStage,
): Promise<{ readonly transform: string | undefined; readonly element: string } | undefined> {
  const asked = connection.request(WorkerConnection.newInstructionId(), {
    case: "sampleData",
    value: { pcollectionIds: Object.keys(descriptor.pcollections) },
  });
  const late = new Promise<undefined>((resolve) => {
    setTimeout(() => resolve(undefined), SAMPLE_TIME).unref();
  });
  // The failure that is told is the bundle's, whatever becomes of the question.
  const answer = await Promise.race([asked.catch(() => undefined), late]);
  if (answer?.response.case !== "sampleData") return undefined;
  for (const [pcollection, { elements }] of Object.entries(answer.response.value.elementSamples)) {
    const failed = elements.find(({ exception }) => exception?.instructionId === instruction);
    if (failed === undefined) continue;
    const transform = descriptor.transforms[failed.exception!.transformId]?.uniqueName;
    return { transform, element: textOf(failed, descriptor.pcollections[pcollection]?.coderId ?? "", descriptor) };
  }
  return undefined;
}

/** An element as people can read it: its value where the runner knows the coder, else what its bytes spell. */
function textOf({ element }: SampledElement, coder: string, descriptor: DescribedStage["descriptor"]): string {
  let text: string;
  try {
    const value: unknown = decodeFromBytes(coderFromProto(coder, descriptor), element, true);
    text = inspect(value, { depth: 6, breakLength: Number.POSITIVE_INFINITY, maxStringLength: LONGEST });
  } catch {
    text = Buffer.from(element)
      .toString("latin1")
      .replace(/[^\x20-\x7e]/g, (it) => `\\x${it.charCodeAt(0).toString(16).padStart(2, "0")}`);
  }
  return text.length <= LONGEST ? text : `${text.slice(0, LONGEST)}…`;
}
