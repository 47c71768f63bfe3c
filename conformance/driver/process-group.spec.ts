import assert from "node:assert/strict";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { setImmediate } from "node:timers/promises";
import { ProcessGroup } from "./process-group.js";

/** A shell, once it has said "ready". */
async function shell(script: string): Promise<ProcessGroup> {
  const group = ProcessGroup.start("sh", ["-c", script], { stdio: ["ignore", "pipe", "inherit"] });
  await once(createInterface({ input: group.child.stdout as Readable }), "line");
  return group;
}

/** Resolves once a process that is not our child has ended, whether or not somebody has taken notice of it. */
async function hasEnded(pid: number): Promise<void> {
  const stat = `/proc/${pid}/stat`;
  while (existsSync(stat) && !/\) [ZX] /.test(readFileSync(stat, "utf8"))) await setImmediate();
}

describe("a process group", () => {
  it("ends when it is asked to", async () => {
    const group = await shell("trap 'exit 7' TERM; echo ready; while :; do sleep 0.02; done");
    assert.deepEqual(await group.stop(5_000), []);
    assert.equal(await group.exited, 7);
  });

  it("ends with what its program left running, in whatever group, and says what that was", async () => {
    const child = "setsid sh -c 'echo ready; exec sleep 54321'";
    const group = await shell(`trap 'exit 0' TERM; ${child} & while :; do sleep 0.02; done`);
    const left = await group.stop(5_000);
    assert.ok(
      left.some((each) => each.endsWith("sleep 54321")),
      left.join(),
    );
    assert.equal(await group.exited, 0);
    await hasEnded(Number(left.find((each) => each.endsWith("54321"))!.split(" ")[0]));
  });

  it("is ended where it does not listen", async () => {
    const group = await shell("trap '' TERM; echo ready; while :; do sleep 0.02; done");
    await group.stop(50);
    assert.equal(await group.exited, "SIGKILL");
  });

  it("says that its program cannot be started", async () => {
    const group = ProcessGroup.start("/no/such/program", [], {});
    await assert.rejects(group.exited, { code: "io", message: /could not be started.*\/no\/such\/program/ });
    assert.deepEqual(await group.stop(50), []);
  });
});
