/** A function of the author threw: what the error says about it. */
import { inspect } from "node:util";
import { GirderError, messageOf } from "../../portability/errors.js";
import { PromiseReturned } from "./operator.js";

/** Longest excerpt of an element in an error, in characters. */
const EXCERPT = 200;

/** A short picture of a value. */
export function excerpt(value: unknown): string {
  let text: string;
  try {
    text = inspect(value, {
      depth: 3,
      breakLength: Number.POSITIVE_INFINITY,
      maxArrayLength: 10,
      maxStringLength: EXCERPT,
    });
  } catch {
    text = Object.prototype.toString.call(value);
  }
  return text.length > EXCERPT ? `${text.slice(0, EXCERPT)}…` : text;
}

/** Wraps what a transform's function threw; what has been wrapped already, nearer to its cause, passes through. */
export function userError(thrown: unknown, transform: string, element?: { readonly value: unknown }): unknown {
  if (thrown instanceof GirderError || thrown instanceof PromiseReturned) return thrown;
  const name = thrown instanceof Error ? `${thrown.name}: ` : "";
  const error = new GirderError("user-exception", `${name}${messageOf(thrown)}`, {
    where: transform,
    cause: thrown,
    remedy: "Correct the function, or catch in it what is to be passed over. Nothing of this bundle was committed.",
    ...(element === undefined ? {} : { element: excerpt(element.value) }),
  });
  if (element !== undefined) ELEMENTS.set(error, element);
  return error;
}

/** Elements at which functions threw, by their errors. */
const ELEMENTS = new WeakMap<object, { readonly value: unknown }>();

/** The element that was being processed when a function threw, if it is known. */
export function elementOf(error: unknown): { readonly value: unknown } | undefined {
  return typeof error === "object" && error !== null ? ELEMENTS.get(error) : undefined;
}
