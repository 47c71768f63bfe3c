/** What kind of thing an artifact is (`StandardArtifacts.Types`), and who has its bytes. */
import { fromBinary } from "@bufbuild/protobuf";
import { GirderError, messageOf } from "../../../portability/errors.js";
import {
  ArtifactFilePayloadSchema,
  type ArtifactInformation,
  ArtifactStagingToRolePayloadSchema,
  ArtifactUrlPayloadSchema,
  DeferredArtifactPayloadSchema,
  EmbeddedFilePayloadSchema,
  MavenPayloadSchema,
  PyPIPayloadSchema,
} from "../../../portability/gen/org/apache/beam/model/pipeline/v1/beam_runner_api_pb.js";
import { StandardArtifacts } from "../../../portability/urns.js";

const { FILE, URL, EMBEDDED, PYPI, MAVEN, DEFERRED } = StandardArtifacts.Types;

/** The bytes are in the artifact itself. */
export interface EmbeddedArtifact {
  readonly kind: "embedded";
  readonly data: Uint8Array;
}

/** Anybody can fetch it. */
export interface UrlArtifact {
  readonly kind: "url";
  readonly url: string;
  /** In lower case; the empty string where it is not known. */
  readonly sha256: string;
}

export interface PypiArtifact {
  readonly kind: "pypi";
  readonly project: string;
  readonly version: string;
}

export interface MavenArtifact {
  readonly kind: "maven";
  /** `group:artifact:version[:packaging[:classifier]]` */
  readonly coordinates: string;
  /** The empty string for the default one. */
  readonly repository: string;
}

/** Only the client that submitted it knows how to get at it: a file of its own, or something of a kind of its own. */
export interface ClientArtifact {
  readonly kind: "client";
  /** In lower case; the empty string where it is not known. */
  readonly sha256: string;
}

export type ArtifactType = EmbeddedArtifact | UrlArtifact | PypiArtifact | MavenArtifact | ClientArtifact;

/** Artifacts that are fetched from the network. */
export type RemoteArtifact = UrlArtifact | PypiArtifact | MavenArtifact;

/**
 * Reads an artifact's type and payload. URLs that are not those of a web server (`file:`, `gs:`) are the client's affair.
 *
 * @throws GirderError `invalid-pipeline` where the payload is not of its type, or contradicts itself.
 */
export function artifactType(artifact: ArtifactInformation): ArtifactType {
  const { typeUrn, typePayload } = artifact;
  try {
    switch (typeUrn) {
      case FILE:
        return { kind: "client", sha256: digest(fromBinary(ArtifactFilePayloadSchema, typePayload).sha256) };
      case URL: {
        const { url, sha256 } = fromBinary(ArtifactUrlPayloadSchema, typePayload);
        return { kind: /^https?:/i.test(url) ? "url" : "client", url, sha256: digest(sha256) };
      }
      case EMBEDDED:
        return { kind: "embedded", data: fromBinary(EmbeddedFilePayloadSchema, typePayload).data };
      case PYPI: {
        const { artifactId, version } = fromBinary(PyPIPayloadSchema, typePayload);
        return { kind: "pypi", project: artifactId, version };
      }
      case MAVEN: {
        const { artifact: coordinates, repositoryUrl } = fromBinary(MavenPayloadSchema, typePayload);
        return { kind: "maven", coordinates, repository: repositoryUrl };
      }
      case DEFERRED:
        fromBinary(DeferredArtifactPayloadSchema, typePayload);
        return { kind: "client", sha256: "" };
      default:
        // What its client has made up, its client may know.
        return { kind: "client", sha256: "" };
    }
  } catch (thrown) {
    if (thrown instanceof GirderError) throw thrown;
    throw new GirderError("invalid-pipeline", `The payload of an artifact cannot be read: ${messageOf(thrown)}.`, {
      where: typeUrn,
      remedy: "This is a fault of the SDK that built the pipeline.",
    });
  }
}

function digest(text: string): string {
  if (text === "" || /^[0-9a-f]{64}$/i.test(text)) return text.toLowerCase();
  throw new GirderError("invalid-pipeline", `"${text.slice(0, 100)}" is not the SHA-256 digest of an artifact.`, {
    remedy: "Give 64 hexadecimal digits, or none.",
  });
}

/** Characters of a name that are shown. */
const SHOWN = 200;

/** What to call an artifact in a message: the name it is staged under, or what its payload says. Never part of a path. */
export function artifactName(artifact: ArtifactInformation): string {
  const { typeUrn, typePayload, roleUrn, rolePayload } = artifact;
  let name = "";
  try {
    if (roleUrn === StandardArtifacts.Roles.STAGING_TO) {
      name = fromBinary(ArtifactStagingToRolePayloadSchema, rolePayload).stagedName;
    }
    if (name === "" && typeUrn === FILE) name = fromBinary(ArtifactFilePayloadSchema, typePayload).path;
    if (name === "" && typeUrn === URL) name = fromBinary(ArtifactUrlPayloadSchema, typePayload).url;
    if (name === "" && typeUrn === PYPI) name = fromBinary(PyPIPayloadSchema, typePayload).artifactId;
    if (name === "" && typeUrn === MAVEN) name = fromBinary(MavenPayloadSchema, typePayload).artifact;
    if (name === "" && typeUrn === DEFERRED) name = fromBinary(DeferredArtifactPayloadSchema, typePayload).key;
  } catch {
    // It is named by its type then.
  }
  return name === "" ? `(${typeUrn.slice(0, SHOWN)})` : JSON.stringify(name.slice(0, SHOWN));
}

/** Equal for artifacts of the same type and payload, whatever their roles. */
export function artifactKey({ typeUrn, typePayload }: ArtifactInformation): string {
  return `${typeUrn}\0${Buffer.from(typePayload).toString("base64")}`;
}
