import assert from "node:assert/strict";
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { packageVersion } from "../../runners/default-image.js";
import { writeImageContext } from "./image-context.js";
import { packageClosure } from "./package-closure.js";

describe("what an image for workers is built of", () => {
  let folder: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "girder-image-spec-"));
  });

  afterEach(() => rm(folder, { recursive: true }));

  /** Installs packages: their dependencies by their paths. */
  async function installed(packages: Readonly<Record<string, object>>): Promise<void> {
    for (const [path, manifest] of Object.entries(packages)) {
      const own = join(folder, path);
      await mkdir(own, { recursive: true });
      await writeFile(
        join(own, "package.json"),
        JSON.stringify({ name: path.split("node_modules/").at(-1), ...manifest }),
      );
    }
  }

  const needing = (...names: string[]) => ({ dependencies: Object.fromEntries(names.map((name) => [name, "*"])) });

  it("is a Dockerfile that copies this package, and begins as runners start workers", async () => {
    const packages = await writeImageContext(join(folder, "out"), { base: "registry/node:22" });
    const lines = (await readFile(join(folder, "out/Dockerfile"), "utf8")).split("\n");
    assert.deepEqual(
      lines.filter((line) => line !== "" && !line.startsWith("#")),
      [
        "FROM registry/node:22",
        `LABEL org.opencontainers.image.title="girder-worker" org.opencontainers.image.version="${packageVersion()}"`,
        "ENV NODE_ENV=production",
        "WORKDIR /opt/girder",
        "COPY node_modules ./node_modules",
        'ENTRYPOINT ["node", "/opt/girder/node_modules/girder/sdk/cli/girder-worker.js"]',
      ],
    );
    assert.equal(await readFile(join(folder, "out/.dockerignore"), "utf8"), "*\n!node_modules\n");
    assert.ok(packages.includes("@grpc/grpc-js") && packages.includes("@bufbuild/protobuf"));
    // Workers bundle nothing.
    for (const name of ["esbuild", "tsx", "mocha"]) assert.ok(!packages.includes(name), name);
    const own = await readdir(join(folder, "out/node_modules/girder"));
    assert.deepEqual(own.sort(), ["LICENSE", "NOTICE", "dist", "package.json", "sdk"]);
  });

  it("has what a program's package depends on, as each of them finds it", async () => {
    await installed({
      ".": { ...needing("a", "b", "girder"), devDependencies: { d: "*" }, optionalDependencies: { none: "*" } },
      "node_modules/a": needing("c", "@scope/e"),
      "node_modules/b": { ...needing("c"), peerDependencies: { d: "*" } },
      "node_modules/b/node_modules/c": { version: "2.0.0" },
      "node_modules/c": { version: "1.0.0" },
      "node_modules/d": {},
      "node_modules/unused": {},
      "node_modules/@scope/e": needing("c"),
    });
    const base = "x";
    const packages = await writeImageContext(join(folder, "out"), { base, program: join(folder, "src/program.ts") });
    const theirs = packages.filter((path) => /^([abcd]|unused|@scope\/e)(\/|$)/.test(path));
    assert.deepEqual(theirs, ["@scope/e", "a", "b", "b/node_modules/c", "c", "d"]);
    const version = async (path: string) =>
      JSON.parse(await readFile(join(folder, "out/node_modules", path, "package.json"), "utf8")).version;
    assert.deepEqual([await version("c"), await version("b/node_modules/c")], ["1.0.0", "2.0.0"]);
    // Written again, it is the same.
    assert.deepEqual(
      await writeImageContext(join(folder, "out"), { base, program: join(folder, "main.js") }),
      packages,
    );
  });

  it("takes packages from where links lead", async () => {
    await installed({
      ".": needing("a"),
      "store/a@1/node_modules/a": needing("b"),
      "store/a@1/node_modules/b": needing("a"),
    });
    await mkdir(join(folder, "node_modules"));
    await symlink(join(folder, "store/a@1/node_modules/a"), join(folder, "node_modules/a"));
    assert.deepEqual([...packageClosure([{ folder }]).keys()], ["a", "b"]);
  });

  it("needs the packages to be installed", async () => {
    await installed({ ".": needing("a"), "node_modules/a": needing("gone") });
    assert.throws(() => packageClosure([{ folder }]), {
      code: "not-found",
      message: /package gone is not installed.*node_modules\/a.*npm install/,
    });
  });

  it("has no native code for another system than that of containers", async () => {
    await installed({ ".": needing("a"), "node_modules/a": {} });
    await writeFile(join(folder, "node_modules/a/binding.node"), "");
    const contents = { base: "x", program: join(folder, "program.js") };
    await assert.rejects(writeImageContext(join(folder, "out"), contents, "darwin"), {
      code: "unsupported",
      message: /native code are installed for darwin, not for Linux: a\. .*on Linux/,
    });
    await writeImageContext(join(folder, "out"), contents, "linux");
  });

  it("is not written among other files", async () => {
    const file = join(folder, "mine/Dockerfile");
    await mkdir(dirname(file));
    await writeFile(file, "FROM mine\n");
    await assert.rejects(writeImageContext(dirname(file), { base: "x" }), {
      code: "invalid-option",
      message: /something else in this folder.*mine.*empty folder/,
    });
    assert.equal(await readFile(file, "utf8"), "FROM mine\n");
  });
});
