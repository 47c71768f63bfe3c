import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const MAIN = fileURLToPath(new URL("main.js", import.meta.url));
const LENT = fileURLToPath(new URL("../expansion/testing/lent-transforms.js", import.meta.url));

/** What the command says and ends with. */
function run(...args: string[]): Promise<{ readonly code: number | undefined; readonly said: string }> {
  return new Promise((resolve) => {
    execFile(process.execPath, [...process.execArgv, MAIN, ...args], { timeout: 20_000 }, (error, stdout, stderr) =>
      resolve({ code: error === null ? 0 : Number(error.code), said: stdout + stderr }),
    );
  });
}

describe("girder expansion-service", function () {
  this.timeout(30_000);

  it("ends at once where its port is taken, and says which", async () => {
    const other = createServer().listen(0, "127.0.0.1");
    await once(other, "listening");
    const { port } = other.address() as AddressInfo;
    try {
      for (const args of [
        ["expansion-service", LENT, `--port=${port}`],
        ["serve", "--job-port=0", `--expansion-port=${port}`, `--register=${LENT}`],
      ]) {
        const { code, said } = await run(...args);
        assert.equal(code, 1, said);
        assert.match(said, new RegExp(`127\\.0\\.0\\.1:${port}`));
      }
    } finally {
      other.close();
    }
  });

  it("ends at once where there is no program, and where it registers nothing", async () => {
    const folder = mkdtempSync(join(tmpdir(), "girder-expansion-service-"));
    try {
      assert.match((await run("expansion-service", join(folder, "none.js"))).said, /none\.js/);
      const { code, said } = await run("expansion-service", fileURLToPath(new URL("whole-number.js", import.meta.url)));
      assert.equal(code, 1);
      assert.match(said, /no transform is registered[\s\S]*registerTransform/);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
