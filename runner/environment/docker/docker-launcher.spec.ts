import assert from "node:assert/strict";
import { execFileSync, spawn, spawnSync } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { createServer as createSocket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import type { EnvironmentOptions } from "../environment-options.js";
import type { LaunchedWorker, WorkerToLaunch } from "../launcher.js";
import { launcherFor } from "../launcher-for.js";
import { anyOf, docker, external } from "../testing/environments.js";
import { failure } from "../testing/failures.js";
import { until } from "../testing/processes.js";
import { BOOT_WORKER, makeProgram } from "../testing/programs.js";
import { TestRegistry } from "../testing/registry.js";
import { TestServices } from "../testing/services.js";
import { SERVER_LABEL, WORKER_LABEL } from "./docker-launcher.js";

const ELSEWHERE = { control: "h:1", logging: "h:2", artifact: "h:3", provision: "h:4" };

function worker(id: string, init: Partial<WorkerToLaunch> = {}): WorkerToLaunch {
  return { id, endpoints: ELSEWHERE, signal: new AbortController().signal, ...init };
}

describe("workers in containers", () => {
  let folder: string;
  const launched: LaunchedWorker[] = [];

  before(function () {
    if (process.platform !== "linux") {
      console.log("      skipped: the programs of these specs run in containers on Linux only");
      this.skip();
    }
  });

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "girder-spec-"));
  });

  afterEach(async () => {
    await Promise.all(launched.splice(0).map((one) => one.stop()));
    rmSync(folder, { recursive: true });
  });

  describe("without an engine", () => {
    const { DOCKER_HOST } = process.env;

    afterEach(() => {
      if (DOCKER_HOST === undefined) delete process.env["DOCKER_HOST"];
      else process.env["DOCKER_HOST"] = DOCKER_HOST;
    });

    it("are refused where there is no client", async () => {
      const launcher = launcherFor(docker("image"), { docker: { program: "no-such-docker" } });
      await assert.rejects(
        launcher.launch(worker("w-1")),
        failure("not-found", /no-such-docker/, /need the Docker client/),
      );
    });

    it("are refused where no engine answers", async function () {
      if (spawnSync("docker", ["--version"]).status !== 0) this.skip();
      process.env["DOCKER_HOST"] = `unix://${join(folder, "no-socket")}`;
      const refused = launcherFor(docker("image")).launch(worker("w-1"));
      await assert.rejects(refused, failure("io", /engine does not answer/, /no-socket/, /Start it/));
    });

    it("are given up when they are cancelled while the engine hangs", async function () {
      if (spawnSync("docker", ["--version"]).status !== 0) this.skip();
      const asked = new AbortController();
      const mute = createSocket((connection) => {
        connection.resume();
        asked.abort();
      });
      await new Promise<void>((resolve) => {
        mute.listen(0, "127.0.0.1", resolve);
      });
      process.env["DOCKER_HOST"] = `tcp://127.0.0.1:${(mute.address() as { port: number }).port}`;
      const hanging = launcherFor(docker("image")).launch(worker("w-1", { signal: asked.signal }));
      await assert.rejects(hanging, failure("cancelled"));
      mute.close();
    });

    it("share the network of the host only where the services listen on the loopback interface", async () => {
      const told = join(folder, "told");
      const program = makeProgram(folder, "docker", ["sh", "-c", `echo "$@" >>'${told}'`, "sh"]);
      const hosts: [string, boolean][] = [
        ["localhost", true],
        ["127.0.0.1", true],
        ["[::1]", true],
        ["runner.example", false],
        ["10.1.2.3", false],
      ];
      for (const [host, shared] of hosts) {
        const endpoints = { ...ELSEWHERE, control: `${host}:1` };
        const launcher = launcherFor(docker("image"), { docker: { program, runArguments: ["--memory=1g"] } });
        const one = await launcher.launch(worker("w-1", { endpoints }));
        launched.push(one);
        await one.exited;
        const lines = readFileSync(told, "utf8").split("\n");
        const run = lines.find((line) => line.startsWith("run --rm") && line.includes(`=${host}:1`));
        assert.equal(run?.includes("--network=host"), shared, host);
        assert.match(run!, /--memory=1g image --id=w-1 --provision_endpoint=h:4 /);
      }
    });
  });

  describe("with an engine", () => {
    const image = `girder-spec-${randomUUID()}:1`;
    const entrypoint = [...BOOT_WORKER];
    /** The image has next to nothing in it: Node and the worker's program are those of this machine. */
    const runArguments = volumes().map((path) => `--volume=${path}:${path}:ro`);
    const output: string[] = [];
    const pulled: string[] = [];
    let services: TestServices;
    let context: string;

    const engine = (...args: string[]): string => execFileSync("docker", args, { encoding: "utf8" }).trim();
    const containersOf = (id: string): string =>
      engine("ps", "--all", "--quiet", `--filter=label=${WORKER_LABEL}=${id}`);

    before(async function () {
      this.timeout(60_000);
      const info = spawnSync("docker", ["info", "--format={{.ServerVersion}}"], { encoding: "utf8" });
      if (info.status !== 0) {
        console.log("      skipped: no Docker engine answers");
        this.skip();
      }
      context = mkdtempSync(join(tmpdir(), "girder-spec-"));
      writeFileSync(join(context, "marker"), image);
      const lines = ["FROM scratch", "COPY marker /marker", `ENTRYPOINT ${JSON.stringify(entrypoint)}`];
      writeFileSync(join(context, "Dockerfile"), lines.join("\n"));
      // The container by which testcontainers cleans up would have to be pulled. Nothing is left to it here.
      process.env["TESTCONTAINERS_RYUK_DISABLED"] ??= "true";
      const { GenericContainer } = await import("testcontainers");
      await GenericContainer.fromDockerfile(context).build(image, { deleteOnExit: false });
      services = await TestServices.start();
    });

    after(async () => {
      if (context === undefined) return;
      await services[Symbol.asyncDispose]();
      rmSync(context, { recursive: true });
      for (const name of [image, ...pulled]) spawnSync("docker", ["rmi", "--force", name]);
    });

    beforeEach(() => {
      output.length = 0;
    });

    async function launch(
      id: string,
      name: string,
      {
        signal = new AbortController().signal,
        docker: more,
        ...options
      }: EnvironmentOptions & { signal?: AbortSignal } = {},
    ): Promise<LaunchedWorker> {
      services.expect(id);
      const launcher = launcherFor(docker(name), {
        onOutput: (_, line) => output.push(line),
        docker: { runArguments: [...runArguments, ...(more?.runArguments ?? [])] },
        ...options,
      });
      const one = await launcher.launch(worker(id, { endpoints: services.endpoints, signal }));
      launched.push(one);
      return one;
    }

    async function connected(id: string): Promise<void> {
      const said = () => `${id} is connected; it wrote:\n${output.join("\n")}`;
      await until(said(), () => services.connected.has(id), 30_000);
      await until("it has logged", () => services.heard(id, /^job: a job$/));
    }

    it("boot, are provisioned, connect, log and answer; and are removed once they are stopped", async function () {
      this.timeout(60_000);
      const id = `w-${randomUUID()}`;
      const one = await launch(id, image);
      await connected(id);
      assert.match(await services.status.report(id, 10_000), /^process \d+ of w-/);
      assert.deepEqual(output, [`booting ${id}`]);
      const labels = JSON.parse(engine("inspect", "--format={{json .Config.Labels}}", containersOf(id)));
      assert.deepEqual([labels[WORKER_LABEL], labels[SERVER_LABEL]], [id, String(process.pid)]);
      await one.stop();
      assert.equal(containersOf(id), "");
      await until("it is disconnected", () => !services.connected.has(id));
    });

    it("say why they have ended, with their last words, and leave nothing behind", async function () {
      this.timeout(60_000);
      const id = `w-${randomUUID()}`;
      const one = await launch(id, image, { docker: { runArguments: ["--env=GIRDER_SPEC=fail"] } });
      assert.match(
        await one.exited,
        /container of image girder-spec-\S+ ended with exit code 3;.*\n {2}this worker cannot start$/,
      );
      assert.equal(containersOf(id), "");
      const killed = await launch(id, image);
      await connected(id);
      engine("kill", containersOf(id));
      assert.match(await killed.exited, /ended with exit code 137/);
    });

    it("say that they could not be started, and why", async function () {
      this.timeout(60_000);
      const refused = await launch("w-1", image, { docker: { runArguments: ["--no-such-option"] } });
      assert.match(await refused.exited, /not started by the engine: .*exit code 125;[\s\S]*no-such-option/);
      const missing = await launch("w-2", image, { docker: { runArguments: ["--entrypoint=/no/such/program"] } });
      assert.match(await missing.exited, /no entry point that can be run: .*exit code 127;[\s\S]*\/no\/such\/program/);
    });

    it("are removed when the server is killed", async function () {
      this.timeout(60_000);
      const id = `w-${randomUUID()}`;
      services.expect(id);
      const [name, options, endpoints] = [image, { docker: { runArguments } }, services.endpoints].map((value) =>
        JSON.stringify(value),
      );
      const urlOf = (path: string) => JSON.stringify(new URL(path, import.meta.url).href);
      const program = `
        import { launcherFor } from ${urlOf("../launcher-for.js")};
        import { docker } from ${urlOf("../testing/environments.js")};
        const { signal } = new AbortController();
        await launcherFor(docker(${name}), ${options}).launch({ id: "${id}", endpoints: ${endpoints}, signal });
        console.log("launched");
      `;
      const server = spawn(process.execPath, ["--input-type=module", "-e", program], {
        stdio: ["ignore", "pipe", "inherit"],
      });
      await once(createInterface(server.stdout!), "line");
      await connected(id);
      assert.notEqual(containersOf(id), "");
      server.kill("SIGKILL");
      await until("its container is gone", () => containersOf(id) === "", 20_000);
      await until("it is disconnected", () => !services.connected.has(id));
    });

    it("are the choice where a pool is not there", async function () {
      this.timeout(60_000);
      const id = `w-${randomUUID()}`;
      const alternatives = anyOf(docker(image), external({ endpoint: { url: "127.0.0.1:1" } }));
      const launcher = launcherFor(alternatives, { docker: { runArguments }, poolTimeout: 200 });
      services.expect(id);
      launched.push(await launcher.launch(worker(id, { endpoints: services.endpoints })));
      await connected(id);
      assert.deepEqual(launcher.environment, docker(image));
    });

    describe("of images that the engine does not have", () => {
      let registry: TestRegistry;

      before(async () => {
        const contents = join(context, "contents");
        mkdirSync(contents);
        writeFileSync(join(contents, "marker"), "pulled");
        registry = await TestRegistry.start(contents, entrypoint);
      });

      after(async () => {
        await registry?.[Symbol.asyncDispose]();
      });

      it("are pulled, once", async function () {
        this.timeout(60_000);
        const name = registry.image("open/worker:1");
        pulled.push(name);
        const id = `w-${randomUUID()}`;
        await launch(id, name);
        await connected(id);
        assert.notEqual(engine("image", "inspect", "--format={{.Id}}", name), "");
      });

      it("are refused where the registry has no such image", async () => {
        const name = registry.image("none/worker:1");
        await assert.rejects(
          launch("w-1", name),
          failure("not-found", /no such image/, /manifest unknown/, /none\/worker/),
        );
      });

      it("are refused where the registry wants credentials, or denies them", async () => {
        for (const name of ["secret/worker:1", "closed/worker:1"].map((path) => registry.image(path))) {
          await assert.rejects(launch("w-1", name), failure("io", /registry refuses/, /docker login/));
        }
      });

      it("are refused where the image is for other processors", async () => {
        const name = registry.image("foreign/worker:1");
        await assert.rejects(
          launch("w-1", name),
          failure("unsupported", /does not exist for the processor/, /no matching manifest/),
        );
      });

      it("are refused where there is no registry", async () => {
        const nowhere = launch("w-1", "127.0.0.1:1/girder/worker:1");
        await assert.rejects(nowhere, failure("io", /registry of the image cannot be reached/, /connection refused/));
      });

      it("are refused where the name is none", async () => {
        await assert.rejects(
          launch("w-1", "Not An Image"),
          failure("invalid-pipeline", /not the name of a container image/),
        );
      });

      it("are given up when they are cancelled while the image is pulled", async () => {
        const cancel = new AbortController();
        const name = registry.image("slow/worker:1");
        const pulling = assert.rejects(launch("w-1", name, { signal: cancel.signal }), failure("cancelled"));
        await until("the registry was asked", () => registry.unanswered > 0);
        cancel.abort();
        await pulling;
      });
    });
  });
});

/** What a container needs of this machine to run Node and what is built here. */
function volumes(): string[] {
  const libraries = spawnSync("ldd", [process.execPath], { encoding: "utf8" }).stdout ?? "";
  const root = fileURLToPath(new URL("../../../../", import.meta.url));
  return [process.execPath, ...(libraries.match(/\/\S+/g) ?? []), root, realpathSync(join(root, "node_modules"))];
}
