import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { makeOwnedFolder, removeAbandonedFolders } from "./owned-folder.js";

describe("a folder of a process", () => {
  let parent: string;
  beforeEach(async () => {
    parent = await mkdtemp(join(tmpdir(), "girder-owned-spec-"));
  });
  afterEach(() => rm(parent, { recursive: true }));

  it("stays as long as its process is there, and goes when that is gone", async () => {
    const own = basename(await makeOwnedFolder(parent, "x-"));
    const child = spawn("sleep", ["60"]);
    await once(child, "spawn");
    const [, machine] = /^x-([0-9a-f]{8})-/.exec(own) ?? [];
    // The process that has the number now is not the one that made the folder.
    const reused = `x-${machine}-${process.pid}-1-abcdef`;
    const [foreign, unknown, another] = [own.replace(machine!, "00000000"), "x-abc", `y-${machine}-1-1-abcdef`];
    for (const name of [reused, foreign, unknown, another])
      await mkdir(join(parent, name, "files"), { recursive: true });
    await removeAbandonedFolders(parent, "x-");
    assert.deepEqual((await readdir(parent)).sort(), [own, foreign, unknown, another].sort());
    child.kill("SIGKILL");
    await once(child, "exit");
    await mkdir(join(parent, `x-${machine}-${child.pid}-1-abcdef`));
    await removeAbandonedFolders(parent, "x-");
    assert.equal((await readdir(parent)).length, 4);
  });

  it("need not be anywhere", async () => {
    await removeAbandonedFolders(join(parent, "nowhere"), "x-");
  });
});
