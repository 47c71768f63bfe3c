/** What the Docker client says when it fails, as errors of ours. */
import { GirderError } from "../../../portability/errors.js";

interface Meaning {
  readonly pattern: RegExp;
  readonly code: "io" | "not-found" | "invalid-pipeline" | "unsupported";
  readonly what: string;
  readonly remedy: string;
}

/** In order: a message may fit several, as a registry that refuses does not tell whether it has the image. */
const MEANINGS: readonly Meaning[] = [
  {
    pattern: /permission denied.*(docker|podman)[\w. ]*(socket|api)|dial unix .*permission denied/is,
    code: "io",
    what: "The Docker engine may not be used by this user",
    remedy: "Run the server as a user of the group docker, or see what DOCKER_HOST points to.",
  },
  {
    pattern: /cannot connect to the docker daemon|failed to connect to the docker api|error during connect/i,
    code: "io",
    what: "The Docker engine does not answer",
    remedy: "Start it (systemctl start docker, or dockerd), or see what DOCKER_HOST and the Docker context point to.",
  },
  {
    pattern: /invalid reference format|must be lowercase|invalid repository name/i,
    code: "invalid-pipeline",
    what: "This is not the name of a container image",
    remedy: "Give the environment an image such as registry/name:tag.",
  },
  {
    pattern: /no matching manifest|does not match the specified platform|image operating system .* cannot be used/i,
    code: "unsupported",
    what: "The image does not exist for the processor or operating system of this machine",
    remedy: "Name an image that was built for it.",
  },
  {
    pattern: /unauthorized|authentication required|no basic auth credentials|(?<!permission )denied|forbidden/i,
    code: "io",
    what: "The registry refuses the image: it does not exist, or credentials are missing or wrong",
    remedy: "Check the image's name, and log in (docker login) as the user that the server runs as.",
  },
  {
    pattern:
      /no such image|manifest unknown|name unknown|manifest for .* not found|not found|repository name not known/i,
    code: "not-found",
    what: "There is no such image, neither here nor in its registry",
    remedy: "Check the image's name and tag, or build or pull it before.",
  },
  {
    pattern: /no space left on device/i,
    code: "io",
    what: "There is no room for the image on the engine's disk",
    remedy: "Make room (docker system prune).",
  },
  {
    pattern:
      /dial tcp|no such host|i\/o timeout|connection (refused|reset)|tls|x509|context deadline exceeded|client\.timeout|proxyconnect|\beof\b/i,
    code: "io",
    what: "The registry of the image cannot be reached",
    remedy: "Check the network and proxy of the engine, or build or pull the image before.",
  },
];

/** @param output what the client wrote to its standard error. */
export function dockerError(image: string, output: string): GirderError {
  const said = output.trim() || "nothing";
  const meaning = MEANINGS.find(({ pattern }) => pattern.test(said));
  return new GirderError(
    meaning?.code ?? "io",
    `${meaning?.what ?? "The Docker engine cannot provide an image"}: ${said}`,
    {
      where: image,
      remedy: meaning?.remedy ?? "See what the engine logs.",
    },
  );
}
