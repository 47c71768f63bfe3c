import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));

describe("the reference", function () {
  this.timeout(120_000);

  it("is made of docstrings: a page for each export, and links that lead somewhere", async () => {
    const out = await mkdtemp(join(tmpdir(), "girder-docs-"));
    try {
      // Fails where a link of a docstring cannot be resolved.
      await promisify(execFile)("npm", ["run", "docs", "--", "--out", out], { cwd: ROOT });
      const pages = (await readdir(out, { recursive: true })).filter((file) => file.endsWith(".html"));
      assert.ok(pages.length > 200, `${pages.length} pages`);
      const modules = await readdir(join(out, "modules"));
      for (const entry of ["girder", "girder_testing", "girder_coders", "girder_io_textio", "girder_io_filesystem"]) {
        assert.ok(modules.includes(`${entry}.html`), `${entry} is not among ${modules}`);
      }
      assert.match(await readFile(join(out, "functions/girder.fixedWindows.html"), "utf8"), /Length of a window, ms/);
    } finally {
      await rm(out, { recursive: true });
    }
  });
});
