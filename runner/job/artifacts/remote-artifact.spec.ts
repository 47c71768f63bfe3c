import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { RemoteArtifact } from "./artifact-type.js";
import { fetchArtifact } from "./remote-artifact.js";

const sha256 = (text: string): string => createHash("sha256").update(text).digest("hex");

describe("an artifact on the network", () => {
  const never = new AbortController().signal;
  let server: Server;
  let base: string;
  let answer: (url: string, response: ServerResponse, request: IncomingMessage) => void;

  before(async () => {
    server = createServer((request, response) => answer(request.url ?? "", response, request));
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  after(() => {
    server.closeAllConnections();
    server.close();
  });

  /** Answers with these texts by path, and 404. */
  function files(texts: Readonly<Record<string, string>>): void {
    answer = (url, response) => {
      const text = texts[url];
      response.writeHead(text === undefined ? 404 : 200).end(text);
    };
  }

  async function fetched(artifact: RemoteArtifact, signal = never): Promise<string> {
    const chunks: Uint8Array[] = [];
    for await (const chunk of fetchArtifact(artifact, signal, { pypi: `${base}/pypi/`, maven: `${base}/maven` })) {
      chunks.push(chunk);
    }
    return Buffer.concat(chunks).toString();
  }

  it("is fetched from its URL, by way of redirections, and its digest is checked", async () => {
    answer = (url, response) => {
      if (url === "/old") response.writeHead(302, { location: "/new" }).end();
      else response.end("a jar");
    };
    const url = `${base}/old`;
    assert.equal(await fetched({ kind: "url", url, sha256: "" }), "a jar");
    assert.equal(await fetched({ kind: "url", url, sha256: sha256("a jar") }), "a jar");
    await assert.rejects(fetched({ kind: "url", url, sha256: sha256("another") }), { code: "corrupt-file" });
  });

  it("comes from a Maven repository by its coordinates", async () => {
    files({
      "/maven/org/example/tool/1.2/tool-1.2.jar": "tool",
      "/maven/org/example/tool/1.2/tool-1.2-tests.jar": "tests",
      "/own/org/example/tool/1.2/tool-1.2.zip": "zip",
    });
    const maven = (coordinates: string, repository = ""): RemoteArtifact => ({
      kind: "maven",
      coordinates,
      repository,
    });
    assert.equal(await fetched(maven("org.example:tool:1.2")), "tool");
    assert.equal(await fetched(maven("org.example:tool:1.2:jar:tests")), "tests");
    assert.equal(await fetched(maven("org.example:tool:1.2:zip", `${base}/own/`)), "zip");
    await assert.rejects(fetched(maven("org.example:tool:1.3")), /\[not-found\].*404.*tool-1\.3\.jar/);
    for (const coordinates of ["", "a", "a:b", "a:b:1:jar:c:d", "a:../../b:1", "a:b:1?x=y", "a/b:c:1"]) {
      await assert.rejects(fetched(maven(coordinates)), { code: "invalid-pipeline" }, coordinates);
    }
  });

  it("comes from a Python index: a wheel that runs everywhere, else the sources, with the index's digest", async () => {
    const release = (filename: string, packagetype: string, text: string) => {
      return { filename, packagetype, url: `../../../files/${filename}`, digests: { sha256: sha256(text) } };
    };
    const wheel = release("six-1-py2.py3-none-any.whl", "bdist_wheel", "wheel");
    const sources = release("six-1.tar.gz", "sdist", "sources");
    const native = release("six-2-cp311-cp311-linux_x86_64.whl", "bdist_wheel", "native");
    files({
      "/pypi/six/1/json": JSON.stringify({ urls: [native, sources, wheel] }),
      "/pypi/six/json": JSON.stringify({ urls: [native, { ...sources, url: `${base}/pypi/files/six-1.tar.gz` }] }),
      "/pypi/six/2/json": JSON.stringify({ urls: [native] }),
      "/pypi/six/3/json": "<html>",
      "/files/six-1-py2.py3-none-any.whl": "wheel",
      "/pypi/files/six-1.tar.gz": "sources",
    });
    const pypi = (version: string, project = "six"): RemoteArtifact => ({ kind: "pypi", project, version });
    assert.equal(await fetched(pypi("1")), "wheel");
    assert.equal(await fetched(pypi("")), "sources");
    await assert.rejects(fetched(pypi("2")), /\[not-found\] six 2 has neither a wheel of pure Python nor sources/);
    await assert.rejects(fetched(pypi("3")), /\[io\] The package index cannot be understood/);
    await assert.rejects(fetched(pypi("1", "../../files")), { code: "not-found" });
  });

  it("fails with what the server says, and where nobody answers", async () => {
    answer = (_, response) => response.writeHead(503).end();
    await assert.rejects(fetched({ kind: "url", url: base, sha256: "" }), /\[io\] The server answers 503/);
    await assert.rejects(
      fetched({ kind: "url", url: "http://127.0.0.1:1/x", sha256: "" }),
      /\[io\].*cannot be fetched/,
    );
    answer = (_, response, { socket }) => {
      response.writeHead(200, { "content-length": "100" }).write("half", () => socket.destroy());
    };
    await assert.rejects(fetched({ kind: "url", url: base, sha256: "" }), /\[io\].*cannot be fetched/);
  });

  it("is not waited for when nobody wants it any more", async () => {
    const asked = new Promise<IncomingMessage>((resolve) => {
      answer = (_, __, request) => resolve(request);
    });
    const abort = new AbortController();
    const fetching = assert.rejects(fetched({ kind: "url", url: base, sha256: "" }, abort.signal), {
      code: "cancelled",
    });
    const closed = once((await asked).socket, "close");
    abort.abort();
    await Promise.all([fetching, closed]);
  });
});
