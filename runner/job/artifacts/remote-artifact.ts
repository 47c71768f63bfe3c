/** Artifacts that anybody can fetch: from a URL, from a Python package index, from a Maven repository. */
import { createHash } from "node:crypto";
import { GirderError, messageOf } from "../../../portability/errors.js";
import type { MavenArtifact, PypiArtifact, RemoteArtifact } from "./artifact-type.js";

/** Where packages come from whose artifact does not say so. */
export interface Repositories {
  /** A Python package index that speaks PyPI's JSON. */
  readonly pypi: string;
  /** A Maven repository. */
  readonly maven: string;
}

export const PUBLIC_REPOSITORIES: Repositories = {
  pypi: "https://pypi.org/pypi",
  maven: "https://repo1.maven.org/maven2",
};

/** Bytes of an answer that is read whole, at most. */
const MAX_JSON = 64 << 20;

/**
 * The bytes of an artifact, as they come. Where its digest is known, it is checked with the last of them.
 *
 * @throws GirderError `not-found`, `io`, `corrupt-file` for another digest, `invalid-pipeline` for coordinates that are none.
 */
export async function* fetchArtifact(
  artifact: RemoteArtifact,
  signal: AbortSignal,
  repositories: Repositories = PUBLIC_REPOSITORIES,
): AsyncGenerator<Uint8Array, void, undefined> {
  const { url, sha256 } = await locate(artifact, signal, repositories);
  const hash = createHash("sha256");
  for await (const chunk of get(url, signal)) {
    hash.update(chunk);
    yield chunk;
  }
  const digest = hash.digest("hex");
  if (sha256 !== "" && digest !== sha256) {
    throw new GirderError("corrupt-file", `The SHA-256 digest of what was fetched is ${digest}, not ${sha256}.`, {
      where: url,
      remedy: "See what is there now, and submit the pipeline with its digest.",
    });
  }
}

interface Location {
  readonly url: string;
  readonly sha256: string;
}

async function locate(artifact: RemoteArtifact, signal: AbortSignal, repositories: Repositories): Promise<Location> {
  switch (artifact.kind) {
    case "url":
      return artifact;
    case "maven":
      return { url: mavenUrl(artifact, repositories.maven), sha256: "" };
    case "pypi":
      return await locatePypi(artifact, signal, repositories.pypi);
  }
}

function mavenUrl({ coordinates, repository }: MavenArtifact, defaultRepository: string): string {
  const [group, artifact, version, packaging = "jar", classifier, ...rest] = coordinates.split(":");
  const parts = [group, artifact, version, packaging, ...(classifier === undefined ? [] : [classifier])];
  if (rest.length > 0 || parts.some((part) => part === undefined || !/^[\w.+-]+$/.test(part) || part.includes(".."))) {
    throw new GirderError("invalid-pipeline", `${JSON.stringify(coordinates.slice(0, 200))} names no Maven artifact.`, {
      remedy: "Write group:artifact:version, optionally with :packaging and :classifier.",
    });
  }
  const base = repository === "" ? defaultRepository : repository;
  const folder = `${base.replace(/\/+$/, "")}/${group!.replaceAll(".", "/")}/${artifact}/${version}`;
  return `${folder}/${artifact}-${version}${classifier === undefined ? "" : `-${classifier}`}.${packaging}`;
}

/** What PyPI's JSON says of a file of a release. */
interface Release {
  readonly url: string;
  readonly filename: string;
  readonly packagetype: string;
  readonly digests: { readonly sha256?: string };
}

/** A file that any worker can install: a wheel of pure Python, else the sources. */
async function locatePypi({ project, version }: PypiArtifact, signal: AbortSignal, index: string): Promise<Location> {
  const path = [project, ...(version === "" ? [] : [version])].map(encodeURIComponent).join("/");
  const url = `${index.replace(/\/+$/, "")}/${path}/json`;
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of get(url, signal)) {
    size += chunk.length;
    if (size > MAX_JSON) throw new GirderError("io", "What the package index says is too long.", { where: url });
    chunks.push(chunk);
  }
  let files: readonly Release[];
  try {
    ({ urls: files } = JSON.parse(Buffer.concat(chunks).toString()) as { urls: readonly Release[] });
    const found =
      files.find(({ filename }) => /-(py3|py2\.py3)-none-any\.whl$/.test(filename)) ??
      files.find(({ packagetype }) => packagetype === "sdist");
    if (found !== undefined) return { url: new URL(found.url, url).href, sha256: found.digests.sha256 ?? "" };
  } catch (cause) {
    throw new GirderError("io", `The package index cannot be understood: ${messageOf(cause)}.`, { where: url, cause });
  }
  throw new GirderError("not-found", `${project} ${version} has neither a wheel of pure Python nor sources.`, {
    where: url,
    remedy: "Stage the file that workers need instead.",
  });
}

async function* get(url: string, signal: AbortSignal): AsyncGenerator<Uint8Array, void, undefined> {
  let response: Response;
  try {
    response = await fetch(url, { signal });
  } catch (cause) {
    throw fetchError(cause, url);
  }
  if (!response.ok || response.body === null) {
    await response.body?.cancel().catch(() => undefined);
    const missing = response.status === 404 || response.status === 410;
    throw new GirderError(missing ? "not-found" : "io", `The server answers ${response.status}.`, { where: url });
  }
  try {
    for await (const chunk of response.body) yield chunk as Uint8Array;
  } catch (cause) {
    throw fetchError(cause, url);
  }
}

/** Node says why a request failed in the error's cause. */
function fetchError(thrown: unknown, url: string): GirderError {
  if (thrown instanceof Error && thrown.name === "AbortError") {
    return new GirderError("cancelled", "It was not waited for.", { where: url, cause: thrown });
  }
  const reason = thrown instanceof Error && thrown.cause !== undefined ? thrown.cause : thrown;
  return new GirderError("io", `The artifact cannot be fetched: ${messageOf(reason)}.`, { where: url, cause: thrown });
}
