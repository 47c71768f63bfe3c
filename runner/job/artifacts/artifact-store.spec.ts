import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { mkdtemp, readdir, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ArtifactStore } from "./artifact-store.js";

const sha256 = (text: string): string => createHash("sha256").update(text).digest("hex");

async function* bytes(...texts: string[]): AsyncGenerator<Uint8Array, void, undefined> {
  for (const text of texts) yield Buffer.from(text);
}

async function textOf(chunks: AsyncIterable<Uint8Array>): Promise<string> {
  const gathered: Uint8Array[] = [];
  for await (const chunk of chunks) gathered.push(chunk);
  return Buffer.concat(gathered).toString();
}

describe("an artifact store", () => {
  let parent: string;
  let store: ArtifactStore;

  beforeEach(async () => {
    parent = await mkdtemp(join(tmpdir(), "girder-store-spec-"));
    store = await ArtifactStore.open(parent);
  });
  afterEach(async () => {
    await store.close();
    await rm(parent, { recursive: true });
  });

  /** Files in the store's folder. */
  async function files(): Promise<string[]> {
    const [own] = await readdir(parent);
    return own === undefined ? [] : await readdir(join(parent, own));
  }

  it("gives back what it was given, by its digest", async () => {
    const lease = store.lease();
    const digest = await lease.add(bytes("a ", "worker"), "", "worker.tar");
    assert.equal(digest, sha256("a worker"));
    assert.equal(await textOf(lease.read(digest)), "a worker");
    assert.equal(await textOf(lease.read(digest)), "a worker");
  });

  it("keeps nothing, and says both digests, where a content has another than it should", async () => {
    const lease = store.lease();
    await assert.rejects(lease.add(bytes("what came"), sha256("what was meant"), "x.jar"), (thrown: Error) => {
      assert.match(thrown.message, /\[corrupt-file\].*digest of x\.jar/);
      assert.ok(thrown.message.includes(sha256("what came")) && thrown.message.includes(sha256("what was meant")));
      return true;
    });
    assert.deepEqual(await files(), []);
    assert.deepEqual(store.size, { files: 0, bytes: 0 });
  });

  it("keeps nothing of what did not come to its end", async () => {
    async function* broken(): AsyncGenerator<Uint8Array, void, undefined> {
      yield* bytes("half");
      throw new RangeError("gone");
    }
    await assert.rejects(store.lease().add(broken(), "", "x.jar"), /\[io\] The artifact x\.jar cannot be stored: gone/);
    assert.deepEqual(await files(), []);
  });

  it("keeps a content once, as long as anybody has it", async () => {
    const [one, two] = [store.lease(), store.lease()];
    const digests = await Promise.all([one, two, one].map((lease) => lease.add(bytes("same"), "", "same")));
    assert.deepEqual(new Set(digests), new Set([sha256("same")]));
    assert.deepEqual(store.size, { files: 1, bytes: 4 });
    assert.equal((await files()).length, 1);
    await one.release();
    assert.equal(await textOf(two.read(sha256("same"))), "same");
    await two.release();
    assert.deepEqual(store.size, { files: 0, bytes: 0 });
    assert.deepEqual(await files(), []);
  });

  it("lets a content be taken over instead of sent again, while anybody has it", async () => {
    const [one, two] = [store.lease(), store.lease()];
    assert.equal(two.adopt(sha256("same")), false);
    await one.add(bytes("same"), "", "same");
    assert.ok(two.adopt(sha256("same")) && two.adopt(sha256("same")));
    await one.release();
    assert.equal(await textOf(two.read(sha256("same"))), "same");
    await two.release();
    assert.equal(one.adopt(sha256("same")), false);
  });

  it("gives a content to those only who hold it", async () => {
    const digest = await store.lease().add(bytes("secret"), "", "secret");
    assert.throws(() => store.lease().read(digest), { code: "not-found" });
  });

  it("does not keep what comes when its holder has gone", async () => {
    const lease = store.lease();
    async function* slow(): AsyncGenerator<Uint8Array, void, undefined> {
      yield* bytes("first");
      await lease.release();
      yield* bytes("last");
    }
    await assert.rejects(lease.add(slow(), "", "x.jar"), { code: "cancelled" });
    assert.deepEqual(await files(), []);
    assert.deepEqual(store.size, { files: 0, bytes: 0 });
  });

  it("gives an empty content as one empty chunk, and a long one in chunks of at most 1 MiB", async () => {
    const lease = store.lease();
    const empty = await lease.add(bytes(), "", "empty");
    const chunks: Uint8Array[] = [];
    for await (const chunk of lease.read(empty)) chunks.push(chunk);
    assert.deepEqual(
      chunks.map(({ length }) => length),
      [0],
    );
    const long = "0123456789abcdef".repeat(160_000);
    const digest = await lease.add(bytes(long.slice(0, 7), long.slice(7)), sha256(long), "long");
    const sizes: number[] = [];
    for await (const { length } of lease.read(digest)) sizes.push(length);
    assert.deepEqual(sizes, [1 << 20, 1 << 20, long.length - (2 << 20)]);
    assert.equal(await textOf(lease.read(digest)), long);
  });

  it("writes where nobody else can read", async () => {
    await store.lease().add(bytes("mine"), "", "mine");
    const [own] = await readdir(parent);
    assert.equal((await stat(join(parent, own!))).mode & 0o777, 0o700);
    const [file] = await files();
    assert.equal((await stat(join(parent, own!, file!))).mode & 0o777, 0o600);
  });

  it("says so where a file was cut short under it", async () => {
    const lease = store.lease();
    const digest = await lease.add(bytes("whole"), "", "whole");
    const [own] = await readdir(parent);
    const [file] = await files();
    await writeFile(join(parent, own!, file!), "wh");
    await assert.rejects(textOf(lease.read(digest)), { code: "corrupt-file" });
    await rm(join(parent, own!, file!));
    await assert.rejects(textOf(lease.read(digest)), { code: "io" });
  });

  it("is gone with its folder when it is closed, and takes nothing then", async () => {
    const lease = store.lease();
    await lease.add(bytes("mine"), "", "mine");
    await store.close();
    assert.deepEqual(await readdir(parent), []);
    await assert.rejects(lease.add(bytes("more"), "", "more"), { code: "cancelled" });
    assert.deepEqual(await readdir(parent), []);
    await lease.release();
  });

  it("refuses a folder that is none", async () => {
    await assert.rejects(ArtifactStore.open(join(parent, "missing")), /\[io\].*--staging-directory/);
  });
});
