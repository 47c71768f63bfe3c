/** A job service in a process of ours, which is started again where it ends by itself. */
import { appendFileSync, closeSync, openSync, readFileSync } from "node:fs";
import { GirderError } from "girder";
import { messageOf } from "../../portability/errors.js";
import { client } from "../../portability/fn-api/grpc.js";
import { JobService } from "../../portability/gen/org/apache/beam/model/job_management/v1/beam_job_api_pb.js";
import { freePort } from "../../portability/process/free-port.js";
import { type Exit, ProcessGroup } from "../driver/process-group.js";
import type { Endpoint } from "./endpoint.js";

export interface JobServerOptions {
  readonly command: string;
  /** The command line that has it listen on this port; 0 only where `announced` tells which it took. */
  args(port: number): readonly string[];
  /** The lines of its stdout by which it says that it accepts jobs, with its address as first group. */
  readonly announced?: RegExp;
  readonly versions: Readonly<Record<string, string>>;
  /** The file that its output is added to. */
  readonly log: string;
  /** Variables beside those of this process. */
  readonly env?: Readonly<Record<string, string>>;
}

/** How long (ms) it may take to start. */
const START_TIME = 60_000;
/** How long (ms) it may take to end. */
const END_TIME = 5_000;
/** Give up where it ends this often: it would not be the fault of a single test. */
const MOST_RESTARTS = 100;

export class JobServer implements Endpoint {
  address = "";
  /** What the named groups of `announced` matched when it came up. */
  told: Readonly<Record<string, string>> = {};
  readonly restarts: number[] = [];
  private group: ProcessGroup | undefined;
  private stopping = false;

  private constructor(private readonly options: JobServerOptions) {}

  get versions(): Readonly<Record<string, string>> {
    return this.options.versions;
  }

  get pid(): number | undefined {
    return this.group?.pid;
  }

  /** @throws GirderError `io` if it does not come up; with the end of what it wrote. */
  static async start(options: JobServerOptions): Promise<JobServer> {
    const server = new JobServer(options);
    await server.startOn(options.announced === undefined ? await freePort() : 0);
    return server;
  }

  async stop(): Promise<string[]> {
    this.stopping = true;
    const begun = performance.now();
    const left = (await this.group?.stop(END_TIME)) ?? [];
    const took = performance.now() - begun;
    return [
      ...(took < END_TIME ? [] : [`It did not end within ${END_TIME / 1000} s of SIGTERM.`]),
      ...left.map((process) => `It left a process: ${process}`),
    ];
  }

  private async startOn(port: number): Promise<void> {
    const { command, args, announced, log, env = {} } = this.options;
    const out = openSync(log, "a");
    const group = ProcessGroup.start(command, args(port), {
      stdio: ["ignore", announced === undefined ? out : "pipe", out],
      env: { ...process.env, ...env },
    });
    this.group = group;
    try {
      const ended = group.exited.then((exit) => {
        throw this.notUp(`It ended with ${exit}.`);
      });
      this.address = await Promise.race([this.listening(port, group), ended]);
    } catch (thrown) {
      group.kill();
      throw thrown;
    } finally {
      closeSync(out);
    }
    group.exited.then((exit) => this.startAgain(exit, group)).catch(() => {});
  }

  /** Its address, once it answers. */
  private async listening(port: number, group: ProcessGroup): Promise<string> {
    const { announced } = this.options;
    const address = announced === undefined ? `localhost:${port}` : await this.announcement(announced, group);
    const jobs = client(JobService, address);
    try {
      await jobs.ready(START_TIME);
      return address;
    } finally {
      jobs.close();
    }
  }

  private announcement(announced: RegExp, group: ProcessGroup): Promise<string> {
    return new Promise((resolve, reject) => {
      const late = setTimeout(() => reject(this.notUp(`It did not say so in ${START_TIME / 1000} s.`)), START_TIME);
      let text = "";
      group.child.stdout?.setEncoding("utf8").on("data", (more: string) => {
        // What it prints later is of no interest, and must be read all the same.
        if (text.length < 10_000) text += more;
        const found = announced.exec(text);
        const address = found?.[1];
        if (address === undefined) return;
        this.told = found?.groups ?? {};
        clearTimeout(late);
        resolve(address);
      });
      group.child.stdout?.once("close", () => clearTimeout(late));
    });
  }

  private startAgain(exit: Exit, group: ProcessGroup): void {
    group.kill();
    if (this.stopping || this.restarts.length === MOST_RESTARTS) return;
    this.restarts.push(performance.now());
    appendFileSync(this.options.log, `The job service ended with ${exit}; it is started again.\n`);
    this.startOn(Number(this.address.slice(this.address.lastIndexOf(":") + 1))).catch((thrown: unknown) => {
      appendFileSync(this.options.log, `It does not come up: ${messageOf(thrown)}\n`);
    });
  }

  private notUp(what: string): GirderError {
    const { command, args, log } = this.options;
    const tail = readFileSync(log, "utf8").slice(-2_000).trimEnd();
    return new GirderError("io", `The job service did not come up. ${what}${tail === "" ? "" : `\n${tail}\n`}`, {
      where: [command, ...args(0)].join(" "),
      remedy: `The rest of what it wrote is in ${log}.`,
    });
  }
}
