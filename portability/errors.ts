/**
 * The one error class. Every failure that Girder itself reports is a {@link GirderError}: a message that says what
 * happened, where (the author's transform, file or option) and what to do about it, and a code for programs.
 */

/** The closed set of reasons. */
export type ErrorCode =
  /** An argument of an API call is of the wrong shape or out of range. */
  | "invalid-argument"
  /** A pipeline contradicts itself: a missing component, a cycle, a transform applied to the wrong kind of input. */
  | "invalid-pipeline"
  /** Two transforms were given one name by their author. */
  | "duplicate-name"
  /** A valid pipeline asks for what this runner does not do. The message lists every reason. */
  | "unsupported"
  /** A command-line or pipeline option does not exist or has a value of the wrong type. */
  | "invalid-option"
  /** A value does not fit its coder. */
  | "cannot-encode"
  /** Bytes are not what their coder or format says they are. */
  | "malformed-data"
  /** A key's coder can write equal keys as different bytes. */
  | "nondeterministic-key"
  /** Inputs of one transform are windowed in ways that cannot be joined. */
  | "incompatible-windows"
  /** A file, or any file of a glob, does not exist. */
  | "not-found"
  /** A file exists but is truncated or damaged. */
  | "corrupt-file"
  /** The operating system, or the other end of a connection, refused a read, a write or a call. */
  | "io"
  /** A function of the author threw. `cause` is what it threw. */
  | "user-exception"
  /** An assertion about a PCollection did not hold. */
  | "assertion"
  /** A worker died or answered nonsense, more often than is retried. */
  | "worker-lost"
  /** The job was cancelled. */
  | "cancelled"
  /** A defect of Girder. */
  | "internal";

/** What a {@link GirderError} is made of, beside its message. */
export interface ErrorDetails {
  /** Full name of the transform concerned, `Outer/Inner/Step`, or the file, option or field. */
  readonly where?: string;
  /** Where in the author's program that transform was applied, `file:line:column`. */
  readonly site?: string;
  /** A short picture of the element that was being processed. */
  readonly element?: string;
  /** What the reader can do. */
  readonly remedy?: string;
  readonly cause?: unknown;
}

export class GirderError extends Error {
  override readonly name = "GirderError";
  /** The message alone, without place, element and remedy. */
  readonly what: string;
  readonly where: string | undefined;
  readonly site: string | undefined;
  readonly element: string | undefined;
  readonly remedy: string | undefined;

  constructor(
    readonly code: ErrorCode,
    what: string,
    details: ErrorDetails = {},
  ) {
    super(messageText(code, what, details), details.cause === undefined ? {} : { cause: details.cause });
    this.what = what;
    this.where = details.where;
    this.site = details.site;
    this.element = details.element;
    this.remedy = details.remedy;
  }

  /** The same error, saying where in the author's program its transform was applied. */
  appliedAt(site: string): GirderError {
    const { where, element, remedy, cause } = this;
    const copy = new GirderError(this.code, this.what, {
      site,
      ...(where === undefined ? {} : { where }),
      ...(element === undefined ? {} : { element }),
      ...(remedy === undefined ? {} : { remedy }),
      ...(cause === undefined ? {} : { cause }),
    });
    if (this.stack !== undefined) copy.stack = this.stack.replace(this.message, copy.message);
    return copy;
  }
}

function messageText(code: ErrorCode, what: string, { where, site, element, remedy }: ErrorDetails): string {
  const places = [where, site === undefined ? undefined : `applied at ${site}`].filter((place) => place !== undefined);
  const place = places.length === 0 ? "" : ` (at ${places.join(", ")})`;
  const seen = element === undefined ? "" : ` Element: ${element}.`;
  return `[${code}] ${what}${place}${seen}${remedy === undefined ? "" : ` ${remedy}`}`;
}

/** The text of anything thrown: an error's message, or the value itself. */
export function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}
