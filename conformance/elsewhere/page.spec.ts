/** The commands of the guide's page about running elsewhere are executed, as far as this machine has what they need. */
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort } from "../../portability/process/free-port.js";
import { findPrism } from "../endpoint/prism.js";
import { ROOT } from "../root.js";

const PAGE = "docs/guide/elsewhere.md";

/** The lines of the page's shell blocks, continued ones as one. */
function commandsOf(page: string): string[] {
  const blocks = readFileSync(join(ROOT, page), "utf8").matchAll(/^```sh\n(.*?)^```$/gms);
  return Array.from(blocks, ([, block = ""]) => block.replace(/\\\n\s*/g, "").split("\n"))
    .flat()
    .filter((line) => line.startsWith("girder "));
}

describe(`the commands of ${PAGE}`, function () {
  this.timeout(120_000);
  const commands = commandsOf(PAGE);
  let folder: string;
  let port: number;
  const running: ChildProcess[] = [];

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), "girder-elsewhere-"));
    symlinkSync(join(ROOT, "examples"), join(folder, "examples"));
    port = await freePort();
  });

  after(async () => {
    for (const child of running) {
      const ended = once(child, "exit");
      if (child.exitCode === null && child.kill()) await ended;
    }
    rmSync(folder, { recursive: true, force: true });
  });

  /** Starts a command as the page has it, but for its port, which may be taken. */
  function started(command: string, env: NodeJS.ProcessEnv = {}): ChildProcess {
    const [, ...words] = command.replace(/ &$/, "").replaceAll("8073", String(port)).split(" ");
    return spawn(process.execPath, [join(ROOT, "sdk/cli/girder.js"), ...words], {
      cwd: folder,
      env: { ...process.env, ...env },
      stdio: ["ignore", "pipe", "pipe"],
    });
  }

  async function finished(command: string, env?: NodeJS.ProcessEnv): Promise<string> {
    const child = started(command, env);
    let text = "";
    for (const stream of [child.stdout!, child.stderr!]) stream.on("data", (chunk: Buffer) => (text += String(chunk)));
    const [code] = (await once(child, "close")) as [number | null];
    assert.equal(code, 0, `${command}\n${text}`);
    return text;
  }

  function command(pattern: RegExp): string {
    const found = commands.filter((each) => pattern.test(each));
    assert.equal(found.length, 1, `${pattern} among ${commands.join("\n")}`);
    return found[0]!;
  }

  it("start a job service and run a program on it", async () => {
    const server = started(command(/^girder serve .* &$/));
    running.push(server);
    await once(server.stdout!, "data");
    const text = await finished(command(/--runner=portable --job-endpoint=localhost:8073$/));
    assert.match(text, /girder: DONE in /);
  });

  it("run a program on Prism", async function () {
    const prism = await findPrism();
    if (prism === undefined) {
      console.log("      There is no Prism here.");
      this.skip();
    }
    assert.match(await finished(command(/--runner=prism$/), { PRISM: prism }), /girder: DONE in /);
  });

  it("write a job for Dataflow", async () => {
    const line = command(/--runner=dataflow/);
    assert.match(await finished(line), /girder: STOPPED in /);
    assert.deepEqual(readdirSync(join(folder, "job")).sort(), ["files", "job.json", "options.json", "pipeline.pb"]);
  });

  it("run a program on Flink, of a jar", async function () {
    const jar = process.env["GIRDER_FLINK_JOB_SERVER_JAR"];
    if (jar === undefined || !existsSync(jar)) {
      console.log("      GIRDER_FLINK_JOB_SERVER_JAR names no jar.");
      this.skip();
    }
    const line = command(/--flink-job-server-jar/).replace("=flink-job-server.jar", `=${jar}`);
    assert.match(await finished(line), /girder: DONE in /);
  });

  it("are of options that there are", async () => {
    const help = await finished("girder run examples/wordcount.ts --help");
    const known = new Set(Array.from(help.matchAll(/^ {2}(--[a-z-]+)/gm), ([, flag]) => flag));
    for (const line of commands.filter((each) => each.startsWith("girder run examples/"))) {
      for (const [flag] of line.matchAll(/--[a-z-]+/g)) assert.ok(known.has(flag), `${flag} of ${line}`);
    }
  });
});
