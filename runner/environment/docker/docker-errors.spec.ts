import assert from "node:assert/strict";
import type { ErrorCode } from "../../../portability/errors.js";
import { dockerError } from "./docker-errors.js";

/** What Docker's client and engine write, over several versions of both and with several registries. */
const SAID: readonly (readonly [ErrorCode, RegExp, readonly string[]])[] = [
  [
    "io",
    /may not be used by this user.*group docker/s,
    [
      'permission denied while trying to connect to the Docker daemon socket at unix:///var/run/docker.sock: Get "http://%2Fvar%2Frun%2Fdocker.sock/v1.24/images/x/json": dial unix /var/run/docker.sock: connect: permission denied',
      "permission denied while trying to connect to the docker API at unix:///var/run/docker.sock",
    ],
  ],
  [
    "io",
    /does not answer.*DOCKER_HOST/s,
    [
      "[]\nCannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?",
      "failed to connect to the docker API at unix:///var/run/docker.sock; check if the path is correct and if the daemon is running: dial unix /var/run/docker.sock: connect: no such file or directory",
      "error during connect: this error may indicate that the docker daemon is not running",
    ],
  ],
  [
    "invalid-pipeline",
    /not the name of a container image/,
    [
      "invalid reference format: repository name (library/Not An Image) must be lowercase",
      "Error response from daemon: no such image: a:b:c: invalid reference format",
    ],
  ],
  [
    "unsupported",
    /processor or operating system of this machine/,
    [
      "no matching manifest for linux/amd64 in the manifest list entries",
      "Error response from daemon: no matching manifest for linux/arm64/v8 in the manifest list entries: no match for platform in manifest: not found",
      'image operating system "windows" cannot be used on this platform: operating system is not supported',
    ],
  ],
  [
    "io",
    /refuses the image.*docker login/s,
    [
      "Error response from daemon: pull access denied for no-such-image, repository does not exist or may require 'docker login': denied: requested access to the resource is denied",
      "Error response from daemon: unauthorized",
      "Error response from daemon: denied",
      'Error response from daemon: Head "https://registry.example/v2/a/manifests/latest": no basic auth credentials',
      'Error response from daemon: Head "https://registry.example/v2/a/b/manifests/latest": denied: denied',
      "unexpected status from HEAD request to https://registry.example/v2/a/manifests/1: 403 Forbidden",
    ],
  ],
  [
    "not-found",
    /neither here nor in its registry/,
    [
      "Error response from daemon: manifest for busybox:no-such-tag not found: manifest unknown: manifest unknown",
      "Error response from daemon: manifest unknown",
      'Error response from daemon: failed to resolve reference "registry.example/a:1": registry.example/a:1: not found',
      "Error: No such image: x",
    ],
  ],
  [
    "io",
    /no room for the image/,
    ["failed to register layer: Error processing tar file(exit status 1): write /usr/lib/x: no space left on device"],
  ],
  [
    "io",
    /registry of the image cannot be reached/,
    [
      'Error response from daemon: Get "http://127.0.0.1:1/v2/": dial tcp 127.0.0.1:1: connect: connection refused',
      'Error response from daemon: Get "https://registry.example/v2/": dial tcp: lookup registry.example on 127.0.0.53:53: no such host',
      'Error response from daemon: Get "https://registry.example/v2/": net/http: request canceled while waiting for connection (Client.Timeout exceeded while awaiting headers)',
      'Error response from daemon: Get "https://registry.example/v2/": x509: certificate signed by unknown authority',
    ],
  ],
  ["io", /cannot provide an image: (something new|nothing)/, ["something new", ""]],
];

describe("dockerError", () => {
  for (const [code, text, outputs] of SAID) {
    it(`understands ${outputs.length} ways to say: ${text.source}`, () => {
      for (const output of outputs) {
        const error = dockerError("registry.example/a:1", output);
        assert.equal(error.code, code, output);
        assert.match(error.message, text, output);
        assert.equal(error.where, "registry.example/a:1");
        assert.ok(error.message.includes(output.trim()));
      }
    });
  }
});
