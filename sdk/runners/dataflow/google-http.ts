/** Calls of Google's APIs: JSON over HTTPS, with a token, and again where the service was busy. */
import { setTimeout as wait } from "node:timers/promises";
import { GirderError, messageOf } from "../../../portability/errors.js";

/** Gives the OAuth token of a call. */
export type AccessToken = () => Promise<string>;

export interface Call {
  readonly method: "GET" | "POST" | "PUT";
  readonly url: string;
  readonly body?: string | Uint8Array;
  readonly contentType?: string;
}

/** How long (ms) is waited before each further try. */
const AGAIN = [200, 600, 1_800];
/** How long (ms) a call may take. */
const PATIENCE = 60_000;
const BUSY: ReadonlySet<number> = new Set([408, 429, 500, 502, 503, 504]);

/**
 * What the API answers.
 *
 * @throws GirderError `io` where it cannot be reached, or is busy each time; `not-found`, `invalid-argument` or `io` with what it
 * says, where it refuses; `cancelled` when `signal` aborts.
 */
export async function callGoogle(call: Call, token: AccessToken, signal?: AbortSignal): Promise<unknown> {
  for (let attempt = 0; ; attempt++) {
    const pause = AGAIN[attempt];
    try {
      return await callOnce(call, await token(), signal);
    } catch (thrown) {
      if (signal?.aborted) throw new GirderError("cancelled", "The job was cancelled.");
      if (!(thrown instanceof Busy)) throw thrown;
      if (pause === undefined) throw thrown.error;
      await wait(pause, undefined, { signal }).catch(() => undefined);
    }
  }
}

/** The call may be made again. */
class Busy {
  constructor(readonly error: GirderError) {}
}

async function callOnce(
  { method, url, body, contentType }: Call,
  token: string,
  signal?: AbortSignal,
): Promise<unknown> {
  const late = AbortSignal.timeout(PATIENCE);
  let response: Response;
  let text: string;
  try {
    response = await fetch(url, {
      method,
      headers: {
        authorization: `Bearer ${token}`,
        ...(body === undefined ? {} : { "content-type": contentType ?? "application/json" }),
      },
      ...(body === undefined ? {} : { body }),
      signal: signal === undefined ? late : AbortSignal.any([signal, late]),
    });
    text = await response.text();
  } catch (cause) {
    const { cause: inner } = cause as { readonly cause?: unknown };
    throw new Busy(
      new GirderError("io", `Google Cloud cannot be reached: ${messageOf(inner ?? cause)}.`, {
        where: placeOf(url),
        remedy: "See that this machine reaches it; --dataflow-endpoint says where the API is.",
        cause,
      }),
    );
  }
  if (response.ok) return text === "" ? {} : parsed(text, url);
  const error = refusal(response.status, text, url);
  throw BUSY.has(response.status) ? new Busy(error) : error;
}

function parsed(text: string, url: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (cause) {
    throw new GirderError("malformed-data", `What answers there is no API of Google's: ${text.slice(0, 100)}`, {
      where: placeOf(url),
      remedy: "See that --dataflow-endpoint is the URL of the Dataflow API.",
      cause,
    });
  }
}

const REMEDIES: Readonly<Record<number, string>> = {
  401: "Give a token that is valid (--access-token), or log in: gcloud auth application-default login.",
  403: "See that the account may use Dataflow and the bucket in this project, and that the Dataflow API is enabled.",
  404: "See that the project, the region and the bucket exist.",
};

function refusal(status: number, text: string, url: string): GirderError {
  let said = text.slice(0, 500);
  try {
    said = (JSON.parse(text) as { readonly error?: { readonly message?: string } }).error?.message ?? said;
  } catch {
    // It is no JSON: what is there, then.
  }
  const remedy = REMEDIES[status];
  const code = status === 404 ? "not-found" : status === 400 ? "invalid-argument" : "io";
  return new GirderError(code, `Google Cloud answers ${status}: ${said}`, {
    where: placeOf(url),
    ...(remedy === undefined ? {} : { remedy }),
  });
}

/** A URL without its question, which may be long. */
function placeOf(url: string): string {
  return url.replace(/\?.*$/, "");
}
