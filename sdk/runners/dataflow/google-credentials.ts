/** Who this program is to Google Cloud: what is said on the command line, or the machine's application default credentials. */
import { createSign } from "node:crypto";
import { readFile } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { GirderError, messageOf } from "../../../portability/errors.js";
import type { AccessToken } from "./google-http.js";

const SCOPE = "https://www.googleapis.com/auth/cloud-platform";
const TOKEN_URL = "https://oauth2.googleapis.com/token";
/** How long (ms) before its end a token is not used any more. */
const MARGIN = 60_000;
/** How long (ms) is waited for who gives tokens, and for the metadata server of a machine that may be none of Google's. */
const PATIENCE = 20_000;
const METADATA_PATIENCE = 2_000;

type Variables = Readonly<Record<string, string | undefined>>;

interface Token {
  readonly text: string;
  /** In ms since 1970. */
  readonly end: number;
}

/**
 * Gives tokens, and new ones before they end: the one that is `given`, or else that of `GOOGLE_OAUTH_ACCESS_TOKEN`, or else by the file
 * that `GOOGLE_APPLICATION_CREDENTIALS` names or `gcloud auth application-default login` has written, or else by the metadata server
 * of a machine of Google's.
 *
 * @throws GirderError `not-found` where there are none; `io` where no token is given for them; `malformed-data` for a file of another kind.
 */
export function accessToken(given: string | undefined, env: Variables = process.env): AccessToken {
  const text = given ?? env["GOOGLE_OAUTH_ACCESS_TOKEN"];
  if (text !== undefined && text !== "") return async () => text;
  let token: Promise<Token> | undefined;
  return async () => {
    const known = await token?.catch(() => undefined);
    if (known !== undefined && known.end - MARGIN > Date.now()) return known.text;
    token = newToken(env);
    return (await token).text;
  };
}

async function newToken(env: Variables): Promise<Token> {
  const named = env["GOOGLE_APPLICATION_CREDENTIALS"];
  const folder = env["CLOUDSDK_CONFIG"] ?? join(homedir(), ".config", "gcloud");
  const path = named ?? join(folder, "application_default_credentials.json");
  const content = await readFile(path, "utf8").catch(() => undefined);
  if (content !== undefined) return ofFile(path, content);
  if (named !== undefined) throw none(`GOOGLE_APPLICATION_CREDENTIALS names ${named}, which cannot be read.`);
  return ofMachine(env["GCE_METADATA_HOST"] ?? "metadata.google.internal");
}

interface Credentials {
  readonly type?: string;
  readonly client_id?: string;
  readonly client_secret?: string;
  readonly refresh_token?: string;
  readonly client_email?: string;
  readonly private_key?: string;
  readonly private_key_id?: string;
  readonly token_uri?: string;
}

async function ofFile(path: string, content: string): Promise<Token> {
  let credentials: Credentials;
  try {
    credentials = JSON.parse(content) as Credentials;
  } catch (cause) {
    throw new GirderError("malformed-data", "The credentials are no JSON.", { where: path, cause });
  }
  const { type, token_uri: url = TOKEN_URL } = credentials;
  switch (type) {
    case "authorized_user": {
      const { client_id = "", client_secret = "", refresh_token = "" } = credentials;
      return asked(url, { grant_type: "refresh_token", client_id, client_secret, refresh_token });
    }
    case "service_account":
      return asked(url, {
        grant_type: "urn:ietf:params:oauth:grant-type:jwt-bearer",
        assertion: assertion(credentials, url),
      });
    default:
      throw new GirderError("unsupported", `Credentials of type "${type ?? ""}" are not read.`, {
        where: path,
        remedy: "Give a token: --access-token=$(gcloud auth print-access-token).",
      });
  }
}

/** That of a service account, signed: RFC 7523. */
function assertion({ client_email = "", private_key = "", private_key_id }: Credentials, audience: string): string {
  const now = Math.floor(Date.now() / 1000);
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString("base64url");
  const head = { alg: "RS256", typ: "JWT", ...(private_key_id === undefined ? {} : { kid: private_key_id }) };
  const claims = { iss: client_email, scope: SCOPE, aud: audience, iat: now, exp: now + 3600 };
  const signed = `${part(head)}.${part(claims)}`;
  return `${signed}.${createSign("RSA-SHA256").update(signed).sign(private_key, "base64url")}`;
}

async function asked(url: string, form: Readonly<Record<string, string>>): Promise<Token> {
  try {
    const response = await fetch(url, {
      method: "POST",
      body: new URLSearchParams(form),
      signal: AbortSignal.timeout(PATIENCE),
    });
    return await tokenIn(response);
  } catch (cause) {
    throw new GirderError("io", `No token is given for the application default credentials: ${messageOf(cause)}.`, {
      where: url,
      remedy: "Log in again: gcloud auth application-default login. Or give a token: --access-token.",
      cause,
    });
  }
}

async function ofMachine(host: string): Promise<Token> {
  const path = "computeMetadata/v1/instance/service-accounts/default/token";
  try {
    const response = await fetch(`http://${host}/${path}`, {
      headers: { "metadata-flavor": "Google" },
      signal: AbortSignal.timeout(METADATA_PATIENCE),
    });
    return await tokenIn(response);
  } catch {
    throw none("There are no credentials for Google Cloud.");
  }
}

async function tokenIn(response: Response): Promise<Token> {
  const text = await response.text();
  const { access_token, expires_in = 0 } = (response.ok ? JSON.parse(text) : {}) as {
    readonly access_token?: string;
    readonly expires_in?: number;
  };
  if (access_token === undefined) throw new Error(`${response.status} ${text.slice(0, 300)}`);
  return { text: access_token, end: Date.now() + expires_in * 1000 };
}

function none(what: string): GirderError {
  return new GirderError("not-found", what, {
    where: "--runner=dataflow",
    remedy:
      "Log in (gcloud auth application-default login), name a service account's key by GOOGLE_APPLICATION_CREDENTIALS, or give a token: " +
      "--access-token=$(gcloud auth print-access-token).",
  });
}
