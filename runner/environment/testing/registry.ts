/** For specs: a registry of container images on this machine, which refuses in all ways in which registries do. */
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { createServer, type Server, type ServerResponse } from "node:http";
import { gzipSync } from "node:zlib";

/** Processors as images call them. */
const ARCHITECTURES: Readonly<Record<string, string>> = { x64: "amd64", arm64: "arm64" };

const MANIFEST = "application/vnd.docker.distribution.manifest.v2+json";
const MANIFEST_LIST = "application/vnd.docker.distribution.manifest.list.v2+json";

const digestOf = (bytes: Buffer): string => `sha256:${createHash("sha256").update(bytes).digest("hex")}`;

/**
 * What it says depends on the first part of an image's name: `open` has one image, `secret` wants credentials, `closed` denies, `foreign` is
 * for other processors, `slow` never answers, and there is nothing else.
 */
export class TestRegistry implements AsyncDisposable {
  /** Requests that were left without an answer. */
  unanswered = 0;
  readonly #server: Server;
  readonly #blobs = new Map<string, Buffer>();
  readonly #manifest: Buffer;

  /** @param folder what is in the image. */
  static async start(folder: string, entrypoint: readonly string[]): Promise<TestRegistry> {
    const registry = new TestRegistry(folder, entrypoint);
    await new Promise<void>((resolve) => {
      registry.#server.listen(0, "127.0.0.1", resolve);
    });
    return registry;
  }

  private constructor(folder: string, entrypoint: readonly string[]) {
    const layer = spawnSync("tar", ["-cf", "-", "-C", folder, "."], { maxBuffer: 1 << 24 }).stdout;
    const architecture = ARCHITECTURES[process.arch] ?? process.arch;
    const config = Buffer.from(
      JSON.stringify({
        architecture,
        os: "linux",
        config: { Entrypoint: entrypoint },
        rootfs: { type: "layers", diff_ids: [digestOf(layer)] },
      }),
    );
    const part = (mediaType: string, bytes: Buffer) => {
      this.#blobs.set(digestOf(bytes), bytes);
      return { mediaType, size: bytes.length, digest: digestOf(bytes) };
    };
    this.#manifest = Buffer.from(
      JSON.stringify({
        schemaVersion: 2,
        mediaType: MANIFEST,
        config: part("application/vnd.docker.container.image.v1+json", config),
        layers: [part("application/vnd.docker.image.rootfs.diff.tar.gzip", gzipSync(layer))],
      }),
    );
    this.#server = createServer((request, response) => this.#answer(request.url ?? "", response));
  }

  /** The name of an image of this registry. */
  image(path: string): string {
    return `127.0.0.1:${(this.#server.address() as { port: number }).port}/${path}`;
  }

  #answer(url: string, response: ServerResponse): void {
    const refuse = (code: number, error: string, message: string): void => {
      response.writeHead(code, { "content-type": "application/json" });
      response.end(JSON.stringify({ errors: [{ code: error, message }] }));
    };
    const send = (bytes: Buffer, type: string): void => {
      response.writeHead(200, {
        "content-type": type,
        "content-length": bytes.length,
        "docker-content-digest": digestOf(bytes),
      });
      response.end(bytes);
    };
    const [, , name, , kind, reference = ""] = url.split("/");
    if (name === "") return void response.end("{}");
    if (name === "slow") this.unanswered++;
    else if (name === "secret") {
      response.setHeader("www-authenticate", 'Basic realm="girder spec"');
      refuse(401, "UNAUTHORIZED", "authentication required");
    } else if (name === "closed") refuse(403, "DENIED", "requested access to the resource is denied");
    else if (name === "foreign") {
      const platform = { architecture: "s390x", os: "linux" };
      const manifest = { mediaType: MANIFEST, size: this.#manifest.length, digest: digestOf(this.#manifest), platform };
      const list = { schemaVersion: 2, mediaType: MANIFEST_LIST, manifests: [manifest] };
      send(Buffer.from(JSON.stringify(list)), MANIFEST_LIST);
    } else if (name === "open" && kind === "manifests") send(this.#manifest, MANIFEST);
    else if (name === "open" && this.#blobs.has(reference)) {
      send(this.#blobs.get(reference)!, "application/octet-stream");
    } else refuse(404, "MANIFEST_UNKNOWN", "manifest unknown");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => {
      this.#server.close(resolve);
    });
  }
}
